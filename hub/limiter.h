/* limiter.h - how often an address may fail before it has to wait.
 *
 * Guesses at enrolment secrets are hopeless anyway (256 bits); this keeps them
 * from filling the audit log. A fixed table: when it is full, the address that
 * failed longest ago is forgotten. Safe from any thread; times are monotonic
 * milliseconds, passed in.
 */
#ifndef DUNLIN_HUB_LIMITER_H
#define DUNLIN_HUB_LIMITER_H

#include "platform/thread.h"

#include <stdbool.h>
#include <stdint.h>

#define LIMITER_ADDRESS_BYTES 16
#define LIMITER_SLOTS         256
#define LIMITER_FAILURES_MAX  20
#define LIMITER_WINDOW_MS     ((uint64_t)10 * 60 * 1000)

struct limiter_slot {
    uint8_t address[LIMITER_ADDRESS_BYTES];
    uint64_t since_ms;
    uint32_t failures; /* 0: free */
};

struct limiter {
    struct mutex lock;
    struct limiter_slot slots[LIMITER_SLOTS];
};

void limiter_init(struct limiter *l);
void limiter_done(struct limiter *l);

/* 0: go on. Otherwise the milliseconds to wait. */
uint64_t limiter_wait_ms(struct limiter *l, const uint8_t address[static LIMITER_ADDRESS_BYTES],
                         uint64_t now_ms);
void limiter_fail(struct limiter *l, const uint8_t address[static LIMITER_ADDRESS_BYTES],
                  uint64_t now_ms);

#endif
