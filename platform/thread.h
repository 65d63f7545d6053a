/* thread.h - threads, mutexes and conditions: POSIX threads on every system
 * (winpthreads on Windows), behind names that say the unit of a time-out. */
#ifndef DUNLIN_THREAD_H
#define DUNLIN_THREAD_H

#include "platform/err.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct thread;
struct mutex {
    pthread_mutex_t os;
};
struct cond {
    pthread_cond_t os;
};

/* Starts fn(ctx). The caller joins it; there are no detached threads. */
DL_MUST_CHECK enum dl_err thread_start(struct thread **ret, void (*fn)(void *ctx), void *ctx);
/* Waits for the end and frees. NULL is fine. */
void thread_join(struct thread *t);

void mutex_init(struct mutex *m);
void mutex_done(struct mutex *m);
void mutex_lock(struct mutex *m);
void mutex_unlock(struct mutex *m);

void cond_init(struct cond *c);
void cond_done(struct cond *c);
void cond_wait(struct cond *c, struct mutex *m);
/* False when timeout_ms passed on the monotonic clock without a signal. */
bool cond_wait_ms(struct cond *c, struct mutex *m, uint32_t timeout_ms);
void cond_signal(struct cond *c);
void cond_broadcast(struct cond *c);

#endif
