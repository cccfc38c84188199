/* control.h - what the user wants of the run right now, as an observable value: whoever has
 * something under way observes it. Stop is for good. Control thread. */
#ifndef SHARDFETCH_DOWNLOAD_CONTROL_H
#define SHARDFETCH_DOWNLOAD_CONTROL_H

#include "download/async/callback.h"

enum control {
    CONTROL_GO,
    CONTROL_PAUSE, // nothing new is started, what is under way comes back with what it has
    CONTROL_STOP,  // the same, and the run ends, resumable
};

/* A callback whose values are enum control; it stands at GO. */
struct callback *control_new(struct loop *l);
/* After STOP nothing changes any more. */
void control_set(struct callback *c, enum control value);
enum control control_value(const struct callback *c);

static inline bool control_stopping(const struct callback *c)
{
    return control_value(c) == CONTROL_STOP;
}

static inline bool control_paused(const struct callback *c)
{
    return control_value(c) == CONTROL_PAUSE;
}

#endif
