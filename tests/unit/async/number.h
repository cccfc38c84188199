/* number.h - plain numbers as values of callbacks and streams, for tests. */
#ifndef SHARDFETCH_TESTS_NUMBER_H
#define SHARDFETCH_TESTS_NUMBER_H

#include "download/async/value.h"

extern const struct value_ops NUMBER_VALUES; // int; 0 is the last one, negative ones share a key

#endif
