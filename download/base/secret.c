#include "download/base/secret.h"

#include <string.h>

#include "download/base/mem.h"
#include "download/base/str.h"

struct secret {
    char *text;
};

static bool header_safe(const char *s)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c < 0x21 || c >= 0x7f) return false;
    }
    return true;
}

struct secret *secret_new(const char *text)
{
    if (str_empty(text) || !header_safe(text)) return NULL;
    struct secret *s = mem_new(sizeof(*s));
    s->text = mem_strdup(text);
    return s;
}

void secret_free(struct secret *s)
{
    if (!s) return;
    explicit_bzero(s->text, strlen(s->text));
    mem_free(s->text);
    mem_free(s);
}

const char *secret_reveal(const struct secret *s)
{
    return s->text;
}
