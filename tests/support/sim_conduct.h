/* sim_conduct.h - sim.c's other half: what the conductor of the program does with what was decided.
 */
#ifndef SHARDFETCH_TESTS_SIM_CONDUCT_H
#define SHARDFETCH_TESTS_SIM_CONDUCT_H

#include "tests/support/sim.h"

void sim_part_complete(struct sim *s, unsigned slot);
/* Answered 429. */
void sim_part_refused(struct sim *s, unsigned slot);
/* Ended on our request; its bytes stay. */
void sim_part_end(struct sim *s, unsigned slot);
/* All connections are opened anew, at another address. */
void sim_go_elsewhere(struct sim *s);
void sim_mind_the_tail(struct sim *s);
/* The connection that the plan wants to crawl. */
void sim_crawl(struct sim *s);
void sim_schedule(struct sim *s);

#endif
