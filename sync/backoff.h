/* backoff.h - full-jitter exponential backoff: a uniform wait in [0, ceiling],
 * the ceiling doubling from base to max (Brooker, "Exponential Backoff And
 * Jitter", AWS Architecture Blog, 2015). A hub's Retry-After comes first. */
#ifndef DUNLIN_BACKOFF_H
#define DUNLIN_BACKOFF_H

#include <stdint.h>

struct backoff {
    int64_t base_ms, max_ms;
    uint32_t failures;
};

void backoff_init(struct backoff *b, int64_t base_ms, int64_t max_ms);
void backoff_reset(struct backoff *b);
/* The wait before the next try. retry_after_ms < 0: the hub did not say; else
 * at least that, plus a little jitter so that a fleet does not return at once. */
int64_t backoff_next_ms(struct backoff *b, int64_t retry_after_ms);

#endif
