#include "hub/lender.h"

#include "platform/clock.h"

#include <stdlib.h>

/* An address that no two living threads share. */
static uintptr_t this_thread(void)
{
    static _Thread_local char here;
    return (uintptr_t)&here;
}

enum dl_err lender_init(struct lender *l, size_t count, uint32_t wait_ms)
{
    mutex_init(&l->lock);
    cond_init(&l->freed);
    l->wait_ms = wait_ms;
    l->owners = calloc(count, sizeof *l->owners);
    l->count = l->owners ? count : 0;
    return l->owners ? DL_OK : DL_E_NOMEM;
}

void lender_done(struct lender *l)
{
    cond_done(&l->freed);
    mutex_done(&l->lock);
    free(l->owners);
    l->owners = NULL;
    l->count = 0;
}

/* l->count: all are lent. */
static size_t find_free(const struct lender *l, bool (*prefers)(const void *ctx, size_t which),
                        const void *ctx)
{
    size_t found = l->count;
    for (size_t i = 0; i < l->count; i++) {
        if (atomic_load(&l->owners[i]) != 0)
            continue;
        if (prefers(ctx, i))
            return i;
        found = found < l->count ? found : i;
    }
    return found;
}

enum dl_err lender_take(struct lender *l, bool (*prefers)(const void *ctx, size_t which),
                        const void *ctx, size_t *ret)
{
    uint64_t until_ms = clock_mono_ms() + l->wait_ms;
    mutex_lock(&l->lock);
    size_t which;
    while ((which = find_free(l, prefers, ctx)) == l->count) {
        uint64_t now_ms = clock_mono_ms();
        if (now_ms >= until_ms ||
            !cond_wait_ms(&l->freed, &l->lock, (uint32_t)(until_ms - now_ms)))
            break;
    }
    if (which < l->count)
        atomic_store(&l->owners[which], this_thread());
    mutex_unlock(&l->lock);
    if (which == l->count)
        return DL_E_BUSY;
    *ret = which;
    return DL_OK;
}

void lender_return(struct lender *l, size_t which)
{
    mutex_lock(&l->lock);
    atomic_store(&l->owners[which], 0);
    cond_signal(&l->freed);
    mutex_unlock(&l->lock);
}

bool lender_mine(struct lender *l, size_t *ret)
{
    uintptr_t me = this_thread();
    for (size_t i = 0; i < l->count; i++) {
        if (atomic_load_explicit(&l->owners[i], memory_order_relaxed) != me)
            continue;
        *ret = i;
        return true;
    }
    return false;
}
