#include "download/probe.h"

#include <string.h>

#include "download/base/mem.h"

struct probes {
    struct engine *engine;
    struct source *source;
    size_t left; // under way
    bool all_begun;
    struct id task;
    enum err err; // first failure
    struct why why;
};

struct probe {
    struct call call;
    struct probes *all;
    struct listing_entry *entry;
    struct resolve resolve;
};

static void send(struct probe *p);

static void end_all(struct probes *all)
{
    task_end(all->engine->spine->tasks, all->task, all->err, &all->why);
}

static void end(struct probe *p, enum err e, const struct why *why)
{
    struct probes *all = p->all;
    if (!e && p->entry->size == SIZE_NOT_KNOWN) p->entry->size = p->resolve.size;
    if (!e && !p->entry->etag) p->entry->etag = mem_strdup(p->resolve.etag);
    if (e && !all->err) {
        all->err = e;
        all->why = *why;
        calls_stop(&all->engine->calls); // the others come back at once
    }
    if (--all->left == 0 && all->all_begun) end_all(all);
}

static void on_reply(struct call *c)
{
    struct probe *p = container_of(c, struct probe, call);
    struct why why = {""};
    enum resolve_step step = RESOLVE_READY;
    enum err e = c->err;
    if (e) {
        e = call_explain(c, p->all->source, p->entry->path, &why);
    } else {
        e = resolve_reply(p->all->source, p->entry, &p->resolve, &c->exchange->reply, &step, &why);
    }
    if (!e && step == RESOLVE_AGAIN) {
        send(p);
    } else {
        end(p, e, &why);
    }
}

static void send(struct probe *p)
{
    call_done(&p->call);
    call_init(&p->call, PACE_RESOLVE, on_reply);
    p->call.parent = p->all->task;
    resolve_request(&p->resolve, &p->call.request);
    calls_send(&p->all->engine->calls, &p->call);
}

static void start(struct probes *all, struct probe *p, struct listing_entry *entry)
{
    *p = (struct probe){.all = all, .entry = entry};
    call_init(&p->call, PACE_RESOLVE, on_reply);
    struct why why;
    enum err e = all->err ? all->err : resolve_start(all->source, entry, 0, &p->resolve, &why);
    all->left++;
    if (e || !p->resolve.needs_request) {
        end(p, e, &why);
    } else {
        send(p);
    }
}

static enum err wait_for_all(struct probes *all, struct why *why)
{
    const struct spine *spine = all->engine->spine;
    all->all_begun = true;
    if (all->left == 0) end_all(all);
    enum err e = task_await(spine->tasks, all->task, why);
    return control_stopping(spine->control) ? fail(why, ERR_CANCELLED, "stopped") : e;
}

static void release(struct probe *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        call_done(&items[i].call);
        resolve_done(&items[i].resolve);
    }
    mem_free(items);
}

static enum err probe(struct engine *engine, struct source *source, struct listing_entry **entries,
                      size_t count, struct why *why)
{
    enum err e = engine_start_calls(engine, why);
    if (e) return e;
    struct probes all = {.engine = engine, .source = source};
    all.task = task_start(engine->spine->tasks, &(struct task_spec){.name = "sizes and access",
                                                                    .kind = TASK_CALL,
                                                                    .parent = engine->spine->run});
    struct probe *items = mem_array(count + 1, sizeof(*items));
    for (size_t i = 0; i < count; i++)
        start(&all, &items[i], entries[i]);
    e = wait_for_all(&all, why);
    release(items, count);
    return e;
}

enum err probe_sizes(const struct settings *settings, struct engine *engine, struct source *source,
                     struct plan *plan, struct why *why)
{
    SCOPED(mem_freep) struct listing_entry **unknown = mem_array(plan->count + 1, sizeof(*unknown));
    size_t count = 0;
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->files[i].entry->size == SIZE_NOT_KNOWN) unknown[count++] = plan->files[i].entry;
    }
    if (!count) return OK;
    if (settings->offline) {
        return fail(why, ERR_NOT_CACHED,
                    "the size of '%s' is not known, and --offline forbids to ask",
                    unknown[0]->path);
    }
    return probe(engine, source, unknown, count, why);
}

enum err probe_access(struct engine *engine, struct source *source, struct listing_entry *entry,
                      struct why *why)
{
    return probe(engine, source, &entry, 1, why);
}
