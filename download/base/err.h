/* err.h - what can go wrong, by name: the enum, the word users see, the exit code they rely on.
 * One row per failure; a new failure is a new row. Fallible functions return `enum err`, put the
 * sentence into `struct why *` (last parameter, may be NULL) and leave `ret_…` untouched. */
#ifndef SHARDFETCH_BASE_ERR_H
#define SHARDFETCH_BASE_ERR_H

#include <stdarg.h>
#include <stdbool.h>

#define NODISCARD              __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/* name, word in `result` and on the last line of stderr, exit code */
#define ERR_LIST(X)                                                                                \
    X(ERR_INTERNAL, "internal", 1)                                                                 \
    X(ERR_USAGE, "usage", 2)                                                                       \
    X(ERR_NOT_FOUND, "not-found", 3)                                                               \
    X(ERR_NOT_CACHED, "not-cached", 3)                                                             \
    X(ERR_AUTH, "auth", 4)                                                                         \
    X(ERR_INTEGRITY, "integrity", 5)                                                               \
    X(ERR_DISK, "disk", 6)                                                                         \
    X(ERR_RATE_LIMITED, "rate-limited", 7)                                                         \
    X(ERR_NETWORK, "network", 8)                                                                   \
    X(ERR_PARTIAL, "partial", 10)                                                                  \
    X(ERR_REFUSED, "refused", 11)                                                                  \
    X(ERR_BUSY, "busy", 12)                                                                        \
    X(ERR_MEMORY, "memory", 13)                                                                    \
    X(ERR_CANCELLED, "cancelled", 130)

enum err {
    OK = 0,
#define ERR_ENUM(name, word, code) name,
    ERR_LIST(ERR_ENUM)
#undef ERR_ENUM
};

enum { WHY_MAX = 1024 };

/* One sentence: lower case, no full stop, subject in quotes, never a secret. */
struct why {
    char text[WHY_MAX];
};

/* "ok" for OK. Static storage. */
const char *err_word(enum err e);
/* Process exit code of the contract. */
int err_exit_code(enum err e);

/* Writes the sentence (cut at WHY_MAX - 1, at a UTF-8 boundary) and returns `e`. */
enum err fail(struct why *why, enum err e, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* ERR_DISK with ": <strerror>" of the current errno appended. */
enum err fail_errno(struct why *why, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* A result ignored on purpose; the caller says why in a comment. */
static inline void err_ignore(enum err e)
{
    (void)e;
}

/* The analyser sees one file at a time; this tells it that failing is never OK. */
#ifdef __clang_analyzer__
#define fail(why, e, ...)                                                                          \
    __extension__({                                                                                \
        err_ignore(fail(why, e, __VA_ARGS__));                                                     \
        (e);                                                                                       \
    })
#define fail_errno(...)                                                                            \
    __extension__({                                                                                \
        err_ignore(fail_errno(__VA_ARGS__));                                                       \
        ERR_DISK;                                                                                  \
    })
#endif

#endif
