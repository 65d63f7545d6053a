#include "hub/limiter.h"

#include <string.h>

void limiter_init(struct limiter *l)
{
    memset(l, 0, sizeof *l);
    mutex_init(&l->lock);
}

void limiter_done(struct limiter *l)
{
    mutex_done(&l->lock);
}

static bool is_over(const struct limiter_slot *slot, uint64_t now_ms)
{
    return slot->failures == 0 || now_ms - slot->since_ms >= LIMITER_WINDOW_MS;
}

/* The address's own slot, or NULL. */
static struct limiter_slot *find(struct limiter *l, const uint8_t *address)
{
    for (size_t i = 0; i < LIMITER_SLOTS; i++)
        if (l->slots[i].failures > 0 &&
            memcmp(l->slots[i].address, address, LIMITER_ADDRESS_BYTES) == 0)
            return &l->slots[i];
    return NULL;
}

/* A free slot, else the oldest. */
static struct limiter_slot *make_room(struct limiter *l)
{
    struct limiter_slot *best = &l->slots[0];
    for (size_t i = 0; i < LIMITER_SLOTS; i++) {
        struct limiter_slot *slot = &l->slots[i];
        if (slot->failures == 0)
            return slot;
        if (slot->since_ms < best->since_ms)
            best = slot;
    }
    return best;
}

uint64_t limiter_wait_ms(struct limiter *l, const uint8_t address[static LIMITER_ADDRESS_BYTES],
                         uint64_t now_ms)
{
    uint64_t wait_ms = 0;
    mutex_lock(&l->lock);
    const struct limiter_slot *slot = find(l, address);
    if (slot && !is_over(slot, now_ms) && slot->failures >= LIMITER_FAILURES_MAX)
        wait_ms = slot->since_ms + LIMITER_WINDOW_MS - now_ms;
    mutex_unlock(&l->lock);
    return wait_ms;
}

void limiter_fail(struct limiter *l, const uint8_t address[static LIMITER_ADDRESS_BYTES],
                  uint64_t now_ms)
{
    mutex_lock(&l->lock);
    struct limiter_slot *slot = find(l, address);
    if (!slot || is_over(slot, now_ms)) {
        slot = slot ? slot : make_room(l);
        memcpy(slot->address, address, LIMITER_ADDRESS_BYTES);
        slot->since_ms = now_ms;
        slot->failures = 0;
    }
    slot->failures++;
    mutex_unlock(&l->lock);
}
