#include "download/plan/plan.h"

#include <stdlib.h>
#include <string.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/base/str.h"

const char *priority_word(enum priority p)
{
    static const char *const WORDS[] = {[PRIORITY_CRITICAL] = "critical",
                                        [PRIORITY_HIGH] = "high",
                                        [PRIORITY_NORMAL] = "normal",
                                        [PRIORITY_LOW] = "low"};
    return WORDS[p];
}

enum priority priority_of(const char *path)
{
    static const struct {
        const char *glob;
        enum priority priority;
    } ROWS[] = {
        {"*.safetensors", PRIORITY_NORMAL},
        {"*.gguf", PRIORITY_NORMAL},
        {"*.json", PRIORITY_CRITICAL},
        {"*.jinja", PRIORITY_CRITICAL},
        {"*.tiktoken", PRIORITY_CRITICAL},
        {"*tokenizer.model", PRIORITY_CRITICAL},
        {"*spiece.model", PRIORITY_CRITICAL},
        {"*merges.txt", PRIORITY_CRITICAL},
        {"*vocab.txt", PRIORITY_CRITICAL},
        {"*.py", PRIORITY_CRITICAL},
        {"*.md", PRIORITY_LOW},
        {"*.png", PRIORITY_LOW},
        {"*.jpg", PRIORITY_LOW},
        {"*.gitattributes", PRIORITY_LOW},
        {"*LICENSE*", PRIORITY_LOW},
    };
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        if (str_glob(ROWS[i].glob, path)) return ROWS[i].priority;
    }
    return PRIORITY_NORMAL;
}

static int by_priority(const void *a, const void *b)
{
    const struct plan_file *x = a;
    const struct plan_file *y = b;
    if (x->priority != y->priority) return x->priority < y->priority ? -1 : 1;
    if (x->id == y->id) return 0;
    return x->id < y->id ? -1 : 1;
}

void plan_init(struct plan *p, struct listing *l, const bool *wanted)
{
    *p = (struct plan){.files = mem_array(l->count + 1, sizeof(*p->files))};
    for (size_t i = 0; i < l->count; i++) {
        if (!wanted[i]) continue;
        p->files[p->count] = (struct plan_file){
            .id = i, .entry = &l->entries[i], .priority = priority_of(l->entries[i].path)};
        p->count++;
    }
    qsort(p->files, p->count, sizeof(*p->files), by_priority);
    for (size_t i = 0; i < p->count; i++)
        p->files[i].id = i;
}

void plan_done(struct plan *p)
{
    mem_free(p->files);
    *p = (struct plan){0};
}

void plan_total(struct plan *p)
{
    p->bytes_total = 0;
    p->bytes_present = 0;
    p->bytes_to_fetch = 0;
    p->bytes_reserved = 0;
    for (size_t i = 0; i < p->count; i++) {
        const struct plan_file *f = &p->files[i];
        uint64_t size = f->entry->size == SIZE_NOT_KNOWN ? 0 : f->entry->size;
        bool there = f->state >= PLAN_UNVERIFIED;
        p->bytes_total += size;
        if (there) p->bytes_present += size;
        if (!there) p->bytes_to_fetch += size;
        if (f->state == PLAN_PARTIAL) p->bytes_reserved += size;
    }
}
