/* counters.h - what the running server counts for /metrics. Safe from any thread. */
#ifndef DUNLIN_HUB_COUNTERS_H
#define DUNLIN_HUB_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

enum counter {
    COUNTER_REQUESTS_2XX,
    COUNTER_REQUESTS_4XX,
    COUNTER_REQUESTS_5XX,
    COUNTER_BATCHES,
    COUNTER_BATCH_BYTES,
    COUNTER_BATCH_REFUSED,
    COUNTER_ENROLMENTS,
    COUNTER_ENROLMENTS_REFUSED,
    COUNTER_CERTIFICATES,
    COUNTER_COUNT,
};

struct counters {
    _Atomic uint64_t values[COUNTER_COUNT];
};

void counter_add(struct counters *c, enum counter which, uint64_t n);
uint64_t counter_get(struct counters *c, enum counter which);

/* By the class of an answer's status. */
void counter_add_status(struct counters *c, unsigned status);

#endif
