/* Which attributes of two records agree, and how telling that is here. */
#include "hub/linkage_internal.h"

#include <math.h>
#include <stdbool.h>

#define BIT         RECIPE_BIT
#define INITIALS    (BIT(RECIPE_GIVEN_INITIAL) | BIT(RECIPE_SURNAME_INITIAL))
#define SOUNDS      (BIT(RECIPE_GIVEN_SOUND) | BIT(RECIPE_SURNAME_SOUND))
#define NAMES       (INITIALS | SOUNDS) /* what recipes take either way */
#define STREET_BITS 5                   /* of a street within a place */

/* The parts that show an attribute: as a whole, or at either end. */
static const struct {
    uint32_t whole, one, other;
    double bits; /* of agreeing by chance where nothing is known of the value */
} shows[LINKAGE_ATTRIBUTES] = {
    [LINKAGE_GIVEN] = {BIT(RECIPE_GIVEN_SOUND), BIT(RECIPE_GIVEN_HEAD), BIT(RECIPE_GIVEN_TAIL),
                       6.5},
    [LINKAGE_SURNAME] = {BIT(RECIPE_SURNAME_SOUND), BIT(RECIPE_SURNAME_HEAD),
                         BIT(RECIPE_SURNAME_TAIL), 8.5},
    [LINKAGE_BIRTH] = {BIT(RECIPE_BIRTH),
                       BIT(RECIPE_BIRTH_YEAR_MONTH) | BIT(RECIPE_BIRTH_YEAR_DAY) |
                           BIT(RECIPE_BIRTH_MONTH_DAY),
                       0, 14},
    [LINKAGE_POSTCODE] = {BIT(RECIPE_POSTCODE), BIT(RECIPE_POSTCODE_HEAD),
                          BIT(RECIPE_POSTCODE_TAIL), 9.5},
    [LINKAGE_STREET] = {BIT(RECIPE_STREET_HEAD), 0, 0, 8},
    [LINKAGE_CITY] = {BIT(RECIPE_CITY_HEAD), 0, 0, 5.5},
};

/* A town is known by its postcode, and a street lies in one. */
double linkage_usual_bits(uint32_t parts)
{
    double sum = 0;
    for (unsigned a = 0; a < LINKAGE_ATTRIBUTES; a++)
        if (parts & shows[a].whole)
            sum += shows[a].bits;
    if (parts & shows[LINKAGE_POSTCODE].whole && parts & shows[LINKAGE_CITY].whole)
        sum -= shows[LINKAGE_CITY].bits;
    if (parts & shows[LINKAGE_STREET].whole)
        sum -= shows[LINKAGE_STREET].bits - STREET_BITS;
    return sum;
}

/* RECIPE_BIT of parts that both records have, that agree, and that do not. */
struct parts {
    uint32_t both, agree, differ;
};

static bool agrees(const struct linkage_record *a, const struct linkage_record *b, unsigned no)
{
    return a->tokens[no] && a->tokens[no] == b->tokens[no] && a->tokens[no] != LINKAGE_ALONE;
}

/* A token that differs tells of a part when all its other parts agree; exchanged
 * names agree with each other and with nothing else. */
static struct parts parts_of(const struct linkage_record *a, const struct linkage_record *b)
{
    struct parts p = {0, 0, 0};
    uint32_t of_a = 0, of_b = 0, in_order = 0;
    for (unsigned no = 0; no < RECIPE_COUNT; no++) {
        uint32_t mask = recipe_at(no)->mask;
        of_a |= a->tokens[no] ? mask : 0;
        of_b |= b->tokens[no] ? mask : 0;
        p.agree |= agrees(a, b, no) ? mask : 0;
        in_order |= agrees(a, b, no) ? mask & ~(recipe_at(no)->exchanges ? NAMES : 0) : 0;
    }
    bool both_names = (p.agree & SOUNDS) == SOUNDS;
    uint32_t either_way = p.agree | (both_names ? INITIALS : 0);
    for (unsigned no = 0; no < RECIPE_COUNT; no++) {
        const struct recipe *recipe = recipe_at(no);
        uint32_t in_doubt = recipe->mask & ~(recipe->exchanges ? either_way : in_order);
        bool single = in_doubt && !(in_doubt & (in_doubt - 1));
        if (single && a->tokens[no] && b->tokens[no])
            p.differ |= in_doubt & ~p.agree;
    }
    p.both = of_a & of_b;
    return p;
}

/* Any of several parts agrees, or all are seen and do not. */
static enum linkage_sign sign_of(const struct parts *p, uint32_t parts)
{
    if (p->agree & parts)
        return LINKAGE_AGREES;
    return (p->differ & parts) == parts ? LINKAGE_DIFFERS : LINKAGE_UNSEEN;
}

/* The initials of both names stand in recipes with one partner: if that agrees and
 * the recipe does not, they differ. */
static enum linkage_sign initials_of(const struct linkage_record *a,
                                     const struct linkage_record *b, uint32_t agree)
{
    enum linkage_sign sign = LINKAGE_UNSEEN;
    for (unsigned no = 0; no < RECIPE_COUNT && sign != LINKAGE_AGREES; no++) {
        uint32_t mask = recipe_at(no)->mask;
        if ((mask & INITIALS) != INITIALS || !a->tokens[no] || !b->tokens[no])
            continue;
        if (agrees(a, b, no))
            sign = LINKAGE_AGREES;
        else if (!(mask & ~INITIALS & ~agree))
            sign = LINKAGE_DIFFERS;
    }
    return sign;
}

static uint8_t levels_of(const struct parts *p, unsigned which)
{
    if (!(p->both & shows[which].whole))
        return LINKAGE_ANY_LEVEL;
    enum linkage_sign whole = sign_of(p, shows[which].whole);
    enum linkage_sign one = sign_of(p, shows[which].one);
    enum linkage_sign other = sign_of(p, shows[which].other);
    if (whole == LINKAGE_AGREES && one == LINKAGE_DIFFERS && other == LINKAGE_DIFFERS &&
        shows[which].other)
        return LINKAGE_LEVEL_BIT(LINKAGE_NEAR); /* heard alike, written otherwise */
    if (whole == LINKAGE_AGREES)
        return LINKAGE_LEVEL_BIT(LINKAGE_SAME);
    unsigned levels = whole == LINKAGE_UNSEEN ? LINKAGE_LEVEL_BIT(LINKAGE_SAME) : 0;
    if (one != LINKAGE_DIFFERS && other != LINKAGE_DIFFERS)
        levels |= LINKAGE_LEVEL_BIT(LINKAGE_NEAR);
    if (one != other || one == LINKAGE_UNSEEN)
        levels |= LINKAGE_LEVEL_BIT(LINKAGE_PART);
    if (one != LINKAGE_AGREES && other != LINKAGE_AGREES)
        levels |= LINKAGE_LEVEL_BIT(LINKAGE_OTHER);
    return (uint8_t)levels;
}

/* ---- how rare a value is --------------------------------------------------------------- */

/* Recipes whose parts are all whole attributes tell how rare a pair of values is. */
struct rarity {
    unsigned x, y;
    double bits, trust;
};

static size_t attributes_of(uint32_t mask, unsigned ret[static 2])
{
    size_t count = 0;
    for (unsigned a = 0; a < LINKAGE_ATTRIBUTES && count < 2; a++)
        if (mask & shows[a].whole) {
            ret[count++] = a;
            mask &= ~shows[a].whole;
        }
    return mask ? 0 : count;
}

/* The posterior of a gamma prior about the usual bits, after counting the others
 * that hold this token: what is common loses bits, what is rare in a large
 * population gains, what a small one cannot know stays as it was. */
static struct rarity rarity_of(const struct linkage_blocks *blocks, unsigned no, uint64_t token,
                               unsigned x, unsigned y)
{
    const double shape = 0.6;
    double expected = exp2(-(shows[x].bits + shows[y].bits));
    uint32_t holders = blocks->at[token].holders;
    double others = holders > 2 ? holders - 2.0 : 0; /* than the two compared */
    double carriers = blocks->carriers[no];
    double known = others + carriers * expected;
    return (struct rarity){.x = x,
                           .y = y,
                           .bits = -log2((shape + others) / (shape / expected + carriers)),
                           .trust = known / (known + shape)};
}

/* Fits bits of single attributes to those of the pairs, in a few sweeps. */
static void fit(double bits[static LINKAGE_ATTRIBUTES], const struct rarity *pairs,
                size_t count)
{
    for (unsigned sweep = 0; sweep < 4; sweep++)
        for (size_t i = 0; i < count; i++) {
            const struct rarity *p = &pairs[i];
            double lacking = p->bits - bits[p->x] - bits[p->y];
            bits[p->x] += 0.4 * p->trust * lacking;
            bits[p->y] += 0.4 * p->trust * lacking;
        }
    for (unsigned a = 0; a < LINKAGE_ATTRIBUTES; a++)
        bits[a] = bits[a] < 0.5 ? 0.5 : bits[a];
}

/* A town is known by its postcode, and a street lies in one. */
static void condition(double bits[static LINKAGE_ATTRIBUTES], const uint8_t *levels)
{
    bool postcode = levels[LINKAGE_POSTCODE] == LINKAGE_LEVEL_BIT(LINKAGE_SAME);
    bool city = levels[LINKAGE_CITY] == LINKAGE_LEVEL_BIT(LINKAGE_SAME);
    if (postcode)
        bits[LINKAGE_CITY] = 0.5;
    if (postcode && bits[LINKAGE_STREET] > STREET_BITS)
        bits[LINKAGE_STREET] = STREET_BITS;
    else if (city && bits[LINKAGE_STREET] > 6)
        bits[LINKAGE_STREET] = 6;
}

static void measure(const struct linkage_blocks *blocks, const struct linkage_record *a,
                    const struct linkage_record *b, struct linkage_comparison *c)
{
    struct rarity pairs[RECIPE_COUNT];
    size_t count = 0;
    double bits[LINKAGE_ATTRIBUTES];
    for (unsigned no = 0; no < RECIPE_COUNT; no++) {
        unsigned two[2];
        if (agrees(a, b, no) && attributes_of(recipe_at(no)->mask, two) == 2)
            pairs[count++] = rarity_of(blocks, no, a->tokens[no], two[0], two[1]);
    }
    for (unsigned i = 0; i < LINKAGE_ATTRIBUTES; i++)
        bits[i] = shows[i].bits;
    fit(bits, pairs, count);
    condition(bits, c->levels);
    for (unsigned i = 0; i < LINKAGE_ATTRIBUTES; i++)
        c->chance[i] = (float)exp2(-bits[i]);
}

bool linkage_disagree(const struct linkage_record *a, const struct linkage_record *b)
{
    const uint32_t wanted = SOUNDS | BIT(RECIPE_BIRTH);
    uint32_t of_a = 0, of_b = 0;
    for (unsigned no = 0; no < RECIPE_COUNT; no++) {
        if (agrees(a, b, no))
            return false;
        of_a |= a->tokens[no] ? recipe_at(no)->mask : 0;
        of_b |= b->tokens[no] ? recipe_at(no)->mask : 0;
    }
    return (of_a & of_b & wanted) == wanted;
}

static enum linkage_sign nationals_of(const struct linkage_record *a,
                                      const struct linkage_record *b)
{
    if (!a->nationals[0] || !b->nationals[0])
        return LINKAGE_UNSEEN;
    for (size_t i = 0; i < LINKAGE_NATIONALS_MAX; i++)
        for (size_t j = 0; j < LINKAGE_NATIONALS_MAX; j++)
            if (a->nationals[i] && a->nationals[i] == b->nationals[j])
                return LINKAGE_AGREES;
    return LINKAGE_DIFFERS;
}

void linkage_compare(const struct linkage_blocks *blocks, const struct linkage_record *a,
                     const struct linkage_record *b, struct linkage_comparison *ret)
{
    struct parts p = parts_of(a, b);
    *ret = (struct linkage_comparison){.initials = LINKAGE_UNSEEN};
    for (unsigned i = 0; i < LINKAGE_ATTRIBUTES; i++)
        ret->levels[i] = levels_of(&p, i);
    measure(blocks, a, b, ret);
    ret->initials = (uint8_t)initials_of(a, b, p.agree);
    if (p.both & BIT(RECIPE_STREET_NUMBER))
        ret->number = (uint8_t)sign_of(&p, BIT(RECIPE_STREET_NUMBER));
    if (p.both & BIT(RECIPE_SEX))
        ret->sex = (uint8_t)sign_of(&p, BIT(RECIPE_SEX));
    ret->national = (uint8_t)nationals_of(a, b);
}
