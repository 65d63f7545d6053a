/* sync_internal.h - the inside of the sync thread, for sync/{sync,push,chores}.c
 * and their tests, which turn the crank themselves.
 *
 * sync.c owns the thread and decides when; push.c sends batches; chores.c renews
 * the certificate and fetches updates. Times are milliseconds of the monotonic
 * clock unless called wall.
 */
#ifndef DUNLIN_SYNC_INTERNAL_H
#define DUNLIN_SYNC_INTERNAL_H

#include "platform/json.h"
#include "platform/thread.h"
#include "sync/backoff.h"
#include "sync/outbox.h"
#include "sync/sync.h"

#define SYNC_REVOKED_RETRY_MS (INT64_C(10) * 60 * 1000)
#define SYNC_NEVER            INT64_MAX

/* What the hub may set by a signed update, and nothing else. */
struct sync_pace {
    size_t batch_records_max;
    int64_t linger_ms, updates_every_ms;
};

struct sync {
    struct sync_options opt; /* defaults filled in, and what the hub configured */
    struct sync_pace own;    /* what holds where the hub says nothing */
    char *dir, *device;
    struct outbox *reader;
    struct thread *thread;

    struct mutex lock; /* guards from here to status */
    struct cond wake;
    struct cond progress;          /* after each step, for flushes and stops */
    bool woken, kicked, listening; /* listening: a wake is worth a signal */
    bool stop, quit, ended;        /* asked to drain and end; to end now; has ended */
    unsigned flush_waiters;
    uint64_t attempts; /* steps that sent something */
    struct sync_status status;

    /* The thread's own. */
    struct backoff backoff;
    int64_t next_try; /* nothing is sent before it */
    bool revoked;
    int64_t linger_until; /* SYNC_NEVER: nothing waits yet */
    size_t records_max;   /* of the next batch: halved and doubled within the option */
    bool gap;             /* the next batch says that it knows of the gap */
    unsigned repairs;     /* gaps and forks since the last receipt */
    uint8_t *frame;
    size_t frame_cap;
    int64_t renew_due, updates_due;
    uint64_t cursor;
};

/* Makes everything but the thread. */
DL_MUST_CHECK enum dl_err sync_make(struct sync **ret, const struct sync_options *opt,
                                    struct dl_why *why);
void sync_free(struct sync *s);

/* Does at most one request; returns how long nothing is due, 0: go on. */
int64_t sync_step(struct sync *s);

/* One request, its outcome noted in the status. DL_OK: the hub answered with a
 * status that is neither 401 nor 403, 429 nor 503; otherwise sync_step's waiting
 * has been arranged and the caller just returns. */
DL_MUST_CHECK enum dl_err sync_send(struct sync *s, const struct uplink_request *req,
                                    struct uplink_answer *ret);
/* The hub took it: backing off is over. */
void sync_succeeded(struct sync *s);
/* Counts, backs off, and shows `words` in the status. */
void sync_failed(struct sync *s, int64_t retry_after_ms, const char *words);

/* Sends the next batch and acts on the answer. */
void push_batch(struct sync *s);

/* When the certificate wants renewal, by the hub's clock where it is known. */
void renew_schedule(struct sync *s);
void renew_run(struct sync *s);
void updates_start(struct sync *s);
void updates_run(struct sync *s);

#endif
