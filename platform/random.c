#include "platform/random.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

static pthread_once_t sodium_once = PTHREAD_ONCE_INIT;

static void sodium_start(void)
{
    /* Without random bytes no promise of ours holds: there is nothing to return. */
    if (sodium_init() < 0)
        abort();
}

void random_bytes(void *ret, size_t len)
{
    pthread_once(&sodium_once, sodium_start);
    randombytes_buf(ret, len);
}

uint64_t random_below(uint64_t bound)
{
    if (bound < 2)
        return 0;
    /* 2^64 mod bound: values below it would make the small results likelier. */
    uint64_t skip = (UINT64_MAX - bound + 1) % bound;
    uint64_t v;
    do
        random_bytes(&v, sizeof v);
    while (v < skip);
    return v % bound;
}
