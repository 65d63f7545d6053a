#include "hub/convert.h"

#include "platform/random.h"
#include "platform/thread.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define WAYS    4  /* pairs that may live in one place */
#define STRIPES 64 /* mutexes, so that threads seldom meet */

struct pair {
    int64_t device; /* 0: empty; stores number from 1 */
    uint16_t epoch;
    uint32_t generation;
    uint8_t from[GROUP_ELEMENT_BYTES];
    uint8_t to[GROUP_ELEMENT_BYTES];
};

struct set {
    struct pair ways[WAYS];
    uint32_t next; /* the way that is overwritten next */
};

struct convert_cache {
    struct set *sets;
    size_t set_count; /* a power of two */
    uint64_t salt;    /* so that nobody can aim at one set */
    struct mutex stripes[STRIPES];
};

struct convert_cache *convert_cache_make(size_t pairs)
{
    struct convert_cache *cache = calloc(1, sizeof *cache);
    if (!cache)
        return NULL;
    cache->set_count = 256;
    while (cache->set_count * WAYS < pairs)
        cache->set_count *= 2;
    cache->sets = calloc(cache->set_count, sizeof *cache->sets);
    random_bytes(&cache->salt, sizeof cache->salt);
    for (size_t i = 0; i < STRIPES; i++)
        mutex_init(&cache->stripes[i]);
    if (!cache->sets) {
        convert_cache_free(cache);
        return NULL;
    }
    return cache;
}

void convert_cache_free(struct convert_cache *cache)
{
    if (!cache)
        return;
    for (size_t i = 0; i < STRIPES; i++)
        mutex_done(&cache->stripes[i]);
    free(cache->sets);
    free(cache);
}

/* Elements look random already; multiplying spreads what a liar sends. */
static size_t place(const struct convert_cache *cache, const struct token *token)
{
    uint64_t a, b;
    memcpy(&a, token->element, sizeof a);
    memcpy(&b, token->element + sizeof a, sizeof b);
    uint64_t h = (a ^ cache->salt) * UINT64_C(0x9e3779b97f4a7c15) + b;
    h *= cache->salt | 1;
    return (size_t)(h >> 32) & (cache->set_count - 1);
}

static struct pair *find(struct set *set, int64_t device, uint32_t generation,
                         const struct token *token)
{
    for (size_t i = 0; i < WAYS; i++) {
        struct pair *p = &set->ways[i];
        if (p->device == device && p->epoch == token->epoch && p->generation == generation &&
            memcmp(p->from, token->element, sizeof p->from) == 0)
            return p;
    }
    return NULL;
}

enum dl_err convert_token(struct convert_cache *cache, const struct hub_share *share,
                          int64_t device, uint32_t generation, const struct token *token,
                          uint8_t ret[static GROUP_ELEMENT_BYTES])
{
    size_t at = place(cache, token);
    struct set *set = &cache->sets[at];
    struct mutex *lock = &cache->stripes[at % STRIPES];
    mutex_lock(lock);
    const struct pair *hit = find(set, device, generation, token);
    if (hit)
        memcpy(ret, hit->to, GROUP_ELEMENT_BYTES);
    mutex_unlock(lock);
    if (hit)
        return DL_OK;
    uint8_t to[GROUP_ELEMENT_BYTES];
    enum dl_err err = hub_share_convert(share, token->element, to);
    if (err)
        return err;
    mutex_lock(lock);
    struct pair *p = &set->ways[set->next++ % WAYS];
    p->device = device;
    p->epoch = token->epoch;
    p->generation = generation;
    memcpy(p->from, token->element, sizeof p->from);
    memcpy(p->to, to, sizeof p->to);
    mutex_unlock(lock);
    memcpy(ret, to, GROUP_ELEMENT_BYTES);
    return DL_OK;
}
