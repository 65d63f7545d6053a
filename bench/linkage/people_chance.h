/* people_chance.h - chance that follows from a seed (splitmix64), and frequency
 * tables to draw from. */
#ifndef DUNLIN_BENCH_PEOPLE_CHANCE_H
#define DUNLIN_BENCH_PEOPLE_CHANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chance {
    uint64_t state;
};

uint64_t chance_draw(struct chance *c);
/* In [0, 1). */
double chance_unit(struct chance *c);
/* In [0, n). */
size_t chance_below(struct chance *c, size_t n);
bool chance_happens(struct chance *c, double share);
/* About normal: mean 0, deviation 1. */
double chance_normal(struct chance *c);
/* An index, in proportion to the weights. */
size_t chance_weighted(struct chance *c, const double *weights, size_t count);
/* The same number for the same input, whatever was drawn before. */
uint64_t chance_hash(uint64_t a, uint64_t b, uint64_t c);

/* Cumulated weights, for long lists. */
struct chance_table {
    double *up_to;
    size_t count;
};
/* Zipf and Mandelbrot's (rank + offset)^-exponent. up_to is NULL: no memory. */
struct chance_table chance_zipf(size_t count, double offset, double exponent);
void chance_table_done(struct chance_table *t);
size_t chance_pick(struct chance *c, const struct chance_table *t);

#endif
