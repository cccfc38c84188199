/* scope.h - whose turn it is to be released (design.md D9): resources register their release where
 * they are acquired; releases run last-in-first-out; a scope's children close before it, the
 * youngest first, and are cancelled before it. What runs in between may add to a scope, cancel it
 * and close others, but not the one whose turn it is or one above that. One thread. */
#ifndef SHARDFETCH_ASYNC_SCOPE_H
#define SHARDFETCH_ASYNC_SCOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "download/base/idmap.h"

struct scope;
typedef void release_fn(void *what);

/* `name`: static storage, for a debugger. `parent` NULL: a root. In a cancelled scope it is born
 * cancelled. */
struct scope *scope_new(struct scope *parent, const char *name);
/* Cancels (if that was not done), closes the children, runs the releases, frees. NULL is fine. A
 * scope whose parent closes is closed by it: its pointer is then gone. */
void scope_close(struct scope *s);

/* `release(what)` runs when the scope closes, in the opposite order of the calls. */
struct id scope_add(struct scope *s, release_fn *release, void *what);
/* Released now, out of order, and not again; false: it was already. */
bool scope_release(struct scope *s, struct id id);
/* No longer the scope's business (it moved to another owner). */
void *scope_take(struct scope *s, struct id id);

/* Called when the scope is cancelled, after its children were; order as for releases. If it is
 * cancelled already: when it closes, before the releases. */
void scope_on_cancel(struct scope *s, release_fn *cancel, void *what);
void scope_cancel(struct scope *s); // once; further calls do nothing
bool scope_cancelled(const struct scope *s);

size_t scope_resources(const struct scope *s); // registered, children's included

#endif
