/* ratelimit.h - a token bucket: so many requests a second, a second's worth at once. */
#ifndef DUNLIN_RATELIMIT_H
#define DUNLIN_RATELIMIT_H

#include "platform/thread.h"

#include <stdbool.h>
#include <stdint.h>

struct ratelimit {
    struct mutex mutex;
    int64_t per_second; /* 0: no limit */
    int64_t micro;      /* millionths of a request in the bucket */
    uint64_t last_us;
};

void ratelimit_init(struct ratelimit *r, int64_t per_second);
void ratelimit_done(struct ratelimit *r);

/* True: go on. False: too fast; *ret_wait_ms until the next one is allowed. Any thread. */
bool ratelimit_take(struct ratelimit *r, uint32_t *ret_wait_ms);

#endif
