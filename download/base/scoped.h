/* scoped.h - the cleanup attribute, given names (learned from systemd's macro.h and s2n's DEFER).
 * `SCOPED(thing_freep) struct thing *t = …` releases `t` on every exit; `*ret = TAKE(t)` moves it
 * out. Clean-up functions take the address of the variable and accept NULL in it. */
#ifndef SHARDFETCH_BASE_SCOPED_H
#define SHARDFETCH_BASE_SCOPED_H

#include <stddef.h>

/* `unused`: being released can be all a variable is for, which only gcc understands by itself. */
#define SCOPED(cleanup_fn) __attribute__((cleanup(cleanup_fn), unused))

#define TAKE(p)                                                                                    \
    __extension__({                                                                                \
        __typeof__(p) taken_ = (p);                                                                \
        (p) = NULL;                                                                                \
        taken_;                                                                                    \
    })

/* Defines `name_freep` for SCOPED from `name_free`. */
#define SCOPED_FREE(type, name)                                                                    \
    static inline void name##_freep(type **pp)                                                     \
    {                                                                                              \
        name##_free(*pp);                                                                          \
    }

#define container_of(ptr, type, member)                                                            \
    ((type *)(void *)((char *)(1 ? (ptr) : &((type *)0)->member) - offsetof(type, member)))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
