/* lender.h - a fixed number of connections, each lent to one thread at a time.
 *
 * Knows them by number, 0 to count - 1; what they are is the owner's affair. A thread
 * has at most one of a lender's, from lender_take to lender_return, and finds it again by
 * lender_mine. Any thread, at any time, but for init and done.
 */
#ifndef DUNLIN_HUB_LENDER_H
#define DUNLIN_HUB_LENDER_H

#include "platform/err.h"
#include "platform/thread.h"

#include <stdatomic.h>
#include <stddef.h>

/* How long a store's begin waits for what other threads have: as long as SQLite waits for
 * another process. */
#define LENDER_STORE_WAIT_MS 5000

struct lender {
    struct mutex lock;
    struct cond freed;
    atomic_uintptr_t *owners; /* the threads that have them; 0: nobody */
    size_t count;
    uint32_t wait_ms;
};

/* DL_E_NOMEM; lender_done is fine after it. */
DL_MUST_CHECK enum dl_err lender_init(struct lender *l, size_t count, uint32_t wait_ms);
void lender_done(struct lender *l);

/* One that is free, the first that `prefers` says yes to, if any. DL_E_BUSY: none was
 * within LENDER_WAIT_MS. */
DL_MUST_CHECK enum dl_err lender_take(struct lender *l,
                                      bool (*prefers)(const void *ctx, size_t which),
                                      const void *ctx, size_t *ret);
void lender_return(struct lender *l, size_t which);

/* This thread's; false: it has none. */
bool lender_mine(struct lender *l, size_t *ret);

#endif
