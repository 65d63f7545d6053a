/* The fit: what slips and moves are usual in these records, by expectation and
 * maximisation over the stories (Fellegi and Sunter's weights, Winkler's EM). */
#include "hub/linkage_internal.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define ROUNDS 12
#define PAIRS  150.0 /* that what is usual counts as */
/* A level is at least this part and at most this multiple of what is usual: of pairs
 * in doubt there are many in a country, and what few pairs show may be chance. */
#define LESS_MAX    4
#define MORE_MAX    8
#define SLIPS_MAX   0.7 /* of an attribute's comparisons, at the most */
#define RETURNS_MIN 0.1 /* other records of one's own, at the least */

/* Expected counts, in whole 2^-20ths, so that the order of adding changes nothing. */
#define UNIT 1048576.0
struct counts {
    int64_t levels[LINKAGE_ATTRIBUTES][LINKAGE_LEVELS];
    int64_t stories[LINKAGE_STORIES];
};

/* Strangers are counted already; twins and namesakes are too few to learn from, and
 * so many as there are households. */
static bool learns(unsigned story)
{
    return story < LINKAGE_ONE_PERSON || story == LINKAGE_HOUSEHOLD;
}

/* A record that is one value with another shares the blame among its levels. */
static void count_levels(struct counts *n, const struct linkage_scale *scale,
                         const struct linkage_comparison *c, unsigned a, double weight)
{
    double sum = 0;
    if (c->levels[a] == LINKAGE_ANY_LEVEL)
        return; /* says nothing */
    for (unsigned l = 0; l < LINKAGE_LEVELS; l++)
        sum += c->levels[a] & LINKAGE_LEVEL_BIT(l) ? scale->levels[a][l] : 0;
    for (unsigned l = 0; sum > 0 && l < LINKAGE_LEVELS; l++)
        if (c->levels[a] & LINKAGE_LEVEL_BIT(l))
            n->levels[a][l] += llround(UNIT * weight * scale->levels[a][l] / sum);
}

static void expect(struct counts *n, const struct linkage_scale *scale,
                   const struct linkage_comparison *c)
{
    double told[LINKAGE_STORIES], sum = 0;
    linkage_tell(scale, c, told);
    for (unsigned s = 0; s < LINKAGE_STORIES; s++)
        sum += told[s];
    for (unsigned s = 0; sum > 0 && s < LINKAGE_STORIES; s++) {
        double weight = told[s] / sum;
        n->stories[s] += llround(UNIT * weight);
        for (unsigned a = 0; s < LINKAGE_ONE_PERSON && a < LINKAGE_ATTRIBUTES; a++)
            if (linkage_story_keeps(s, a))
                count_levels(n, scale, c, a, weight);
    }
}

/* Most customers of a hub that hardly knows anybody yet will come back. */
static void expect_returns(struct linkage_scale *scale)
{
    double sum = 0;
    for (unsigned s = 0; s < LINKAGE_ONE_PERSON; s++)
        sum += scale->priors[s];
    for (unsigned s = 0; s < LINKAGE_ONE_PERSON && sum < RETURNS_MIN; s++)
        scale->priors[s] *= RETURNS_MIN / sum;
}

static void maximise_levels(double levels[static LINKAGE_LEVELS],
                            const double usual[static LINKAGE_LEVELS],
                            const int64_t counted[static LINKAGE_LEVELS])
{
    double sum = PAIRS, slips = 0;
    for (unsigned l = 0; l < LINKAGE_LEVELS; l++)
        sum += (double)counted[l] / UNIT;
    for (unsigned l = LINKAGE_NEAR; l < LINKAGE_LEVELS; l++) {
        double fitted = (usual[l] * PAIRS + (double)counted[l] / UNIT) / sum;
        levels[l] = fmin(fmax(fitted, usual[l] / LESS_MAX), usual[l] * MORE_MAX);
        slips += levels[l];
    }
    for (unsigned l = LINKAGE_NEAR; l < LINKAGE_LEVELS && slips > SLIPS_MAX; l++)
        levels[l] *= SLIPS_MAX / slips;
    levels[LINKAGE_SAME] = 1 - fmin(slips, SLIPS_MAX);
}

static void maximise(struct linkage_scale *scale, const struct linkage_scale *usual,
                     const struct counts *n, double records)
{
    for (unsigned a = 0; a < LINKAGE_ATTRIBUTES; a++)
        maximise_levels(scale->levels[a], usual->levels[a], n->levels[a]);
    /* A pair is an other of each of its two records. */
    for (unsigned s = 0; s < LINKAGE_STORIES; s++)
        if (learns(s))
            scale->priors[s] = (usual->priors[s] * PAIRS + 2 * (double)n->stories[s] / UNIT) /
                               (PAIRS + records);
    double households = scale->priors[LINKAGE_HOUSEHOLD] / usual->priors[LINKAGE_HOUSEHOLD];
    for (unsigned s = LINKAGE_TWINS; s <= LINKAGE_NAMESAKES; s++)
        scale->priors[s] = usual->priors[s] * households;
}

void linkage_fit(struct linkage_scale *scale, const struct linkage_comparison *list,
                 size_t count, double records)
{
    struct linkage_scale usual = *scale;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct counts n;
        memset(&n, 0, sizeof n);
        for (size_t i = 0; i < count; i++)
            expect(&n, scale, &list[i]);
        maximise(scale, &usual, &n, records);
    }
    expect_returns(scale);
}
