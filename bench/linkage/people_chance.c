#include "bench/linkage/people_chance.h"

#include <math.h>
#include <stdlib.h>

static uint64_t mix(uint64_t z)
{
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

uint64_t chance_draw(struct chance *c)
{
    return mix(c->state += UINT64_C(0x9e3779b97f4a7c15));
}

double chance_unit(struct chance *c)
{
    return (double)(chance_draw(c) >> 11) / 9007199254740992.0;
}

size_t chance_below(struct chance *c, size_t n)
{
    return (size_t)(chance_draw(c) % n);
}

bool chance_happens(struct chance *c, double share)
{
    return chance_unit(c) < share;
}

double chance_normal(struct chance *c)
{
    double sum = 0; /* of twelve uniform ones: variance 1 */
    for (int i = 0; i < 12; i++)
        sum += chance_unit(c);
    return sum - 6;
}

size_t chance_weighted(struct chance *c, const double *weights, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += weights[i];
    double at = chance_unit(c) * sum;
    for (size_t i = 0; i < count; i++) {
        at -= weights[i];
        if (at < 0)
            return i;
    }
    return count - 1;
}

uint64_t chance_hash(uint64_t a, uint64_t b, uint64_t c)
{
    return mix(mix(mix(a + UINT64_C(0x9e3779b97f4a7c15)) ^ b) ^ c);
}

struct chance_table chance_zipf(size_t count, double offset, double exponent)
{
    struct chance_table t = {calloc(count, sizeof *t.up_to), count};
    double sum = 0;
    for (size_t i = 0; t.up_to && i < count; i++) {
        sum += pow((double)i + offset, -exponent);
        t.up_to[i] = sum;
    }
    return t;
}

void chance_table_done(struct chance_table *t)
{
    free(t->up_to);
    t->up_to = NULL;
}

size_t chance_pick(struct chance *c, const struct chance_table *t)
{
    double at = chance_unit(c) * t->up_to[t->count - 1];
    size_t low = 0, high = t->count - 1;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (t->up_to[mid] > at)
            high = mid;
        else
            low = mid + 1;
    }
    return low;
}
