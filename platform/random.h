/* random.h - the one place random bytes come from: libsodium's generator.
 * A test owns it through randombytes_set_implementation(). */
#ifndef DUNLIN_RANDOM_H
#define DUNLIN_RANDOM_H

#include <stddef.h>
#include <stdint.h>

void random_bytes(void *ret, size_t len);

/* Uniform in [0, bound). bound 0 gives 0. */
uint64_t random_below(uint64_t bound);

#endif
