#include "download/base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#undef fail // as the analyser sees them
#undef fail_errno

static const struct {
    const char *word;
    int exit_code;
} ROWS[] = {[OK] = {"ok", 0},
#define ERR_ROW(name, word, code) [name] = {word, code},
            ERR_LIST(ERR_ROW)
#undef ERR_ROW
};

enum { ROW_COUNT = sizeof(ROWS) / sizeof(ROWS[0]) };

const char *err_word(enum err e)
{
    return (size_t)e < ROW_COUNT ? ROWS[e].word : ROWS[ERR_INTERNAL].word;
}

int err_exit_code(enum err e)
{
    return (size_t)e < ROW_COUNT ? ROWS[e].exit_code : ROWS[ERR_INTERNAL].exit_code;
}

static size_t utf8_len(unsigned char lead)
{
    return lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

/* A cut sentence must not end inside a UTF-8 sequence: where its last one lacks bytes, it goes. */
static void why_trim(struct why *why)
{
    size_t n = strlen(why->text);
    if (n < WHY_MAX - 1) return;
    size_t lead = n - 1;
    while (lead > n - 4 && ((unsigned char)why->text[lead] & 0xC0) == 0x80)
        lead--;
    if (n - lead < utf8_len((unsigned char)why->text[lead])) why->text[lead] = '\0';
}

PRINTF_LIKE(2, 0) static void why_vset(struct why *why, const char *fmt, va_list args)
{
    vsnprintf(why->text, sizeof(why->text), fmt, args);
    why_trim(why);
}

enum err fail(struct why *why, enum err e, const char *fmt, ...)
{
    if (!why) return e;
    va_list args;
    va_start(args, fmt);
    why_vset(why, fmt, args);
    va_end(args);
    return e;
}

enum err fail_errno(struct why *why, const char *fmt, ...)
{
    int saved = errno;
    if (!why) return ERR_DISK;
    va_list args;
    va_start(args, fmt);
    why_vset(why, fmt, args);
    va_end(args);
    char sentence[128];
    const char *text = strerror_r(saved, sentence, sizeof(sentence));
    size_t n = strlen(why->text);
    snprintf(why->text + n, sizeof(why->text) - n, ": %s", text);
    why_trim(why);
    return ERR_DISK;
}
