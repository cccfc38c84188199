/* file_task.h - one file's life between the plan and its final name (states: fetch.h).
 * Control thread; pool jobs borrow what they work on until their `done` ran, and a task ends only
 * when no exchange, no job and no call of it is out. */
#ifndef SHARDFETCH_DOWNLOAD_FILE_TASK_H
#define SHARDFETCH_DOWNLOAD_FILE_TASK_H

#include "download/fetch.h"
#include "download/file_places.h"
#include "download/journal/journal.h"
#include "download/plan/ranges.h"
#include "download/sched/sched.h"
#include "download/sched/tail.h"
#include "download/sink/file_sink.h"

enum file_state {
    STATE_ADOPTING,  // content of a file that is there is being checked
    STATE_RESOLVING, // asks where its bytes are
    STATE_RESOLVED,  // knows, waits for a worker's place
    STATE_PREPARING, // part file, journal, space
    STATE_FETCHING,
    STATE_PUBLISHING,
    STATE_ENDED, // waits for what is still out
};

struct part_task {
    struct list node;
    struct id task, attempt;
    struct file_task *file;
    struct exchange *exchange;
    uint64_t exchange_id;
    struct file_sink sink;
    struct range range; // granted; `to` goes down with a cut
    uint64_t counted;   // bytes up to here are in `done` and in the run's counters
    uint64_t journaled; // … and in the journal
    unsigned shard;
    size_t place;   // index into the file's places
    unsigned asked; // how often that had been asked when it was started
    uint64_t started_ns;
    unsigned decisions; // of its file when it was started
    unsigned cuts;      // asked for and not answered
    bool stealing;      // one of them frees bytes for another connection
    bool ending;        // one of them ends it
    enum priority rank; // of its file when it was started
    struct origin *origin;
    /* as last told */
    uint64_t received, received_ns, last_byte_ns, rate_bytes_per_s;
    uint64_t slow_since_ns;            // sched/tail.h
    char address[OUTCOME_ADDRESS_MAX]; // "" = not known
    bool resting;
    struct starts_ticket ticket; // of its origin
    bool paced;                  // asks the endpoint itself, so it counts against its buckets
    bool hashing;                // the file's hasher went along
};

struct twin; // file_twins.h

struct file_job {
    struct job job;
    bool journal_doubted; // it did not fit its partial
    struct id task;
    struct file_task *file;
    enum err err;
    struct why why;
};

struct file_task {
    struct list node; // fetch.tasks
    struct id task;
    struct fetch *fetch;
    struct plan_file *file;
    enum file_state state;
    struct dest_names names;

    struct place *places; // [0..place_count): [0] the source's own, then mirrors
    size_t place_count;
    unsigned asking;             // places that are being asked
    unsigned failovers;          // to another place, since the last new byte
    struct place *suspect;       // its bytes are fetched again, to see whether they were wrong
    struct ranges suspected;     // these
    struct prints before, after; // of these, as they were and as they are
    enum inquest inquest;
    unsigned decisions; // that changed how it is fetched: a wait, another URL, a new beginning

    int part_fd;
    int journal_fd;
    struct journal journal;
    uint64_t size;         // TO_THE_END until known
    struct ranges done;    // in their place
    struct ranges claimed; // in their place or granted
    struct hasher *hasher; // NULL: lent to a part or a job, or no digest is expected
    struct list parts;
    struct twin *twin; // NULL: nothing is asked for twice
    unsigned last_shard;

    struct retry_state retry;
    struct timer timer; // a retry's wait
    struct id waiting;  // its task
    bool whole;         // its origin knows no ranges
    bool restart;       // begins anew from byte 0 once nothing is out
    bool parked;        // by a pause; takes a step when it ends

    struct file_job job; // one at a time
    bool job_out;
    uint64_t hash_to;      // of a hashing job
    struct prints *prints; // of a printing job
    struct fs_stamp stamp; // after publishing

    uint64_t start_ns, fetched, reused;
    uint64_t rate_bytes_per_s, rate_at_ns, rate_bytes;
    bool started; // file_start was told
    enum err err; // first failure
    struct why why;
};

/* Begins with what the plan says of it. */
struct file_task *file_task_new(struct fetch *f, struct plan_file *file);
void file_task_free(struct file_task *t);
/* It waits until then: for a retry, or for a bucket (`what`: static storage). */
void file_task_wait(struct file_task *t, const char *what, uint64_t at_ns);
/* Its bytes are at the endpoint and the bucket is empty: waits for it (the timer is set). */
void file_task_hold_back(struct file_task *t);
/* A worker's place is free: on to preparing. */
void file_task_prepare(struct file_task *t);
/* Something came back or is due: does what can be done next; may end the task. */
void file_task_step(struct file_task *t);
/* First failure counts; what is out is called back and then the task ends. */
void file_task_fail(struct file_task *t, enum err e, const struct why *why);
/* Ends without failure (the run stops): partials are kept. */
void file_task_abandon(struct file_task *t);
bool file_task_has_worker(const struct file_task *t);
uint64_t file_task_verified_bytes(const struct file_task *t);
/* Where its next request would go; NULL: it needs none, or none can be made now. */
struct origin *file_task_origin(const struct file_task *t);
/* Facts for the scheduler. */
void file_task_view(const struct file_task *t, struct sched_file *ret);

/* file_check.c */
bool file_task_has_digest(const struct file_task *t);
void file_task_new_hasher(struct file_task *t);
/* All bytes are in place: publishes, or begins anew, or fails. */
void file_task_check(struct file_task *t);
/* From byte 0, nothing being out: what arrived counts for nothing. */
void file_task_begin_anew(struct file_task *t);
/* What arrived can be continued by another request. */
bool file_task_can_continue(const struct file_task *t);

/* part_start.c */
/* False: there is no memory for another connection, or the file has failed for want of any. */
bool part_start(struct file_task *t, struct range range, enum priority rank, unsigned shard);
/* file_parts.c */
void part_on_exchange(struct post *p); // it has come back
/* Bytes of the file are in their place, told to the sets and counters; and to the journal. */
void part_in_place(struct file_task *t, size_t place, struct origin *o, struct range r);
void part_journal(struct file_task *t, struct range r);
void part_cut_longest(struct file_task *t, uint64_t at);
void part_on_mark(struct file_task *t, struct part_task *p, const struct shard_mark *m);
/* It comes back soon, with what it has. */
void part_end(struct part_task *p);
void part_on_cut(struct file_task *t, struct part_task *p, uint64_t end);
void parts_call_back(struct file_task *t);
void part_tell_retry(const struct file_task *t, const struct part_task *p, const struct outcome *o,
                     uint64_t wait_ns);
uint64_t part_rate(const struct part_task *p); // bytes/s; 0 = not known yet
/* Until it has all of its range, about. */
uint64_t part_left_ns(const struct part_task *p);
const struct part_task *part_longest(const struct file_task *t); // NULL: there is none

/* file_jobs.c: each runs on the pool and steps the task when it is done */
void file_job_prepare(struct file_task *t);
void file_job_open_final(struct file_task *t);
void file_job_hash(struct file_task *t, uint64_t to);
void file_job_publish(struct file_task *t);
void file_job_link(struct file_task *t);
/* What the second of a twin has goes into the part file: `twin->moved`. */
void file_job_move(struct file_task *t);
/* One print for each block of `suspected`. */
void file_job_print(struct file_task *t, struct prints *ret);

#endif
