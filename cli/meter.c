#include "cli/meter.h"

#include "download/event.h"

/* What remains of a weight after `ms`: a hyperbola in place of 2^-t, which needs no libm. */
static double fade(uint64_t ms)
{
    return (double)METER_FADE_MS / (double)(METER_FADE_MS + ms);
}

void meter_add(struct meter *m, uint64_t now_ms, uint64_t bytes)
{
    if (!m->started || bytes < m->bytes || now_ms < m->at_ms) {
        *m = (struct meter){.started = true, .at_ms = now_ms, .bytes = bytes};
        return;
    }
    uint64_t ms = now_ms - m->at_ms;
    if (ms == 0) return; // counted with the next sample
    double weight = fade(ms);
    m->faded_bytes = m->faded_bytes * weight + (double)(bytes - m->bytes);
    m->faded_s = m->faded_s * weight + (double)ms / 1000;
    m->at_ms = now_ms;
    m->bytes = bytes;
}

uint64_t meter_rate(const struct meter *m, uint64_t now_ms)
{
    if (m->faded_s <= 0) return 0;
    uint64_t silent_ms = now_ms > m->at_ms ? now_ms - m->at_ms : 0;
    double weight = fade(silent_ms);
    return (uint64_t)(m->faded_bytes * weight / (m->faded_s * weight + (double)silent_ms / 1000));
}

uint64_t meter_eta_s(const struct meter *m, uint64_t now_ms, uint64_t left)
{
    enum { LONGEST_DAYS = 10000 };
    static const uint64_t LONGEST_S = UINT64_C(86400) * LONGEST_DAYS;
    uint64_t rate = meter_rate(m, now_ms);
    if (left == 0) return 0;
    if (rate == 0 || left == NUMBER_UNKNOWN) return NUMBER_UNKNOWN;
    uint64_t eta_s = (left - 1) / rate + 1;
    return eta_s > LONGEST_S ? NUMBER_UNKNOWN : eta_s;
}
