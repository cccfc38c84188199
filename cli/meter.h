/* meter.h - a rate that follows what happens but does not jitter: bytes and time are both averaged
 * with weights that fade, so that the first samples already give the true mean.
 * Pure: time (ms, monotonic) is an argument; a meter that is zeroed is new. */
#ifndef SHARDFETCH_CLI_METER_H
#define SHARDFETCH_CLI_METER_H

#include <stdbool.h>
#include <stdint.h>

struct meter {
    bool started;
    uint64_t at_ms; // of the last sample
    uint64_t bytes; // counter at the last sample
    double faded_bytes;
    double faded_s;
};

enum { METER_FADE_MS = 5000 }; // of taste: a sample weighs half after about that time

/* `bytes` is a counter since the start; one that went down starts the meter anew. */
void meter_add(struct meter *m, uint64_t now_ms, uint64_t bytes);
/* Bytes per second; sinks while nothing is added. 0 before the second sample. */
uint64_t meter_rate(const struct meter *m, uint64_t now_ms);
/* Seconds for `left` bytes at that rate, rounded up; NUMBER_UNKNOWN without a rate. */
uint64_t meter_eta_s(const struct meter *m, uint64_t now_ms, uint64_t left);

#endif
