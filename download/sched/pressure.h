/* pressure.h - how many of its connections a run may use while the machine is short of something:
 * readings of the kernel's pressure stall information in, a share out. Pure: time is an argument.
 *
 * Each turn looks at how much of the time since the last one tasks were stalled (‰):
 *
 *   at `hold` or more      nothing is fetched, what runs is parked
 *   at `shrink` or more    the share falls by three tenths, down to the rule's `least`
 *   all below half of it   the share grows again; the second such turn in a row ends a hold
 *   in between             all stays as it is
 *
 * One thread. */
#ifndef SHARDFETCH_SCHED_PRESSURE_H
#define SHARDFETCH_SCHED_PRESSURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pressure_of { PRESSURE_CPU, PRESSURE_IO, PRESSURE_MEMORY, PRESSURE_KINDS };
/* Whose: the machine's, our cgroup's, or that of the one we give way to. */
enum pressure_who { PRESSURE_HOST, PRESSURE_OWN, PRESSURE_OTHER, PRESSURE_WHO };

/* Microseconds for which some or all tasks have been stalled so far (kernel, accounting/psi). */
struct pressure_total {
    uint64_t some_us, full_us;
};

struct pressure_reading {
    bool there[PRESSURE_WHO][PRESSURE_KINDS];
    struct pressure_total total[PRESSURE_WHO][PRESSURE_KINDS];
};

struct pressure {
    struct pressure_reading last;
    uint64_t at_ns; // of it
    unsigned share; // ‰ of the connections
    bool hold;
    unsigned calm_turns; // in a row
};

/* The text of a pressure file. `full` may be missing (cpu, before Linux 5.13): 0. */
bool pressure_parse(const char *text, struct pressure_total *ret);
void pressure_init(struct pressure *p, const struct pressure_reading *first, uint64_t now_ns);
/* True when what is allowed has changed. */
bool pressure_turn(struct pressure *p, const struct pressure_reading *r, uint64_t now_ns);
/* How many of `most` may be used: none during a hold, else one at least. */
unsigned pressure_connections(const struct pressure *p, unsigned most);

#endif
