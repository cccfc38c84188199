/* file_places.h - the places that may have one file (source.h): which of them know where its bytes
 * are, are being asked, or are out of the question, and which one its next request goes to.
 * How well an origin does is the run's knowledge (sched/mirrors.h), what a place has is the file's.
 * Control thread.
 *
 *   UNASKED ──ask──▶ ASKING ──answer──▶ READY ──refused for good, another file──▶ GONE
 *      ▲                │ not well         │ URL expired: ask
 *      └────────────────┘◀─────────────────┘
 *
 * A file has one place, its source's own, unless mirrors are known and the source gives a digest.
 * The own place is asked first while it is well; mirrors are asked besides when the file is large
 * enough to come from several, or when the own place is not well. */
#ifndef SHARDFETCH_DOWNLOAD_FILE_PLACES_H
#define SHARDFETCH_DOWNLOAD_FILE_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "download/calls.h"
#include "download/plan/ranges.h"
#include "download/source/source.h"

struct file_task;
struct part_task;

enum place_state { PLACE_UNASKED, PLACE_ASKING, PLACE_READY, PLACE_GONE };

struct place {
    struct file_task *file;
    unsigned origin; // in fetch.mirrors
    enum place_state state;
    bool suspect; // its bytes may have been wrong: gets no more requests of this file
    struct resolve resolve;
    struct call call;
    struct id resolving; // the task of all calls that it takes
    uint64_t asked_ns;
    unsigned asked;       // how often
    unsigned refreshes;   // of these, for an expired URL since it last brought a byte
    struct ranges served; // in their place, from here, in this run
    uint64_t bytes;       // that arrived from here
};

void file_places_init(struct file_task *t);
void file_places_done(struct file_task *t);
/* Asks the best place that is left; the file is RESOLVED once any has answered. */
void file_places_resolve(struct file_task *t);
/* Asks this one (anew); nothing happens while it is being asked. */
void file_places_ask(struct file_task *t, size_t place);
/* Asks further places where that is worth it. */
void file_places_look(struct file_task *t);
/* Those being asked come back soon. */
void file_places_call_back(struct file_task *t);
/* The only place is being asked. */
bool file_places_unsettled(const struct file_task *t);

/* Where the next request goes; NULL: nowhere yet. */
struct place *file_places_choose(const struct file_task *t);
/* The next best to this one, that is well; NULL: there is none. */
struct place *file_places_other(const struct file_task *t, size_t but);
/* Until that may begin: a bucket is empty, or the origin told us to wait. */
uint64_t file_places_wait_ns(const struct file_task *t, uint64_t now_ns);

/* A part's request goes out, has come back. */
void file_places_started(struct file_task *t, const struct place *place, struct part_task *p);
void file_places_ended(struct file_task *t, const struct part_task *p);
/* Other places bring many times as much as this part gets. */
bool file_places_crawls(const struct file_task *t, const struct part_task *p);
/* What became of a part is a matter between places, and done with; else retry.c decides. */
bool file_places_move(struct file_task *t, const struct part_task *p, const struct outcome *o);
/* The name of the origin that sent most of it, and of how many it came; NULL: of none. */
const char *file_places_told(const struct file_task *t, uint64_t *ret_count);
/* Nothing of what arrived counts any more. */
void file_places_forget(struct file_task *t);

/* file_blame.c. Where a file's bytes are compared with those that came before. */
enum { PRINT_BLOCK_BYTES = 64 * 1024 }; // as exact as anybody needs; 4 bytes are kept for each
struct prints {
    uint32_t *items; // [0..count): CRC-32C of one block each
    size_t count;
};
enum inquest {
    INQUEST_NONE,
    INQUEST_BEFORE, // prints of the suspected bytes are taken
    INQUEST_AGAIN,  // they are fetched again
    INQUEST_AFTER, // all is well now: prints are taken once more, to tell where they had been wrong
};
/* Goes on with what it is at; true: it is not finished, the file is not to be checked yet. */
bool file_blame_step(struct file_task *t);
/* Nobody is suspected (any more). */
void file_blame_forget(struct file_task *t);
void file_blame_done(struct file_task *t);

/* All bytes are in their place, and they are not the file. */
enum blame {
    BLAME_NOBODY, // there is one place only, or the bytes are of an earlier run: as without mirrors
    BLAME_AGAIN,  // what the least trusted place sent is missing again
    BLAME_ALL,    // the whole file from each place alone was wrong
};
enum blame file_blame(struct file_task *t);
/* All is well now: the place whose bytes were fetched again last had been wrong. True: it is to be
 * found out where, and that takes a while (file_blame_step). */
bool file_blame_settle(struct file_task *t);

#endif
