/* The scale: how well each story about two records explains how they compare. */
#include "hub/linkage_internal.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* How the values of an attribute come to be in two records. */
enum origin {
    ALIKE,   /* one true value, written twice */
    APART,   /* two of the population's, drawn apart */
    FAMILY,  /* a surname at home: mostly one true value */
    SIBLING, /* twins' given names: never one, often alike at one end */
    KIN,     /* birth dates at home: partners and brothers are of an age */
    ORIGINS
};

/* log2 of what is usual; linkage_fit() moves those of one person. */
static const struct {
    double prior;
    enum origin origins[LINKAGE_ATTRIBUTES];
    double sex_differs; /* log2, where it is seen */
} stories[LINKAGE_STORIES] = {
    [LINKAGE_STAYED] = {0, {ALIKE, ALIKE, ALIKE, ALIKE, ALIKE, ALIKE}, -6},
    [LINKAGE_MOVED] = {-4.2, {ALIKE, ALIKE, ALIKE, APART, APART, APART}, -6},
    [LINKAGE_MOVED_NEAR] = {-6, {ALIKE, ALIKE, ALIKE, APART, APART, ALIKE}, -6},
    [LINKAGE_RENAMED] = {-6.5, {ALIKE, APART, ALIKE, ALIKE, ALIKE, ALIKE}, -6},
    [LINKAGE_MISNAMED] = {-8.5, {APART, APART, ALIKE, ALIKE, ALIKE, ALIKE}, -6},
    [LINKAGE_STRANGERS] = {0, {APART, APART, APART, APART, APART, APART}, -1},
    [LINKAGE_HOUSEHOLD] = {1.5, {APART, FAMILY, KIN, ALIKE, ALIKE, ALIKE}, -1},
    [LINKAGE_TWINS] = {-6, {SIBLING, ALIKE, ALIKE, ALIKE, ALIKE, ALIKE}, -1.6},
    [LINKAGE_TWINS_APART] = {-7, {SIBLING, ALIKE, ALIKE, APART, APART, APART}, -1.6},
    [LINKAGE_NAMESAKES] = {-7, {ALIKE, ALIKE, APART, ALIKE, ALIKE, ALIKE}, -4},
};

/* log2 of how often two records of one value come out at each level, by slips. */
static const double usual[LINKAGE_ATTRIBUTES][LINKAGE_LEVELS] = {
    [LINKAGE_GIVEN] = {-0.2, -5, -5, -5.3},     [LINKAGE_SURNAME] = {-0.2, -5, -5, -4.8},
    [LINKAGE_BIRTH] = {-0.15, -99, -4.5, -6.5}, [LINKAGE_POSTCODE] = {-0.4, -4.5, -4.5, -3},
    [LINKAGE_STREET] = {-0.4, -99, -99, -2.6},  [LINKAGE_CITY] = {-0.3, -99, -99, -3},
};

/* And of those of two values where no end or whole is the same by chance. */
static const double by_chance[LINKAGE_ATTRIBUTES][LINKAGE_LEVELS] = {
    [LINKAGE_GIVEN] = {0, -9, -4.7, 0},  [LINKAGE_SURNAME] = {0, -12, -6.5, 0},
    [LINKAGE_BIRTH] = {0, -99, -8.5, 0}, [LINKAGE_POSTCODE] = {0, -6, -4, 0},
    [LINKAGE_STREET] = {0, -99, -99, 0}, [LINKAGE_CITY] = {0, -99, -99, 0},
};

static const double sibling[LINKAGE_LEVELS] = {-8, -7, -3, -0.3};

#define FAMILY_SHARE 0.7 /* of households bear one name */

void linkage_scale_init(struct linkage_scale *ret, const struct linkage_blocks *blocks,
                        uint32_t count)
{
    *ret = (struct linkage_scale){.blocks = blocks};
    for (unsigned a = 0; a < LINKAGE_ATTRIBUTES; a++) {
        double sum = 0;
        for (unsigned l = 0; l < LINKAGE_LEVELS; l++)
            sum += exp2(usual[a][l]);
        for (unsigned l = 0; l < LINKAGE_LEVELS; l++)
            ret->levels[a][l] = exp2(usual[a][l]) / sum;
    }
    for (unsigned s = 0; s < LINKAGE_STORIES; s++)
        ret->priors[s] = exp2(stories[s].prior);
    ret->priors[LINKAGE_STRANGERS] = (double)count + 1;
}

/* The chance to come out as one of the levels that may be meant. */
static double chance_of(uint8_t levels, const double of[static LINKAGE_LEVELS])
{
    double sum = 0;
    for (unsigned l = 0; l < LINKAGE_LEVELS; l++)
        sum += levels & LINKAGE_LEVEL_BIT(l) ? of[l] : 0;
    return sum;
}

static double apart(const struct linkage_comparison *c, unsigned a)
{
    double sum = c->levels[a] & LINKAGE_LEVEL_BIT(LINKAGE_SAME) ? c->chance[a] : 0;
    for (unsigned l = LINKAGE_NEAR; l < LINKAGE_LEVELS; l++)
        sum += c->levels[a] & LINKAGE_LEVEL_BIT(l) ? exp2(by_chance[a][l]) : 0;
    return sum < 1 ? sum : 1;
}

/* Two thirds of a date are the same in one home five times as often. */
static double kin(const struct linkage_comparison *c, unsigned a)
{
    double sum = apart(c, a);
    if (c->levels[a] & LINKAGE_LEVEL_BIT(LINKAGE_PART))
        sum += 4 * exp2(by_chance[a][LINKAGE_PART]);
    return sum < 1 ? sum : 1;
}

static double siblings(uint8_t levels)
{
    double sum = 0;
    for (unsigned l = 0; l < LINKAGE_LEVELS; l++)
        sum += levels & LINKAGE_LEVEL_BIT(l) ? exp2(sibling[l]) : 0;
    return sum < 1 ? sum : 1;
}

static double sign(uint8_t seen, double agrees, double differs)
{
    return seen == LINKAGE_UNSEEN ? 1 : exp2(seen == LINKAGE_AGREES ? agrees : differs);
}

/* What the initials of both names tell beyond the names: nothing where these agree. */
enum { NOTHING, OF_INITIAL, OF_GIVEN, OF_BOTH };
static const struct initials {
    double alike_agree, alike_differ, apart_agree; /* log2 */
} tell[] = {
    [NOTHING] = {0, 0, 0},
    [OF_INITIAL] = {-0.2, -3.5, -3.7}, /* a given name is an initial alone */
    [OF_GIVEN] = {-1.5, -0.8, -3.5},   /* only they may be left of a given name */
    [OF_BOTH] = {-2, -0.4, -6.5},
};

static unsigned initials_seen(const struct linkage_comparison *c)
{
    const uint8_t other = LINKAGE_LEVEL_BIT(LINKAGE_OTHER);
    if (c->levels[LINKAGE_GIVEN] == LINKAGE_ANY_LEVEL)
        return OF_INITIAL;
    if (c->levels[LINKAGE_GIVEN] != other)
        return NOTHING;
    return c->levels[LINKAGE_SURNAME] == other ? OF_BOTH : OF_GIVEN;
}

/* What is no attribute of its own: an initial, a house number, sex, national ids. */
static double signs(const struct linkage_comparison *c, unsigned story)
{
    const enum origin *of = stories[story].origins;
    double product =
        sign(c->sex, story == LINKAGE_STRANGERS ? -1 : -0.1, stories[story].sex_differs);
    const struct initials *initials = &tell[initials_seen(c)];
    if (of[LINKAGE_GIVEN] == ALIKE)
        product *= sign(c->initials, initials->alike_agree, initials->alike_differ);
    else if (story == LINKAGE_MISNAMED)
        product *= sign(c->initials, -0.3, -2.5);
    else
        product *= sign(c->initials, initials->apart_agree, -0.1);
    if (of[LINKAGE_STREET] == ALIKE)
        product *= sign(c->number, -0.2, -3);
    else
        product *= sign(c->number, -4.2, -0.1);
    if (story < LINKAGE_ONE_PERSON)
        product *= sign(c->national, -0.1, -10);
    else
        product *= sign(c->national, -20, 0);
    return product;
}

void linkage_tell(const struct linkage_scale *scale, const struct linkage_comparison *c,
                  double ret[static LINKAGE_STORIES])
{
    double by[LINKAGE_ATTRIBUTES][ORIGINS];
    for (unsigned a = 0; a < LINKAGE_ATTRIBUTES; a++) {
        by[a][ALIKE] = chance_of(c->levels[a], scale->levels[a]);
        by[a][APART] = apart(c, a);
        by[a][FAMILY] = FAMILY_SHARE * by[a][ALIKE] + (1 - FAMILY_SHARE) * by[a][APART];
        by[a][SIBLING] = siblings(c->levels[a]);
        by[a][KIN] = kin(c, a);
    }
    for (unsigned s = 0; s < LINKAGE_STORIES; s++) {
        ret[s] = scale->priors[s] * signs(c, s);
        for (unsigned a = 0; a < LINKAGE_ATTRIBUTES; a++)
            ret[s] *= by[a][stories[s].origins[a]];
    }
}

bool linkage_story_keeps(unsigned story, unsigned attribute)
{
    return stories[story].origins[attribute] == ALIKE;
}

static double odds(const double told[static LINKAGE_STORIES])
{
    double one_person = 0, others = 0;
    for (unsigned s = 0; s < LINKAGE_STORIES; s++)
        *(s < LINKAGE_ONE_PERSON ? &one_person : &others) += told[s];
    return log2(one_person / others);
}

double linkage_weigh(const struct linkage_scale *scale, const struct linkage_record *a,
                     const struct linkage_record *b)
{
    struct linkage_comparison c;
    double told[LINKAGE_STORIES];
    linkage_compare(scale->blocks, a, b, &c);
    linkage_tell(scale, &c, told);
    return odds(told);
}

static double met_odds(const struct linkage_scale *scale, const struct linkage_comparison *c)
{
    double told[LINKAGE_STORIES];
    linkage_tell(scale, c, told);
    told[LINKAGE_STRANGERS] /= scale->priors[LINKAGE_STRANGERS];
    return odds(told);
}

double linkage_weigh_met(const struct linkage_scale *scale, const struct linkage_record *a,
                         const struct linkage_record *b, bool blind)
{
    struct linkage_comparison c;
    linkage_compare(scale->blocks, a, b, &c);
    if (blind)
        c.national = LINKAGE_UNSEEN;
    if (!linkage_disagree(a, b))
        return met_odds(scale, &c);
    double best = -INFINITY; /* for whichever of the three may still be the same */
    for (unsigned same = LINKAGE_GIVEN; same <= LINKAGE_BIRTH; same++) {
        struct linkage_comparison d = c;
        for (unsigned i = LINKAGE_GIVEN; i <= LINKAGE_BIRTH; i++)
            d.levels[i] = i == same ? LINKAGE_ANY_LEVEL : LINKAGE_LEVEL_BIT(LINKAGE_OTHER);
        best = fmax(best, met_odds(scale, &d));
    }
    return best;
}
