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
