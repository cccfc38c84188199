/* callback_system.h - names and their callbacks (exo's AsyncCallbackSystem): everything of a run
 * that can be observed or waited for, found by name. One thread, as its callbacks. */
#ifndef SHARDFETCH_ASYNC_CALLBACK_SYSTEM_H
#define SHARDFETCH_ASYNC_CALLBACK_SYSTEM_H

#include "download/async/callback.h"

struct callback_system;

/* `opts`: for the callbacks it makes; its pointers outlive the system. */
struct callback_system *callback_system_new(const struct callback_opts *opts);
/* As deregistering all; not from inside of callback_system_trigger_all. NULL is fine. */
void callback_system_free(struct callback_system *s);

/* The same one each time; made with the system's options. Borrowed until it is deregistered. */
struct callback *callback_system_register(struct callback_system *s, const char *name);
/* The same with another way to show values to waiters; of an existing one nothing changes. */
struct callback *callback_system_register_as(struct callback_system *s, const char *name,
                                             enum wait_mode mode);
struct callback *callback_system_find(const struct callback_system *s, const char *name);
/* Its waiters end as WAIT_GONE. False: there was none. */
bool callback_system_deregister(struct callback_system *s, const char *name);
void callback_system_deregister_all(struct callback_system *s);
/* False: there is none of that name. */
bool callback_system_trigger(struct callback_system *s, const char *name, const void *value);
/* All that exist when it is called, in order of registration, less those that were deregistered
 * before their turn; callbacks registered meanwhile are not triggered. How many were. */
size_t callback_system_trigger_all(struct callback_system *s, const void *value);
/* What its callbacks know of their values. Any thread. */
const struct value_ops *callback_system_values(const struct callback_system *s);
size_t callback_system_count(const struct callback_system *s);

#endif
