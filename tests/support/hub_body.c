/* The bytes of an answer, with what the rules do to them: stall, cut, reset, flipped byte, pace. */
#include <poll.h>
#include <string.h>

#include "tests/support/hub_server.h"
#include "tests/support/loopback.h"

enum { COLLAPSED_RATE = 64 * 1024 };

bool hub_wait_ms(const struct hub *h, int fd, uint64_t ms)
{
    return loopback_wait_ms(fd, POLLRDHUP, h->stop_fd, ms) == 0;
}

/* Bytes per second this body may have now; 0 = any. */
static uint64_t rate_now(const struct hub_body *b)
{
    const struct hub_options *o = &b->hub->opt;
    uint64_t rate = o->conn_rate;
    uint64_t own = b->reply->fault.rate;
    if (own && (!rate || own < rate)) rate = own;
    if (o->collapse_above && atomic_load(&b->hub->bodies) > o->collapse_above) {
        uint64_t low = o->collapse_rate ? o->collapse_rate : COLLAPSED_RATE;
        if (!rate || low < rate) rate = low;
    }
    return rate;
}

/* Waits for what was sent before, then says how much may go now. */
static bool pace(struct hub_body *b, size_t *n)
{
    uint64_t drip = b->reply->fault.drip;
    if (drip && *n > drip) *n = (size_t)drip;
    uint64_t wait_ns = hub_pace_wait_ns(&b->pace, clock_now_ns());
    uint64_t wait_ms = (wait_ns + MILLI_NS - 1) / MILLI_NS;
    if (wait_ms && !hub_wait_ms(b->hub, b->fd, wait_ms)) return false;
    *n = hub_pace_send(&b->pace, rate_now(b), *n, clock_now_ns());
    return true;
}

/* Shortens `n` so that it ends at `limit`; true when `pos` is there already. */
static bool at_limit(uint64_t limit, uint64_t pos, size_t *n)
{
    if (pos >= limit) return true;
    if (limit - pos < *n) *n = (size_t)(limit - pos);
    return false;
}

static bool load(const struct hub_reply *r, uint64_t pos, char *buf, size_t n)
{
    if (!r->file) {
        memcpy(buf, r->text.data + pos, n);
        return true;
    }
    uint64_t at = r->from + pos;
    if (!content_read(&r->file->content, at, buf, n)) return false;
    uint64_t flip = r->fault.flip_at;
    if (flip != HUB_NEVER && flip >= at && flip < at + n) buf[flip - at] = (char)~buf[flip - at];
    return true;
}

long hub_body_read(struct hub_body *b, uint64_t pos, char *buf, size_t max)
{
    const struct hub_fault *f = &b->reply->fault;
    uint64_t left = hub_reply_length(b->reply) - pos;
    size_t n = left < max ? (size_t)left : max;
    if (!b->counted) {
        atomic_fetch_add(&b->hub->bodies, 1);
        b->counted = true;
    }
    if (at_limit(f->stall_at, pos, &n)) {
        (void)hub_wait_ms(b->hub, b->fd, UINT64_MAX);
        return HUB_BODY_ERROR;
    }
    if (at_limit(f->close_at, pos, &n)) return HUB_BODY_ERROR;
    if (at_limit(f->reset_at, pos, &n)) {
        loopback_reset(b->fd);
        return HUB_BODY_ERROR;
    }
    if (n == 0) return HUB_BODY_END; // closes when a longer body was announced
    if (!pace(b, &n) || !load(b->reply, pos, buf, n)) return HUB_BODY_ERROR;
    hub_log_add_bytes(b->hub->log, b->log_id, n);
    return (long)n;
}

void hub_body_done(struct hub_body *b)
{
    if (b->counted) atomic_fetch_sub(&b->hub->bodies, 1);
    b->counted = false;
}
