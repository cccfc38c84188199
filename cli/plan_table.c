#include "cli/plan_table.h"

#include <inttypes.h>
#include <string.h>

#include "download/base/clean.h"
#include "download/base/str.h"

enum { ROWS_MAX_BYTES = 512 * 1024 * 1024, TOTALS_MAX_BYTES = 64 * 1024 };

void plan_table_init(struct plan_table *t)
{
    buf_init(&t->rows, ROWS_MAX_BYTES);
    buf_init(&t->totals, TOTALS_MAX_BYTES);
}

void plan_table_done(struct plan_table *t)
{
    buf_done(&t->rows);
    buf_done(&t->totals);
}

static void add_bytes(struct buf *b, uint64_t bytes)
{
    if (bytes == NUMBER_UNKNOWN) {
        buf_adds(b, "unknown");
    } else {
        buf_addf(b, "%" PRIu64, bytes);
    }
}

static void add_file(struct buf *b, const struct event_plan_file *e)
{
    const char *digest = e->digest ? e->digest : "-";
    buf_addf(b, "%-8s", e->state);
    if (e->size == NUMBER_UNKNOWN) {
        buf_addf(b, "%15s", "-");
    } else {
        buf_addf(b, "%15" PRIu64, e->size);
    }
    buf_addf(b, "  %-8.*s  ", (int)strcspn(digest, ":"), digest);
    clean_add(b, e->file, strlen(e->file));
    buf_addc(b, '\n');
}

static void add_totals(struct buf *b, const struct event_plan *e)
{
    buf_addf(b, "%" PRIu64 " files, ", e->files);
    add_bytes(b, e->bytes_total);
    buf_addf(b, " bytes, %" PRIu64 " present, ", e->bytes_present);
    add_bytes(b, e->bytes_to_fetch);
    buf_adds(b, " to fetch; disk needed ");
    add_bytes(b, e->bytes_to_fetch);
    buf_adds(b, ", free ");
    add_bytes(b, e->disk_free);
    buf_adds(b, e->gated ? "; gated" : "; not gated");
    if (e->commit) buf_addf(b, "; commit %s", e->commit);
    if (!str_empty(e->dest)) {
        buf_adds(b, "; into ");
        clean_add(b, e->dest, strlen(e->dest));
    }
    buf_addc(b, '\n');
}

void plan_table_add(struct plan_table *t, const struct event *e)
{
    if (e->type == EV_PLAN_FILE) add_file(&t->rows, &e->u.plan_file);
    if (e->type == EV_PLAN) add_totals(&t->totals, &e->u.plan);
}
