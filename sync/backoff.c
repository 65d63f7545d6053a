#include "sync/backoff.h"

#include "platform/random.h"

/* What a fleet is spread over when the hub names a moment: a tenth of it, but
 * at least this. */
#define RETRY_AFTER_JITTER_MS 1000

void backoff_init(struct backoff *b, int64_t base_ms, int64_t max_ms)
{
    *b = (struct backoff){.base_ms = base_ms > 0 ? base_ms : 1};
    b->max_ms = max_ms > b->base_ms ? max_ms : b->base_ms;
}

void backoff_reset(struct backoff *b)
{
    b->failures = 0;
}

static int64_t ceiling_ms(const struct backoff *b)
{
    int64_t ms = b->base_ms;
    for (uint32_t i = 0; i < b->failures && ms < b->max_ms; i++)
        ms = ms > b->max_ms / 2 ? b->max_ms : ms * 2;
    return ms;
}

int64_t backoff_next_ms(struct backoff *b, int64_t retry_after_ms)
{
    int64_t ceiling = ceiling_ms(b);
    if (b->failures < UINT32_MAX)
        b->failures++;
    if (retry_after_ms < 0)
        return (int64_t)random_below((uint64_t)ceiling + 1);
    int64_t spread = retry_after_ms / 10;
    if (spread < RETRY_AFTER_JITTER_MS)
        spread = RETRY_AFTER_JITTER_MS;
    return retry_after_ms + (int64_t)random_below((uint64_t)spread + 1);
}
