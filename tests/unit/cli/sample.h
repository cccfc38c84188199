/* sample.h - events as a run makes them, and as it makes them at worst. */
#ifndef SHARDFETCH_TESTS_UNIT_CLI_SAMPLE_H
#define SHARDFETCH_TESTS_UNIT_CLI_SAMPLE_H

#include "download/event.h"

/* One run, every type at least once, run_start first and result last; times grow by 100 ms. */
const struct event *sample_run(size_t *ret_count);
/* The same types with everything nullable null and every number as large as it gets. */
const struct event *sample_extremes(size_t *ret_count);
struct event sample_progress(uint64_t mono_ms, uint64_t downloaded);

#endif
