#include "cli/words.h"

#include "download/base/mem.h"

const char *words_add(struct words *w, const char *text)
{
    w->items = mem_resize(w->items, (w->count + 2) * sizeof(*w->items));
    char *copy = mem_strdup(text);
    w->items[w->count++] = copy;
    w->items[w->count] = NULL;
    return copy;
}

void words_reset(struct words *w)
{
    for (size_t i = 0; i < w->count; i++)
        mem_free(w->items[i]);
    mem_free(w->items);
    *w = (struct words){0};
}

void words_done(struct words *w)
{
    words_reset(w);
}

const char *const *words_list(const struct words *w)
{
    return (const char *const *)w->items;
}
