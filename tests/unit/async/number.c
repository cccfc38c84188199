#include "tests/unit/async/number.h"

#include "download/base/mem.h"

static void *copy_number(const void *value, size_t *ret_bytes)
{
    int *copy = mem_new(sizeof(*copy));
    *copy = *(const int *)value;
    *ret_bytes = sizeof(*copy);
    return copy;
}

static unsigned key_of(const void *value)
{
    const int *n = value;
    return *n < 0;
}

static bool is_last(const void *value)
{
    return *(const int *)value == 0;
}

const struct value_ops NUMBER_VALUES = {.copy = copy_number, .key = key_of, .is_last = is_last};

static void nothing(struct timer *t)
{
    (void)t;
}

void pass_time(struct loop *l, uint64_t ns)
{
    struct timer t;
    timer_init(&t, nothing);
    timer_set(l, &t, loop_now_ns(l) + ns);
    while (timer_is_set(&t))
        loop_turn(l);
}
