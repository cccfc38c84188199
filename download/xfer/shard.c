#include "download/xfer/shard.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "download/base/clock.h"
#include "download/base/mem.h"
#include "download/xfer/attempt.h"
#include "download/xfer/pacing.h"

enum {
    TURN_MOST_MS = 500,     // what one turn counts as silence, at most; they come with reports
    SPARE_CONNECTIONS = 32, // kept warm beyond the running bodies: calls, and what a shrink leaves
    IDLE_MS = 60 * 1000,
    LINK_WINDOW = 512 * 1024, // so that a limit for the link's sake is felt there within moments
};

enum command_kind { COMMAND_RUN, COMMAND_CUT, COMMAND_ASK, COMMAND_CANCEL, COMMAND_STOP };

struct command {
    struct message message;
    enum command_kind kind;
    struct exchange *exchange; // RUN
    struct shard_cut *cut;     // CUT
};

struct shard {
    /* any thread */
    struct shard_opts opts;
    struct mailbox *commands;
    CURLM *multi; // curl_multi_wakeup only
    pthread_t thread;
    atomic_uint report_ms;
    /* the shard's thread */
    struct list running; // attempts
    size_t running_count;
    struct list idle; // attempts with an easy handle, not in use
    uint64_t reported_ns;
    uint64_t turned_ns; // when silence was last counted
    struct shard_work work;
    struct sockets sockets;
    bool stopping;
};

/* ---- libcurl's memory is counted, too ---- */

static void *curl_new(size_t size)
{
    return mem_lib_new(MEM_CURL, size);
}

static void *curl_resize(void *p, size_t size)
{
    return mem_lib_resize(MEM_CURL, p, size);
}

static void *curl_array(size_t count, size_t size)
{
    size_t total = 0;
    if (__builtin_mul_overflow(count, size, &total)) return NULL;
    void *p = curl_new(total);
    if (p) memset(p, 0, total);
    return p;
}

static char *curl_copy(const char *s)
{
    size_t size = strlen(s) + 1;
    char *p = curl_new(size);
    if (p) memcpy(p, s, size);
    return p;
}

enum err xfer_start(struct why *why)
{
    CURLcode rc = curl_global_init_mem(CURL_GLOBAL_DEFAULT, curl_new, mem_free, curl_resize,
                                       curl_copy, curl_array);
    if (!rc) return OK;
    return fail(why, ERR_INTERNAL, "libcurl cannot start");
}

void xfer_stop(void)
{
    curl_global_cleanup();
}

void xfer_version(char *ret, size_t size)
{
    snprintf(ret, size, "%s", curl_version_info(CURLVERSION_NOW)->version);
}

static void give_back(struct shard *s, struct attempt *a)
{
    struct exchange *x = a->exchange;
    a->exchange = NULL;
    list_remove(&a->node);
    if (a->resting) { // its connection is gone, too: nothing of the pause is carried over
        curl_easy_cleanup(a->easy);
        mem_free(a);
    } else {
        list_add_head(&s->idle, &a->node);
    }
    loop_post(s->opts.loop, &x->post);
}

static void finish(struct shard *s, struct attempt *a, CURLcode rc)
{
    curl_multi_remove_handle(s->multi, a->easy);
    attempt_finish(a, rc);
    if (a->exchange->sink) work_of_sink(&s->work, a->exchange->sink);
    s->running_count--;
    give_back(s, a);
}

/* It never ran: the outcome says why. */
static void refuse(struct shard *s, struct exchange *x, enum cause cause, const struct why *why)
{
    x->reached = x->from;
    x->reply.outcome.cause = cause;
    if (why) x->reply.outcome.why = *why;
    loop_post(s->opts.loop, &x->post);
}

static struct attempt *take_idle(struct shard *s)
{
    struct list *node = list_pop(&s->idle);
    if (node) return container_of(node, struct attempt, node);
    CURL *easy = curl_easy_init();
    if (!easy) return NULL;
    struct attempt *a = mem_new(sizeof(*a));
    a->easy = easy;
    return a;
}

static void run(struct shard *s, struct exchange *x)
{
    struct why why = {"no memory for another transfer"};
    struct attempt *a = take_idle(s);
    if (!a) {
        refuse(s, x, CAUSE_RESET, &why);
        return;
    }
    enum err e = attempt_start(a, a->easy, x, s->opts.net, s->opts.http2, &why);
    if (s->opts.on_sample) sockets_watch(&s->sockets, a->easy);
    if (!e && curl_multi_add_handle(s->multi, a->easy)) e = ERR_INTERNAL;
    if (e) {
        a->cause = CAUSE_PROTOCOL;
        a->why = why;
        attempt_finish(a, CURLE_OK);
        give_back(s, a);
        return;
    }
    list_add_tail(&s->running, &a->node);
    s->running_count++;
}

static void cut(struct shard *s, struct shard_cut *c)
{
    struct attempt *found = NULL;
    list_each (node, &s->running) {
        struct attempt *a = container_of(node, struct attempt, node);
        const struct exchange *x = a->exchange;
        if (x && x->id == c->id) found = a;
    }
    if (found) c->end = attempt_cut(found, c->end);
    c->found = found != NULL;
    loop_post(s->opts.loop, &c->post); // before the exchange itself comes back
    if (!found) return;
    found->cancelled = found->exchange->sink == NULL; // a call has no parts
    /* HTTP/1.1 cannot take a request back: its connection is closed. To read the rest out instead
     * would keep the slot for bytes that may be long in coming, which is why it was ended. */
    if (found->cancelled || attempt_cut_off(found)) finish(s, found, CURLE_OK);
}

static void finish_all(struct shard *s, bool cancelled, CURLcode rc)
{
    list_each_safe (node, &s->running) {
        struct attempt *a = container_of(node, struct attempt, node);
        a->cancelled = cancelled;
        finish(s, a, rc);
    }
}

static void answer(struct shard *s)
{
    struct shard_sample *r = sample_take(&s->work, &s->sockets, &s->running);
    r->post.deliver = s->opts.on_sample;
    r->user = s->opts.user;
    loop_post(s->opts.loop, &r->post);
}

static void obey_one(struct shard *s, struct message *take_m)
{
    struct command *c = container_of(take_m, struct command, message);
    switch (c->kind) {
    case COMMAND_RUN:
        if (s->stopping) {
            refuse(s, c->exchange, CAUSE_CANCELLED, NULL);
        } else {
            run(s, c->exchange);
        }
        break;
    case COMMAND_CUT: cut(s, c->cut); break;
    case COMMAND_ASK: answer(s); break;
    case COMMAND_STOP:
        s->stopping = true; // fall through
        __attribute__((fallthrough));
    case COMMAND_CANCEL: finish_all(s, true, CURLE_OK); break;
    }
    mem_free(c);
}

static void obey(struct shard *s)
{
    struct message *m;
    while ((m = mailbox_take(s->commands)))
        obey_one(s, m);
}

static void report(struct shard *s)
{
    uint64_t now = clock_now_ns();
    if (!s->running_count || now - s->reported_ns < s->report_ms * MILLI_NS) return;
    s->reported_ns = now;
    struct shard_report *r = mem_new(sizeof(*r) + s->running_count * sizeof(r->marks[0]));
    r->post.deliver = s->opts.on_report;
    r->user = s->opts.user;
    list_each (node, &s->running) {
        struct attempt *a = container_of(node, struct attempt, node);
        const struct exchange *x = a->exchange;
        if (!x || !x->sink) continue; // a call: it has no place in a file
        struct shard_mark *m = &r->marks[r->count++];
        *m = (struct shard_mark){.id = x->id,
                                 .reached = x->from + x->sink->stored,
                                 .received = a->received,
                                 .first_byte_ns = a->first_byte_ns,
                                 .resting = a->resting};
        snprintf(m->address, sizeof(m->address), "%s", attempt_address(a));
        attempt_door(a, &m->door);
    }
    if (r->count) {
        loop_post(s->opts.loop, &r->post);
    } else {
        mem_free(r);
    }
}

static void collect_finished(struct shard *s)
{
    CURLMsg *m;
    int left;
    while ((m = curl_multi_info_read(s->multi, &left))) {
        if (m->msg != CURLMSG_DONE) continue;
        CURLcode rc = m->data.result;
        char *private = NULL;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &private);
        finish(s, (struct attempt *)(void *)private, rc);
    }
}

/* By turns, and each counts for little: while the process was stopped, or the machine asleep, there
 * were none, and nobody could have been heard. */
static void count_silence(struct shard *s)
{
    uint64_t now = clock_now_ns();
    uint64_t dt_ns = now - s->turned_ns;
    s->turned_ns = now;
    if (dt_ns > TURN_MOST_MS * MILLI_NS) dt_ns = TURN_MOST_MS * MILLI_NS;
    list_each_safe (node, &s->running) {
        struct attempt *a = container_of(node, struct attempt, node);
        if (attempt_stalled(a, dt_ns)) finish(s, a, CURLE_OK);
    }
}

static void wait_for_more(struct shard *s)
{
    int most_ms = s->running_count ? (int)s->report_ms : IDLE_MS;
    most_ms = pacing_turn(&s->opts.net->limits, &s->running, most_ms);
    if (s->stopping) return;
    uint64_t from_ns = clock_now_ns();
    curl_multi_poll(s->multi, NULL, 0, most_ms, NULL);
    s->work.waited_ns += clock_now_ns() - from_ns;
}

static void *shard_main(void *user)
{
    struct shard *s = user;
    s->turned_ns = clock_now_ns();
    work_begin(&s->work);
    while (!s->stopping) {
        obey(s);
        int running;
        CURLMcode rc = curl_multi_perform(s->multi, &running);
        if (rc)
            finish_all(s, false, CURLE_OUT_OF_MEMORY); // all are undefined now: lost connections
        collect_finished(s);
        count_silence(s);
        report(s);
        wait_for_more(s);
    }
    obey(s);
    return NULL;
}

static void wake(void *user)
{
    struct shard *s = user;
    curl_multi_wakeup(s->multi);
}

static void shard_free(struct shard *s)
{
    struct list *node;
    while ((node = list_pop(&s->idle))) {
        struct attempt *a = container_of(node, struct attempt, node);
        curl_easy_cleanup(a->easy);
        mem_free(a);
    }
    if (s->multi) curl_multi_cleanup(s->multi);
    sockets_done(&s->sockets);
    mailbox_free(s->commands);
    mem_free(s);
}

enum err shard_start(const struct shard_opts *opts, struct shard **ret, struct why *why)
{
    struct shard *s = mem_new(sizeof(*s));
    s->opts = *opts;
    s->report_ms = SHARD_REPORT_MS;
    if (opts->net->limits.link) s->sockets.window = LINK_WINDOW;
    list_init(&s->running);
    list_init(&s->idle);
    s->commands = mailbox_new(&(struct mailbox_opts){.wake = wake, .wake_user = s});
    s->multi = curl_multi_init();
    if (!s->multi) {
        shard_free(s);
        return fail(why, ERR_MEMORY, "no memory for connections");
    }
    long mode = opts->http2 ? (long)CURLPIPE_MULTIPLEX : (long)CURLPIPE_NOTHING;
    curl_multi_setopt(s->multi, CURLMOPT_PIPELINING, mode);
    curl_multi_setopt(s->multi, CURLMOPT_MAXCONNECTS, (long)opts->max_bodies + SPARE_CONNECTIONS);
    int rc = pthread_create(&s->thread, NULL, shard_main, s);
    if (rc) {
        shard_free(s);
        return fail(why, ERR_INTERNAL, "cannot start a thread: %s", strerror(rc));
    }
    *ret = s;
    return OK;
}

static void command(struct shard *s, struct command c)
{
    struct command *copy = mem_new(sizeof(*copy));
    *copy = c;
    mailbox_put(s->commands, &copy->message, NULL);
}

void shard_run(struct shard *s, struct exchange *take_x)
{
    command(s, (struct command){.kind = COMMAND_RUN, .exchange = take_x});
}

void shard_cut(struct shard *s, uint64_t id, uint64_t end)
{
    struct shard_cut *c = mem_new(sizeof(*c));
    *c = (struct shard_cut){
        .post = {.deliver = s->opts.on_cut}, .user = s->opts.user, .id = id, .end = end};
    command(s, (struct command){.kind = COMMAND_CUT, .cut = c});
}

void shard_ask(struct shard *s)
{
    command(s, (struct command){.kind = COMMAND_ASK});
}

void shard_report_every(struct shard *s, unsigned ms)
{
    s->report_ms = ms;
}

void shard_cancel_all(struct shard *s)
{
    command(s, (struct command){.kind = COMMAND_CANCEL});
}

void shard_stop(struct shard *s)
{
    if (!s) return;
    command(s, (struct command){.kind = COMMAND_STOP});
    pthread_join(s->thread, NULL);
    shard_free(s);
}
