#include "download/control.h"

#include "download/base/mem.h"

static void *copy_value(const void *value, size_t *ret_bytes)
{
    enum control *copy = mem_new(sizeof(*copy));
    *copy = *(const enum control *)value;
    *ret_bytes = sizeof(*copy);
    return copy;
}

static const struct value_ops CONTROL_VALUES = {.copy = copy_value};

struct callback *control_new(struct loop *l)
{
    struct callback *c = callback_new(
        &(struct callback_opts){.loop = l, .values = &CONTROL_VALUES, .mode = WAIT_EVERY_VALUE});
    enum control go = CONTROL_GO;
    callback_set(c, &go);
    return c;
}

void control_set(struct callback *c, enum control value)
{
    enum control now = control_value(c);
    if (now != CONTROL_STOP && now != value) callback_set(c, &value);
}

enum control control_value(const struct callback *c)
{
    return *(const enum control *)callback_value(c);
}
