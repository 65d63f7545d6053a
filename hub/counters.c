#include "hub/counters.h"

void counter_add(struct counters *c, enum counter which, uint64_t n)
{
    atomic_fetch_add_explicit(&c->values[which], n, memory_order_relaxed);
}

uint64_t counter_get(struct counters *c, enum counter which)
{
    return atomic_load_explicit(&c->values[which], memory_order_relaxed);
}

void counter_add_status(struct counters *c, unsigned status)
{
    enum counter which = COUNTER_REQUESTS_2XX;
    if (status >= 500)
        which = COUNTER_REQUESTS_5XX;
    else if (status >= 400)
        which = COUNTER_REQUESTS_4XX;
    counter_add(c, which, 1);
}
