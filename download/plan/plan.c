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

static void sort(struct plan *p)
{
    qsort(p->files, p->count, sizeof(*p->files), by_priority);
    for (size_t i = 0; i < p->count; i++)
        p->files[i].id = i;
}

/* The level's word stands after the last "=": globs may hold one. */
static bool rule_parse(const char *rule, size_t *ret_glob_len, enum priority *ret)
{
    const char *sign = strrchr(rule, '=');
    if (!sign || sign == rule) return false;
    for (enum priority p = PRIORITY_CRITICAL; p <= PRIORITY_LOW; p++) {
        if (!str_eq(sign + 1, priority_word(p))) continue;
        *ret_glob_len = (size_t)(sign - rule);
        *ret = p;
        return true;
    }
    return false;
}

enum err priority_rules_check(const char *const *rules, struct why *why)
{
    size_t len;
    enum priority level;
    for (; rules && *rules; rules++) {
        if (rule_parse(*rules, &len, &level)) continue;
        return fail(why, ERR_USAGE,
                    "--priority: '%s' is not GLOB=LEVEL with critical, high, normal or low",
                    *rules);
    }
    return OK;
}

void plan_prioritise(struct plan *p, const char *const *rules)
{
    for (; rules && *rules; rules++) {
        size_t len = 0;
        enum priority level = PRIORITY_NORMAL;
        if (!rule_parse(*rules, &len, &level)) continue;
        SCOPED(mem_freep) char *glob = mem_strndup(*rules, len);
        for (size_t i = 0; i < p->count; i++) {
            if (str_glob(glob, p->files[i].entry->path)) p->files[i].priority = level;
        }
    }
    sort(p);
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
    sort(p);
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

unsigned plan_shard_number(const char *path)
{
    static const char OF[] = "-of-";
    enum { DIGITS = 5 }; // "-00002-of-00005."
    const char *of = strstr(path, OF);
    const char *next = NULL;
    while (of && (next = strstr(of + 1, OF)))
        of = next; // the last one: folders may have such names, too
    if (!of || of - path < DIGITS + 1 || of[-DIGITS - 1] != '-') return 0;
    char digits[DIGITS + 1];
    memcpy(digits, of - DIGITS, DIGITS);
    digits[DIGITS] = '\0';
    uint64_t number = 0;
    if (!str_u64(digits, UINT32_MAX, &number) || number == 0) return 0;
    return (unsigned)number - 1;
}
