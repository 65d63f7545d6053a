#include "platform/thread.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

struct thread {
    pthread_t os;
    void (*fn)(void *ctx);
    void *ctx;
};

/* A mutex call fails only on a bug of ours; going on would be worse. */
static void must(int rc)
{
    if (rc != 0)
        abort();
}

static void *run(void *arg)
{
    struct thread *t = arg;
    t->fn(t->ctx);
    return NULL;
}

enum dl_err thread_start(struct thread **ret, void (*fn)(void *ctx), void *ctx)
{
    struct thread *t = malloc(sizeof *t);
    if (!t)
        return DL_E_NOMEM;
    t->fn = fn;
    t->ctx = ctx;
    int rc = pthread_create(&t->os, NULL, run, t);
    if (rc != 0) {
        free(t);
        return DL_E_NOMEM; /* EAGAIN: no memory for a stack, or too many threads */
    }
    *ret = t;
    return DL_OK;
}

void thread_join(struct thread *t)
{
    if (!t)
        return;
    must(pthread_join(t->os, NULL));
    free(t);
}

void mutex_init(struct mutex *m)
{
    must(pthread_mutex_init(&m->os, NULL));
}

void mutex_done(struct mutex *m)
{
    must(pthread_mutex_destroy(&m->os));
}

void mutex_lock(struct mutex *m)
{
    must(pthread_mutex_lock(&m->os));
}

void mutex_unlock(struct mutex *m)
{
    must(pthread_mutex_unlock(&m->os));
}

void cond_done(struct cond *c)
{
    must(pthread_cond_destroy(&c->os));
}

void cond_wait(struct cond *c, struct mutex *m)
{
    must(pthread_cond_wait(&c->os, &m->os));
}

void cond_signal(struct cond *c)
{
    must(pthread_cond_signal(&c->os));
}

void cond_broadcast(struct cond *c)
{
    must(pthread_cond_broadcast(&c->os));
}

#ifdef _WIN32

/* winpthreads waits on the wall clock only, unless asked for a relative time. */
void cond_init(struct cond *c)
{
    must(pthread_cond_init(&c->os, NULL));
}

bool cond_wait_ms(struct cond *c, struct mutex *m, uint32_t timeout_ms)
{
    struct timespec t = {.tv_sec = timeout_ms / 1000,
                         .tv_nsec = (long)(timeout_ms % 1000) * 1000000};
    int rc = pthread_cond_timedwait_relative_np(&c->os, &m->os, &t);
    if (rc != ETIMEDOUT)
        must(rc);
    return rc == 0;
}

#else

void cond_init(struct cond *c)
{
    pthread_condattr_t attr;
    must(pthread_condattr_init(&attr));
    must(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC));
    must(pthread_cond_init(&c->os, &attr));
    must(pthread_condattr_destroy(&attr));
}

bool cond_wait_ms(struct cond *c, struct mutex *m, uint32_t timeout_ms)
{
    struct timespec t;
    must(clock_gettime(CLOCK_MONOTONIC, &t));
    t.tv_sec += timeout_ms / 1000;
    t.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_nsec -= 1000000000;
        t.tv_sec++;
    }
    int rc = pthread_cond_timedwait(&c->os, &m->os, &t);
    if (rc != ETIMEDOUT)
        must(rc);
    return rc == 0;
}

#endif
