#include "download/sched/hosts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "download/base/clock.h"
#include "download/base/str.h"

static const char FIRST_LINE[] = "shardfetch hosts 1";

#define DAY_S   UINT64_C(86400)
#define SLACK_S UINT64_C(60) // clocks are set
enum { FIELDS = 5 };

/* ---- one line ---- */

/* "https://" or "http://", then what url_host_text writes. */
static bool is_origin(const char *text)
{
    static const char HOST[] = "abcdefghijklmnopqrstuvwxyz0123456789._-:[]";
    const char *host = NULL;
    if (str_starts(text, "https://")) host = text + strlen("https://");
    if (str_starts(text, "http://")) host = text + strlen("http://");
    return host && *host && strspn(host, HOST) == strlen(host) && strlen(text) < HOST_ORIGIN_MAX;
}

static bool number(const char *text, uint64_t most, unsigned *ret)
{
    uint64_t n = 0;
    if (!str_u64(text, most, &n)) return false;
    *ret = (unsigned)n;
    return true;
}

static bool counts(const struct host *h, uint64_t now_s)
{
    bool seen = h->seen_s <= now_s + SLACK_S && now_s < h->seen_s + DAY_S;
    return seen && h->connections && h->until_s <= h->seen_s + DAY_S;
}

/* `line` is cut up. */
static bool parse_line(char *line, uint64_t now_s, struct host *ret)
{
    char *fields[FIELDS] = {NULL};
    for (size_t i = 0; i < FIELDS; i++)
        fields[i] = strsep(&line, " ");
    if (line || !fields[FIELDS - 1] || !is_origin(fields[0])) return false;
    *ret = (struct host){0};
    snprintf(ret->origin, sizeof(ret->origin), "%s", fields[0]);
    return number(fields[1], RAMP_MOST, &ret->connections) &&
           number(fields[2], RAMP_MOST, &ret->ceiling) &&
           str_u64(fields[3], INT64_MAX, &ret->until_s) &&
           str_u64(fields[4], INT64_MAX, &ret->seen_s) && counts(ret, now_s);
}

/* ---- all of them ---- */

/* The next line of the text, in `ret` without its end; false: there is none. What is too long for
 * any line of ours is cut, and then is none. */
static bool next_line(const char **at, const char *end, char *ret, size_t size)
{
    if (*at >= end) return false;
    const char *stop = memchr(*at, '\n', (size_t)(end - *at));
    size_t len = (size_t)((stop ? stop : end) - *at);
    bool whole = stop && len < size && !memchr(*at, '\0', len);
    if (whole) memcpy(ret, *at, len);
    ret[whole ? len : 0] = '\0';
    *at = stop ? stop + 1 : end;
    return true;
}

void hosts_parse(const char *text, size_t len, uint64_t now_s, struct hosts *ret)
{
    char line[HOST_ORIGIN_MAX + 64]; // four numbers
    ret->count = 0;
    if (!len) return;
    const char *at = text;
    const char *end = text + len;
    if (!next_line(&at, end, line, sizeof(line)) || !str_eq(line, FIRST_LINE)) return;
    while (next_line(&at, end, line, sizeof(line))) {
        struct host h;
        if (parse_line(line, now_s, &h)) hosts_put(ret, &h);
    }
}

void hosts_print(const struct hosts *h, struct buf *ret)
{
    buf_addf(ret, "%s\n", FIRST_LINE);
    for (size_t i = 0; i < h->count; i++) {
        const struct host *one = &h->items[i];
        buf_addf(ret, "%s %u %u %" PRIu64 " %" PRIu64 "\n", one->origin, one->connections,
                 one->ceiling, one->until_s, one->seen_s);
    }
}

static const struct host *find(const struct hosts *h, const char *origin)
{
    for (size_t i = 0; i < h->count; i++) {
        if (str_eq(h->items[i].origin, origin)) return &h->items[i];
    }
    return NULL;
}

static size_t longest_unseen(const struct hosts *h)
{
    size_t oldest = 0;
    for (size_t i = 1; i < h->count; i++) {
        if (h->items[i].seen_s < h->items[oldest].seen_s) oldest = i;
    }
    return oldest;
}

void hosts_put(struct hosts *h, const struct host *host)
{
    const struct host *known = find(h, host->origin);
    size_t at = h->count;
    if (known) {
        at = (size_t)(known - h->items);
    } else if (h->count == HOSTS_MAX) {
        at = longest_unseen(h);
    } else {
        h->count++;
    }
    h->items[at] = *host;
}

bool hosts_recall(const struct hosts *h, const char *origin, uint64_t now_s,
                  struct ramp_memory *ret)
{
    const struct host *one = find(h, origin);
    if (!one || !counts(one, now_s)) return false;
    *ret = (struct ramp_memory){.connections = one->connections};
    if (one->ceiling && now_s < one->until_s) {
        ret->ceiling = one->ceiling;
        ret->ceiling_left_ns = (one->until_s - now_s) * SECOND_NS;
    }
    return true;
}

bool hosts_learned(const char *origin, const struct ramp_memory *m, uint64_t now_s,
                   struct host *ret)
{
    if (!m->connections || m->connections > RAMP_MOST || !is_origin(origin)) return false;
    *ret = (struct host){.connections = m->connections, .seen_s = now_s};
    snprintf(ret->origin, sizeof(ret->origin), "%s", origin);
    if (m->ceiling && m->ceiling <= RAMP_MOST) {
        uint64_t left_s = m->ceiling_left_ns / SECOND_NS;
        ret->ceiling = m->ceiling;
        ret->until_s = now_s + (left_s < DAY_S ? left_s : DAY_S);
    }
    return true;
}
