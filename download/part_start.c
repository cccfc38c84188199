/* A part's request goes out: for the file, or once more for what another one should have brought.
 */
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include "download/base/clock.h"
#include "download/base/mem.h"
#include "download/file_twins.h"

/* The hasher goes along with the part that continues what was hashed. */
static struct hasher *lend_hasher(struct file_task *t, uint64_t from)
{
    bool fits = t->hasher && !t->job_out && hasher_bytes(t->hasher) == from;
    return fits ? TAKE(t->hasher) : NULL;
}

/* Asked to end through the registry. */
static void on_cancel(void *user)
{
    part_end(user);
}

static void begin_tasks(const struct file_task *t, struct part_task *p)
{
    struct tasks *tasks = t->fetch->spine->tasks;
    SCOPED(mem_freep) char *name = mem_printf("from %" PRIu64, p->range.from);
    p->task = task_start(
        tasks,
        &(struct task_spec){
            .name = name, .kind = TASK_PART, .parent = t->task, .cancel = on_cancel, .user = p});
    SCOPED(mem_freep) char *shard = mem_printf("shard %u", p->shard);
    p->attempt = task_start(
        tasks, &(struct task_spec){.name = shard, .kind = TASK_ATTEMPT, .parent = p->task});
}

/* With none at all the file cannot be fetched; with some the connections are fewer. */
static unsigned char *take_slab(struct file_task *t)
{
    struct fetch *f = t->fetch;
    unsigned char *slab = slabs_take(f->slabs);
    if (slab || slabs_out(f->slabs)) return slab;
    struct why why;
    enum err e = fail(&why, ERR_MEMORY, "no memory for a connection");
    file_task_fail(t, e, &why);
    file_task_wait(t, "its end", loop_now_ns(f->loop));
    return NULL;
}

static void enter_origin(struct part_task *p, const char *url)
{
    struct fetch *f = p->file->fetch;
    uint64_t now = loop_now_ns(f->loop);
    p->origin = origins_of(&f->origins, url, now);
    p->started_ns = p->last_byte_ns = p->received_ns = now;
    p->origin->running++;
    p->ticket = starts_started(&p->origin->starts, now);
    const char *address = contacts_choose(&p->origin->contacts, now);
    if (address) p->exchange->address = mem_strdup(address);
}

static struct part_task *new_part(struct file_task *t, const struct place *place,
                                  struct range range, enum priority rank)
{
    struct part_task *p = mem_new(sizeof(*p));
    p->file = t;
    p->range = range;
    p->counted = range.from;
    p->journaled = range.from;
    p->rank = rank;
    p->decisions = t->decisions;
    p->paced = place->resolve.send_token;
    return p;
}

static void ask(struct part_task *p, const struct place *place)
{
    const struct file_task *t = p->file;
    struct exchange *x = exchange_new(part_on_exchange, 0);
    x->owner = p;
    x->id = ++t->fetch->next_id;
    x->request.url = mem_strdup(place->resolve.url);
    x->request.send_token = place->resolve.send_token;
    x->sink = &p->sink.sink;
    x->from = p->range.from;
    x->to = p->range.to;
    x->size = t->size;
    _Static_assert((int)PRIORITY_LOW < (int)PRECEDENCE_RANKS, "each class is a rank");
    x->rank = p->rank;
    if (!file_task_has_digest(t)) x->if_range = mem_strdup(place->resolve.etag);
    p->exchange = x;
    p->exchange_id = x->id;
}

static void send(struct part_task *p, const struct place *place, unsigned shard)
{
    struct file_task *t = p->file;
    struct fetch *f = t->fetch;
    p->shard = shard;
    ask(p, place);
    file_places_started(t, place, p);
    begin_tasks(t, p);
    list_add_tail(&t->parts, &p->node);
    t->last_shard = shard;
    f->load[shard]++;
    f->running++;
    enter_origin(p, place->resolve.url);
    if (p->paced) pace_started(&f->calls->pace, PACE_RESOLVE, loop_now_ns(f->loop));
    shard_run(f->shards[shard], p->exchange);
}

bool part_start(struct file_task *t, struct range range, enum priority rank, unsigned shard)
{
    struct place *place = file_places_choose(t);
    unsigned char *slab = place ? take_slab(t) : NULL;
    if (!slab) return false;
    struct part_task *p = new_part(t, place, range, rank);
    struct hasher *hasher = lend_hasher(t, range.from);
    p->hashing = hasher != NULL;
    file_sink_init(&p->sink, t->part_fd, t->file->entry->path, range.from, hasher);
    p->sink.sink.slab = slab;
    ranges_add(&t->claimed, range.from, range.to);
    send(p, place, shard);
    return true;
}

/* Another place than the one that is slow, if one is well. */
static struct place *place_for_second(const struct part_task *first)
{
    const struct file_task *t = first->file;
    struct place *best = file_places_other(t, first->place);
    if (!best) best = file_places_choose(t);
    return best;
}

/* Its origin has room for another request, now. */
static bool has_room(struct fetch *f, const struct place *place)
{
    uint64_t now_ns = loop_now_ns(f->loop);
    struct origin *o = origins_of(&f->origins, place->resolve.url, now_ns);
    if (o->running >= burden_connections(&f->burden, origin_wanted(o))) return false;
    if (origin_wait_ns(o, now_ns)) return false;
    return !place->resolve.send_token || !pace_wait_ns(&f->calls->pace, PACE_RESOLVE, now_ns);
}

bool twin_start(struct part_task *first)
{
    struct file_task *t = first->file;
    struct fetch *f = t->fetch;
    bool free_to = !t->twin && !t->err && !t->restart && !first->cuts && !t->whole;
    struct place *place = free_to ? place_for_second(first) : NULL;
    if (!place || !has_room(f, place)) return false;
    int fd = memfd_create("twin", MFD_CLOEXEC);
    if (fd < 0) return false; // it goes on as it is
    unsigned char *slab = slabs_take(f->slabs);
    if (!slab) {
        fs_closep(&fd);
        return false;
    }
    struct range rest = {first->counted, first->range.to};
    struct part_task *p = new_part(t, place, rest, PRIORITY_LOW);
    file_sink_init(&p->sink, fd, t->file->entry->path, rest.from, NULL);
    p->sink.sink.slab = slab;
    t->twin = mem_new(sizeof(*t->twin));
    *t->twin =
        (struct twin){.first = first, .second = p, .fd = fd, .range = rest, .reached = rest.from};
    send(p, place, (first->shard + 1) % f->shard_count);
    t->twin->place = p->place;
    t->twin->origin = p->origin;
    return true;
}
