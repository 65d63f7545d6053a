/* watch.h - whom long work tells how far it has come: a bar at a terminal, a test. */
#ifndef DUNLIN_HUB_WATCH_H
#define DUNLIN_HUB_WATCH_H

#include <stdint.h>

/* `what`: a literal, one for each step of the work, which come one after the other.
 * `total` 0: nobody knows; else `done` ends there. */
struct watch {
    void (*at)(void *ctx, const char *what, uint64_t done, uint64_t total);
    void *ctx;
};

/* NULL: nobody asks. */
static inline void watch_at(const struct watch *w, const char *what, uint64_t done,
                            uint64_t total)
{
    if (w)
        w->at(w->ctx, what, done, total);
}

#endif
