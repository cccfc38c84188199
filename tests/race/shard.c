/* Real I/O shards against the embedded hub under ThreadSanitizer: bodies of random ranges, calls,
 * random cuts, questions, cancels of everything, faults that cut, stall and refuse, and a stop with
 * exchanges inside. Every exchange comes back exactly once, every cut and question is answered, and
 * what an exchange says it stored is in the file and is what the hub holds. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "download/base/clock.h"
#include "download/base/fs.h"
#include "download/base/mem.h"
#include "download/base/rng.h"
#include "download/sink/file_sink.h"
#include "download/xfer/shard.h"
#include "tests/support/hub.h"
#include "tests/support/tmpdir.h"

enum { SHARDS = 2, BODIES = 8, EXCHANGES = 400, SIZE = 3 * 1024 * 1024, CALL_MAX = 1024 * 1024 };

#define CONNECTION_RATE                                                                            \
    (20 * 1024 * 1024) // slow enough that cuts and cancels find bodies under way

static const char REPO[] = "org/name";
static const char PATH[] = "big.bin";

struct world {
    struct loop *loop;
    struct shard *shards[SHARDS];
    struct hub *hub;
    struct rng rng;
    struct net net;
    char *url; // of the bytes: an endpoint's small file needs no signature
    int fd;    // part file, all exchanges write into it
    unsigned char *want;
    uint64_t next_id;
    unsigned running, begun, ended, cuts, cut_answers, asked, answers, complete, cut_short,
        cancelled, failed;
    unsigned wrong;
};

struct body {
    struct file_sink sink;
    struct world *world;
    unsigned shard;
    uint64_t cut_at; // what the shard promised; TO_THE_END = no cut was answered
};

static struct body *bodies[EXCHANGES + 1]; // by exchange id; control thread

static void wrong(struct world *w, const char *what, const struct exchange *x)
{
    w->wrong++;
    fprintf(stderr, "%s: exchange %u, [%u, %u) reached %u: %s %s\n", what, (unsigned)x->id,
            (unsigned)x->from, (unsigned)x->to, (unsigned)x->reached,
            cause_word(x->reply.outcome.cause), x->reply.outcome.why.text);
}

static void check_body(struct world *w, const struct exchange *x, const struct body *b)
{
    static unsigned char back[SIZE];
    size_t stored = (size_t)(x->reached - x->from);
    size_t got = stored;
    bool in_range = x->reached >= x->from && x->reached <= x->to && b->sink.sink.stored == stored;
    if (!in_range) wrong(w, "out of range", x);
    if (!in_range) return;
    if (fs_read_at(w->fd, back, &got, x->from, "part", NULL) || got != stored ||
        memcmp(back, w->want + x->from, stored) != 0) {
        wrong(w, "other bytes", x);
    }
    bool complete = x->reply.outcome.cause == CAUSE_NONE;
    uint64_t end = b->cut_at < x->to ? b->cut_at : x->to;
    if (complete && x->reached != end) wrong(w, "complete, but not all there", x);
    if (b->cut_at != TO_THE_END && x->reached > b->cut_at) wrong(w, "beyond its cut", x);
    if (!b->sink.sink.slab) wrong(w, "its slab is gone", x);
}

static void count(struct world *w, enum cause cause)
{
    w->complete += cause == CAUSE_NONE;
    w->cut_short += cause == CAUSE_CUT;
    w->cancelled += cause == CAUSE_CANCELLED;
    w->failed += cause != CAUSE_NONE && cause != CAUSE_CUT && cause != CAUSE_CANCELLED;
}

static void on_end(struct post *p)
{
    struct exchange *x = container_of(p, struct exchange, post);
    struct world *w = x->owner;
    struct body *b = bodies[x->id];
    w->running--;
    w->ended++;
    if (!b) {
        wrong(w, "came back twice", x);
        return;
    }
    bodies[x->id] = NULL;
    if (x->sink) check_body(w, x, b);
    count(w, x->reply.outcome.cause);
    mem_free(b->sink.sink.slab);
    mem_free(b);
    exchange_free(x);
}

static void on_cut(struct post *p)
{
    struct shard_cut *c = container_of(p, struct shard_cut, post);
    struct world *w = c->user;
    w->cut_answers++;
    if (c->found && bodies[c->id]) bodies[c->id]->cut_at = c->end;
    if (c->found && !bodies[c->id]) w->wrong++; // the answer comes before the exchange
    mem_free(c);
}

static void on_report(struct post *p)
{
    struct shard_report *r = container_of(p, struct shard_report, post);
    struct world *w = r->user;
    for (size_t i = 0; i < r->count; i++)
        w->wrong += r->marks[i].id == 0 || r->marks[i].id > EXCHANGES || r->marks[i].reached > SIZE;
    mem_free(r);
}

static void on_sample(struct post *p)
{
    struct shard_sample *r = container_of(p, struct shard_sample, post);
    struct world *w = r->user;
    w->answers++;
    w->wrong += r->waited_ns > r->span_ns || r->full > r->sockets;
    mem_free(r);
}

static void begin(struct world *w)
{
    struct exchange *x = exchange_new(on_end, 0);
    struct body *b = mem_new(sizeof(*b));
    x->owner = w;
    x->id = ++w->next_id;
    *b = (struct body){.world = w, .cut_at = TO_THE_END};
    b->shard = (unsigned)rng_below(&w->rng, SHARDS);
    bodies[x->id] = b;
    x->request.url = mem_strdup(w->url);
    if (rng_below(&w->rng, 8) == 0) {
        x->request.body_max = CALL_MAX; // a call: its body is too large for it
        reply_done(&x->reply);
        reply_init(&x->reply, CALL_MAX);
    } else {
        x->from = rng_below(&w->rng, SIZE);
        x->to = x->from + 1 + rng_below(&w->rng, SIZE - x->from);
        x->size = SIZE;
        file_sink_init(&b->sink, w->fd, "part", x->from, NULL);
        b->sink.sink.slab = mem_try_pages(SLAB_BYTES);
        x->sink = &b->sink.sink;
    }
    w->begun++;
    w->running++;
    shard_run(w->shards[b->shard], x);
}

static void disturb(struct world *w)
{
    uint64_t recent = w->next_id < 2 * BODIES ? w->next_id : 2 * BODIES; // some have ended
    uint64_t id = w->next_id - rng_below(&w->rng, recent);
    uint64_t dice = rng_below(&w->rng, 40);
    unsigned shard = bodies[id] ? bodies[id]->shard : (unsigned)rng_below(&w->rng, SHARDS);
    if (dice < 20) {
        w->cuts++;
        shard_cut(w->shards[shard], id, rng_below(&w->rng, SIZE));
    } else if (dice == 20) {
        shard_cancel_all(w->shards[shard]);
    } else if (dice < 25) {
        w->asked++;
        shard_ask(w->shards[shard]);
    }
}

static enum err add_faults(struct hub *h, struct why *why)
{
    static const char *const SPECS[] = {
        "any * ##3-5 hang-up",      "any * ##20-24 close=100000", "any * ##40-42 reset=300000",
        "any * ##60 ignore-range",  "any * ##70 status=503",      "any * ##80-83 stall=50000",
        "any * ##100 length=70000", "any * ##110-300 drip=9000",
    };
    for (size_t i = 0; i < ARRAY_LEN(SPECS); i++) {
        struct hub_fault f;
        SCOPED(mem_freep) char *text = NULL;
        enum err e = hub_fault_parse(SPECS[i], &f, &text, why);
        if (e) return e;
        hub_add_fault(h, &f);
    }
    return OK;
}

static bool start(struct world *w, const char *dir)
{
    struct why why = {""};
    enum err e = xfer_start(&why);
    if (!e) e = hub_start(&(struct hub_options){.conn_rate = CONNECTION_RATE}, &w->hub, &why);
    if (!e) e = add_faults(w->hub, &why);
    if (!e) e = loop_new(&w->loop, &why);
    w->net = (struct net){.user_agent = "race", .connect_timeout_s = 10, .stall_timeout_s = 1};
    struct shard_opts opts = {.loop = w->loop,
                              .net = &w->net,
                              .max_bodies = BODIES,
                              .on_report = on_report,
                              .on_cut = on_cut,
                              .on_sample = on_sample,
                              .user = w};
    for (int i = 0; i < SHARDS && !e; i++)
        e = shard_start(&opts, &w->shards[i], &why);
    if (e) fprintf(stderr, "%s\n", why.text);
    if (e) return false;
    w->want = mem_new(SIZE);
    for (size_t i = 0; i < SIZE; i++)
        w->want[i] = (unsigned char)rng_next(&w->rng);
    hub_add_file(w->hub, REPO, PATH, w->want, SIZE, false);
    w->url = mem_printf("%s/api/resolve-cache/models/%s/main/%s", hub_endpoint(w->hub), REPO, PATH);
    SCOPED(fs_closep) int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    w->fd = openat(dir_fd, "part", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    return w->fd >= 0;
}

static void stop(struct world *w)
{
    for (int i = 0; i < SHARDS; i++)
        shard_stop(w->shards[i]);
    loop_drain(w->loop);
    hub_free(w->hub);
    loop_free(w->loop);
    xfer_stop();
    close(w->fd);
    mem_free(w->want);
    mem_free(w->url);
}

int main(void)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    struct world w = {.rng = {.state = 11}};
    if (!start(&w, dir)) return 1;
    while (w.begun < EXCHANGES) {
        while (w.running < SHARDS * BODIES / 2 && w.begun < EXCHANGES)
            begin(&w);
        disturb(&w);
        if (rng_below(&w.rng, 3) == 0) loop_drain(w.loop);
        if (w.running == SHARDS * BODIES / 2) loop_turn(w.loop);
    }
    stop(&w); // with up to eight inside
    printf("%u exchanges: %u complete, %u cut, %u cancelled, %u failed; %u cuts\n", w.ended,
           w.complete, w.cut_short, w.cancelled, w.failed, w.cuts);
    bool all = w.ended == EXCHANGES && w.running == 0 && w.cut_answers == w.cuts &&
               w.answers == w.asked && w.asked;
    return all && w.wrong == 0 && w.complete && w.cut_short && w.cancelled ? 0 : 1;
}
