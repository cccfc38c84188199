/* sim_profile.h - the lines that the controller has to find its way on. Each has files for as long
 * as one may want to look. */
#ifndef SHARDFETCH_TESTS_SIM_PROFILE_H
#define SHARDFETCH_TESTS_SIM_PROFILE_H

#include <stddef.h>

#include "tests/support/sim.h"

/* In no order; `ret_count` of them. */
const struct sim_plan *sim_profiles(size_t *ret_count);

#endif
