/* options_expand: what Python's expanduser and expandvars do, as huggingface_hub uses them. */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/options.h"
#include "download/base/buf.h"
#include "download/base/mem.h"
#include "download/base/str.h"

enum { EXPANDED_MAX = 64 * 1024, PASSWD_MAX = 16 * 1024 };

/* The user's own home; other users' (`~name`) stay as written. */
static void add_home(struct buf *b)
{
    const char *home = getenv("HOME");
    if (!str_empty(home)) {
        buf_adds(b, home);
        return;
    }
    char text[PASSWD_MAX];
    struct passwd entry;
    struct passwd *found = NULL;
    if (getpwuid_r(getuid(), &entry, text, sizeof(text), &found) == 0 && found) {
        buf_adds(b, found->pw_dir);
    } else {
        buf_addc(b, '~');
    }
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* `at` is behind a `$`; adds the variable's value and returns where the text goes on, or NULL. */
static const char *add_variable(struct buf *b, const char *at)
{
    bool braces = *at == '{';
    const char *from = at + braces;
    const char *to = from;
    while (is_name(*to))
        to++;
    if (to == from || (braces && *to != '}')) return NULL;
    SCOPED(mem_freep) char *name = mem_strndup(from, (size_t)(to - from));
    const char *value = getenv(name);
    if (!value) return NULL;
    buf_adds(b, value);
    return to + braces;
}

char *options_expand(const char *path)
{
    struct buf b;
    buf_init(&b, EXPANDED_MAX);
    const char *at = path;
    if (*at == '~' && (at[1] == '/' || !at[1])) {
        add_home(&b);
        at++;
    }
    while (*at) {
        const char *next = *at == '$' ? add_variable(&b, at + 1) : NULL;
        if (!next) buf_addc(&b, *at++);
        if (next) at = next;
    }
    if (b.overflowed) buf_reset(&b);
    return buf_take(&b);
}
