#include "cli/frame.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/bar.h"
#include "cli/columns.h"
#include "cli/fmt.h"
#include "download/base/mem.h"
#include "download/base/scoped.h"

/* Right of the name or bar stand fields of fixed width, two blanks before each. What does not fit
 * is left out, the last of the list first; they are shown in the order of `place`. */
enum { PERCENT_WIDTH = 5, BYTES_WIDTH = 8, RATE_WIDTH = 10, TIME_WIDTH = 7, FILES_WIDTH = 13 };
enum { WHY_SLOW_WIDTH = 10 }; // "connection"
enum { TEXT_MAX = 3 * FMT_MAX, GAP = 2, LEFT_LEAST = 14, FIELDS_MAX = 6, LINE_MAX_BYTES = 4096 };

struct field {
    unsigned place;
    size_t width;
    char text[TEXT_MAX];
};

struct fields {
    struct field items[FIELDS_MAX]; // most important first
    size_t count;
};

static void add_field(struct fields *f, unsigned place, size_t width, const char *text)
{
    struct field *it = &f->items[f->count++];
    it->place = place;
    it->width = width;
    snprintf(it->text, sizeof(it->text), "%s", text);
}

/* Leaves out what does not fit beside LEFT_LEAST columns; returns the columns that are left. */
static size_t keep_what_fits(struct fields *f, size_t width)
{
    size_t right = 0;
    size_t kept = 0;
    while (kept < f->count && right + GAP + f->items[kept].width + LEFT_LEAST <= width)
        right += GAP + f->items[kept++].width;
    f->count = kept;
    return width - right;
}

static void add_right(struct buf *b, const struct field *f)
{
    size_t columns = columns_of(f->text);
    buf_adds(b, "  ");
    for (size_t i = columns; i < f->width; i++)
        buf_addc(b, ' ');
    buf_adds(b, f->text);
}

static void add_fields(struct buf *b, const struct fields *f)
{
    for (unsigned place = 0; place < FIELDS_MAX; place++) {
        for (size_t i = 0; i < f->count; i++) {
            if (f->items[i].place == place) add_right(b, &f->items[i]);
        }
    }
}

static void add_line(struct frame *f, enum line_style style, struct buf *take_text)
{
    f->lines[f->count++] = (struct frame_line){style, buf_take(take_text)};
}

static uint64_t left_of(uint64_t done, uint64_t total)
{
    if (total == NUMBER_UNKNOWN) return NUMBER_UNKNOWN;
    return total > done ? total - done : 0;
}

/* ---- a file ---- */

static const char *file_state(const struct view_file *f, uint64_t now_ms, char ret[FMT_MAX])
{
    switch (f->status) {
    case FILE_VERIFYING: return "verifying";
    case FILE_PAUSED: return "paused";
    case FILE_FAILED: return "failed";
    case FILE_NOT_STARTED:
    case FILE_IN_PROGRESS:
    case FILE_COMPLETE: break;
    }
    return fmt_rate(meter_rate(&f->meter, now_ms), ret);
}

static void draw_file(const struct view_file *f, const struct frame_size *size, uint64_t now_ms,
                      struct frame *ret)
{
    char text[FMT_MAX];
    struct fields fields = {0};
    add_field(&fields, 0, PERCENT_WIDTH, fmt_percent(f->downloaded, f->total, text));
    add_field(&fields, 2, RATE_WIDTH, file_state(f, now_ms, text));
    uint64_t eta_s = meter_eta_s(&f->meter, now_ms, left_of(f->downloaded, f->total));
    add_field(&fields, 3, TIME_WIDTH, fmt_duration(eta_s, text));
    add_field(&fields, 1, BYTES_WIDTH, fmt_bytes(f->total, text));
    struct buf b;
    buf_init(&b, LINE_MAX_BYTES);
    columns_fit(&b, f->name, keep_what_fits(&fields, size->width));
    add_fields(&b, &fields);
    add_line(ret, LINE_ACTIVE, &b);
}

/* ---- the total ---- */

static const char *files_text(const struct view *v, char ret[TEXT_MAX])
{
    snprintf(ret, TEXT_MAX, "%" PRIu64 "/%" PRIu64 " files", v->files_done, v->files_total);
    return ret;
}

/* Nothing that is waited for is worth less: that has a line of its own. */
static bool tells_why_slow(const struct view *v)
{
    return v->why_slow[0] && !v->waiting_for[0] && v->status == FILE_IN_PROGRESS;
}

static void draw_total(const struct view *v, const struct frame_size *size, uint64_t now_ms,
                       struct frame *ret)
{
    char text[TEXT_MAX];
    struct fields fields = {0};
    add_field(&fields, 0, PERCENT_WIDTH, fmt_percent(v->bytes_done, v->bytes_total, text));
    add_field(&fields, 2, RATE_WIDTH, fmt_rate(meter_rate(&v->meter, now_ms), text));
    uint64_t eta_s = meter_eta_s(&v->meter, now_ms, left_of(v->bytes_done, v->bytes_total));
    add_field(&fields, 3, TIME_WIDTH, fmt_duration(eta_s, text));
    add_field(&fields, 1, BYTES_WIDTH, fmt_bytes(v->bytes_total, text));
    files_text(v, text);
    size_t files_width = columns_of(text);
    add_field(&fields, 4, files_width > FILES_WIDTH ? files_width : FILES_WIDTH, text);
    if (tells_why_slow(v)) add_field(&fields, 5, WHY_SLOW_WIDTH, v->why_slow);
    struct buf b;
    buf_init(&b, LINE_MAX_BYTES);
    bar_add(&b, v->bytes_done, v->bytes_total, keep_what_fits(&fields, size->width), size->unicode);
    add_fields(&b, &fields);
    add_line(ret, LINE_TOTAL, &b);
}

static void draw_text(enum line_style style, const char *text, const struct frame_size *size,
                      struct frame *ret)
{
    struct buf b;
    buf_init(&b, LINE_MAX_BYTES);
    columns_cut(&b, text, size->width);
    add_line(ret, style, &b);
}

static void draw_files(const struct view *v, const struct frame_size *size, uint64_t now_ms,
                       struct frame *ret)
{
    size_t room = size->height < FRAME_LINES_MAX ? size->height : FRAME_LINES_MAX;
    room = room > 3 ? room - 3 : 0; // total, waiting, "more"
    size_t shown = v->file_count < room ? v->file_count : room;
    for (size_t i = 0; i < shown; i++)
        draw_file(&v->files[i], size, now_ms, ret);
    if (shown == v->file_count || room == 0) return;
    char text[FMT_MAX + 16];
    snprintf(text, sizeof(text), "and %zu more", v->file_count - shown);
    draw_text(LINE_ACTIVE, text, size, ret);
}

void frame_draw(const struct view *v, const struct frame_size *size, uint64_t now_ms,
                struct frame *ret)
{
    *ret = (struct frame){0};
    if (size->width == 0 || size->height == 0) return;
    if (v->planned) {
        draw_files(v, size, now_ms, ret);
        draw_total(v, size, now_ms, ret);
    } else if (v->source) {
        SCOPED(mem_freep) char *text = mem_printf("looking up %s", v->source);
        draw_text(LINE_TOTAL, text, size, ret);
    }
    if (v->waiting_for[0] && size->height > ret->count) {
        SCOPED(mem_freep) char *text = mem_printf("waiting: %s", v->waiting_for);
        draw_text(LINE_WARNING, text, size, ret);
    }
}

void frame_done(struct frame *f)
{
    for (size_t i = 0; i < f->count; i++)
        mem_free(f->lines[i].text);
    f->count = 0;
}

void frame_total_text(const struct view *v, uint64_t now_ms, struct buf *ret)
{
    char done[FMT_MAX];
    char total[FMT_MAX];
    char text[TEXT_MAX];
    fmt_percent(v->bytes_done, v->bytes_total, text);
    if (text[0]) buf_addf(ret, "%s, ", text);
    buf_addf(ret, "%s of %s, ", fmt_bytes(v->bytes_done, done), fmt_bytes(v->bytes_total, total));
    buf_addf(ret, "%s, ", fmt_rate(meter_rate(&v->meter, now_ms), text));
    uint64_t eta_s = meter_eta_s(&v->meter, now_ms, left_of(v->bytes_done, v->bytes_total));
    if (eta_s != NUMBER_UNKNOWN) buf_addf(ret, "%s left, ", fmt_duration(eta_s, text));
    buf_adds(ret, files_text(v, text));
    if (v->waiting_for[0]) buf_addf(ret, ", waiting: %s", v->waiting_for);
    if (tells_why_slow(v)) buf_addf(ret, ", limited by: %s", v->why_slow);
}
