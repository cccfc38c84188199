/* number.h - plain numbers as values of callbacks and streams, and time that passes, for tests. */
#ifndef SHARDFETCH_TESTS_NUMBER_H
#define SHARDFETCH_TESTS_NUMBER_H

#include <stdint.h>

#include "download/async/loop.h"
#include "download/async/value.h"

extern const struct value_ops NUMBER_VALUES; // int; 0 is the last one, negative ones share a key

/* The clock of a virtual loop moves on by that much; what is due meanwhile runs. */
void pass_time(struct loop *l, uint64_t ns);

#endif
