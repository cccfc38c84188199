/* fetch.h - the conductor of the body phase: takes the plan's files one after the other, keeps as
 * many connections busy as it may, and ends when every file is done, failed or given back.
 *
 *   file   waiting → resolving → preparing → fetching → publishing → gone
 *                        (there already: adopting, its content is checked first)
 *   part   granted → on a shard → ended: what arrived is kept, what is missing goes back
 *
 * One thread (control). Files: fetch.c begins and ends, allot.c schedules, steer.c watches
 * connections and their number, slowness.c says what keeps it from being faster, file_task.c is one
 * file's life, part_start.c and file_parts.c its exchanges, file_twins.c those that are doubled,
 * file_check.c whether they make the file, file_jobs.c what runs on the pool, progress.c what is
 * told of it. */
#ifndef SHARDFETCH_DOWNLOAD_FETCH_H
#define SHARDFETCH_DOWNLOAD_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "download/async/pool.h"
#include "download/base/rng.h"
#include "download/burden.h"
#include "download/calls.h"
#include "download/contacts.h"
#include "download/courtesy.h"
#include "download/dest.h"
#include "download/emit.h"
#include "download/event.h"
#include "download/origins.h"
#include "download/plan/plan.h"
#include "download/sched/mirrors.h"
#include "download/sched/retry.h"
#include "download/settings.h"
#include "download/sink/slabs.h"
#include "download/source/source.h"
#include "download/spine.h"
#include "download/xfer/shard.h"

/* Tasks of files. */
#define FETCH_GROUP "files"

struct file_task;

struct fetch {
    /* facts, borrowed */
    const struct settings *settings;
    struct source *source;
    struct dest *dest;
    struct plan *plan;
    const char *commit;
    struct spine *spine;
    struct loop *loop; // the spine's
    struct pool *pool;
    struct slabs *slabs; // owned
    const struct emitter *emitter;
    struct calls *calls;
    struct shard **shards;
    unsigned shard_count;
    struct limits limits; // of the bytes per second

    /* state */
    struct retry_policy policy;
    struct rng rng;
    struct burden burden;                  // what the machine allows
    struct courtesy courtesy;              // what others on the link leave
    struct mirrors mirrors;                // every origin that files come from
    struct contacts contacts[MIRRORS_MAX]; // of the requests to each
    unsigned *load;                        // exchanges on each shard
    struct list tasks;                     // files that have begun and not ended, in plan order
    size_t task_count;
    size_t next_file;              // index into the plan
    size_t unbegun[ORDER_CLASSES]; // files of the plan from there on
    struct origins origins;
    struct timer again; // a request may start then that may not now
    unsigned running;   // body exchanges under way
    uint64_t next_id;
    bool stopping; // nothing new is started
    bool ended;    // and nothing is left
    struct timer progress_timer;
    struct timer steer_timer;
    struct slowness slowness;
    struct id task; // of all files together

    /* what came of it */
    uint64_t files_done, files_failed;
    uint64_t bytes_fetched, bytes_reused;
    uint64_t bytes_hedged;  // came a second time, or for nothing (file_twins.h)
    uint64_t bytes_present; // in their place now, of the plan's
    uint64_t rate_bytes_per_s;
    uint64_t rate_at_ns, rate_bytes; // last sample
    enum err err; // first failure, or ERR_PARTIAL for failures of different kinds
    struct why why;
};

/* The caller has filled in the facts. OK, or the error of the run. */
void fetch_init(struct fetch *f);
enum err fetch_run(struct fetch *f, struct why *why);
void fetch_done(struct fetch *f);

/* For the parts of the conductor. */
void fetch_schedule(struct fetch *f);
void fetch_stop(struct fetch *f); // running exchanges come back, partials are kept
void fetch_file_ended(struct fetch *f, struct file_task *t); // frees it

/* From the shards (shard_opts.user is the fetch). */
void fetch_on_report(struct post *p);
void fetch_on_cut(struct post *p);

/* allot.c: gives free connections to what should have them, and takes some away. */
void fetch_allot(struct fetch *f);

/* steer.c: four times a second, how many connections and which of them. */
void steer_start(struct fetch *f);
void steer_end(struct fetch *f);

/* elsewhere.c: addresses of an origin that crawl are avoided, and the requests there ended.
 * `collapsed`: all of it crawls. */
void elsewhere_look(struct fetch *f, struct origin *o, bool collapsed);

/* progress.c */
void progress_start(struct fetch *f);
void progress_emit(struct fetch *f);
void progress_end(struct fetch *f);
/* What each origin brought, at most RESULT_ORIGINS_MAX rows; how many. */
size_t progress_origins(const struct fetch *f, struct origin_row *ret);

#endif
