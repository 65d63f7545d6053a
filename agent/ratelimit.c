#include "agent/ratelimit.h"

#include "platform/clock.h"

#define ONE 1000000

void ratelimit_init(struct ratelimit *r, int64_t per_second)
{
    mutex_init(&r->mutex);
    r->per_second = per_second;
    r->micro = per_second * ONE;
    r->last_us = clock_mono_us();
}

void ratelimit_done(struct ratelimit *r)
{
    mutex_done(&r->mutex);
}

/* `per_second` requests a second are as many millionths a microsecond. */
static void refill(struct ratelimit *r)
{
    uint64_t now = clock_mono_us();
    uint64_t passed = now - r->last_us;
    int64_t full = r->per_second * ONE;
    r->last_us = now;
    if (passed >= ONE) /* a second fills any bucket, and cannot overflow below */
        r->micro = full;
    else
        r->micro += (int64_t)passed * r->per_second;
    if (r->micro > full)
        r->micro = full;
}

bool ratelimit_take(struct ratelimit *r, uint32_t *ret_wait_ms)
{
    if (r->per_second == 0)
        return true;
    mutex_lock(&r->mutex);
    refill(r);
    bool ok = r->micro >= ONE;
    if (ok)
        r->micro -= ONE;
    else
        *ret_wait_ms = (uint32_t)((ONE - r->micro) / r->per_second / 1000 + 1);
    mutex_unlock(&r->mutex);
    return ok;
}
