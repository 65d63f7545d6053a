/* The scale: what agreement and disagreement of two records is worth, in bits. */
#include "hub/linkage_internal.h"

#include <math.h>
#include <stdbool.h>

#define BIT RECIPE_BIT

enum attribute { GIVEN, SURNAME, BIRTH, POSTCODE, STREET, CITY, ATTRIBUTES };

/* How an attribute came out. */
enum level {
    UNKNOWN, /* not in both records */
    SAME,    /* as a whole, or in sound */
    NEAR,    /* two ends, as after a slip in the middle */
    PART,    /* one end, or two thirds of a date */
    OTHER,   /* nothing confirms it */
    LEVELS
};

/* The parts that show an attribute at a level. */
static const struct {
    uint32_t has, same, one, other;
} shows[ATTRIBUTES] = {
    [GIVEN] = {BIT(RECIPE_GIVEN_SOUND), BIT(RECIPE_GIVEN_SOUND) | BIT(RECIPE_GIVEN_EXACT),
               BIT(RECIPE_GIVEN_HEAD), BIT(RECIPE_GIVEN_TAIL)},
    [SURNAME] = {BIT(RECIPE_SURNAME_SOUND),
                 BIT(RECIPE_SURNAME_SOUND) | BIT(RECIPE_SURNAME_EXACT),
                 BIT(RECIPE_SURNAME_HEAD), BIT(RECIPE_SURNAME_TAIL)},
    [BIRTH] = {BIT(RECIPE_BIRTH), BIT(RECIPE_BIRTH),
               BIT(RECIPE_BIRTH_YEAR_MONTH) | BIT(RECIPE_BIRTH_YEAR_DAY) |
                   BIT(RECIPE_BIRTH_MONTH_DAY),
               0},
    [POSTCODE] = {BIT(RECIPE_POSTCODE), BIT(RECIPE_POSTCODE), BIT(RECIPE_POSTCODE_HEAD),
                  BIT(RECIPE_POSTCODE_TAIL)},
    [STREET] = {BIT(RECIPE_STREET_SOUND), BIT(RECIPE_STREET_SOUND), 0, 0},
    [CITY] = {BIT(RECIPE_CITY_SOUND), BIT(RECIPE_CITY_SOUND), 0, 0},
};

/* Bits of agreeing by chance where nothing is known of the value, and of one end. */
static const double prior_bits[ATTRIBUTES] = {6.5, 8.5, 14, 9.5, 8, 5.5};
static const double near_bits[ATTRIBUTES] = {10, 12, 8.5, 6, 0, 0};
static const double part_bits[ATTRIBUTES] = {6, 6.5, 8.5, 4, 0, 0};

/* log2 of how often records of one person come out at each level. */
static const double one_person[ATTRIBUTES][LEVELS] = {
    [GIVEN] = {0, -0.2, -5, -5, -4.8},      [SURNAME] = {0, -0.2, -5, -5, -4.8},
    [BIRTH] = {0, -0.15, -4.5, -4.5, -6.5}, [POSTCODE] = {0, -0.4, -4.5, -4.5, -3},
    [STREET] = {0, -0.4, 0, 0, -2.6},       [CITY] = {0, -0.3, 0, 0, -3},
};

/* Other stories than one person or strangers. An entry that is STRANGERS comes out
 * as between strangers; `prior` is log2 of how many a person has of such others. */
#define STRANGERS 99.0
struct story {
    double prior;
    double levels[ATTRIBUTES][LEVELS];
    double sex_same, sex_other;
};
#define AT_HOME                                                                                \
    [POSTCODE] = {0, -0.2, -6, -6, -3.5}, [STREET] = {0, -0.3, 0, 0, -3},                      \
    [CITY] = {0, -0.2, 0, 0, -3.5}
#define BY_CHANCE                                                                              \
    {                                                                                          \
        0, STRANGERS, STRANGERS, STRANGERS, STRANGERS                                          \
    }
static const struct story stories[] = {
    {1.5,
     {[GIVEN] = BY_CHANCE, [SURNAME] = {0, -0.5, -6, -6, -1.7}, [BIRTH] = BY_CHANCE, AT_HOME},
     -1,
     -1},
    /* Twins: names in the family often start or end alike. */
    {-7,
     {[GIVEN] = {0, -8, -6, -2.5, -0.3},
      [SURNAME] = {0, -0.2, -6, -6, -3},
      [BIRTH] = {0, -0.2, -6, -6, -6},
      AT_HOME},
     -0.6,
     -1.6},
    /* Father and son, or cousins, of one name. */
    {-7,
     {[GIVEN] = {0, -0.3, -6, -6, -7},
      [SURNAME] = {0, -0.3, -6, -6, -6},
      [BIRTH] = BY_CHANCE,
      AT_HOME},
     -0.1,
     -4},
};

/* What two records say of each other. */
struct comparison {
    uint32_t agreed; /* RECIPE_BIT of every part that an agreeing recipe covers */
    uint32_t both;   /* of every part that either has with any partner */
    enum level levels[ATTRIBUTES];
    double bits[ATTRIBUTES]; /* of agreeing by chance, if SAME */
    int number;              /* house number: 1 same, -1 other, 0 unknown */
    int sex;
    bool initial;
};

static bool holds(const struct linkage_record *r, unsigned no)
{
    return r->tokens[no] != 0;
}

static bool agrees(const struct linkage_record *a, const struct linkage_record *b, unsigned no)
{
    return holds(a, no) && a->tokens[no] == b->tokens[no] && a->tokens[no] != LINKAGE_ALONE;
}

static enum level level_of(const struct comparison *c, enum attribute which)
{
    if (!(c->both & shows[which].has))
        return UNKNOWN;
    if (c->agreed & shows[which].same)
        return SAME;
    bool one = c->agreed & shows[which].one, other = c->agreed & shows[which].other;
    return one && other ? NEAR : one || other ? PART : OTHER;
}

/* Recipes whose parts are all whole attributes tell how rare a pair of values is. */
#define WHOLE                                                                                  \
    (BIT(RECIPE_GIVEN_SOUND) | BIT(RECIPE_SURNAME_SOUND) | BIT(RECIPE_BIRTH) |                 \
     BIT(RECIPE_POSTCODE) | BIT(RECIPE_STREET_SOUND) | BIT(RECIPE_CITY_SOUND))

struct rarity {
    enum attribute x, y;
    double bits, trust;
};

/* The posterior of a gamma prior about the usual bits, after counting the others
 * that hold this token: what is common loses bits, what is rare in a large
 * population gains, what a small one cannot know stays as it was. */
static struct rarity rarity_of(const struct linkage_scale *scale, unsigned no, uint64_t token,
                               enum attribute x, enum attribute y)
{
    const double shape = 0.6;
    double expected = exp2(-(prior_bits[x] + prior_bits[y]));
    double others =
        scale->blocks->at[token].holders > 2 ? scale->blocks->at[token].holders - 2.0 : 0;
    double carriers = scale->blocks->carriers[no];
    double known = others + carriers * expected;
    return (struct rarity){.x = x,
                           .y = y,
                           .bits = -log2((shape + others) / (shape / expected + carriers)),
                           .trust = known / (known + shape)};
}

static size_t attributes_of(const struct recipe *recipe, enum attribute ret[static 2])
{
    size_t count = 0;
    for (unsigned a = 0; a < ATTRIBUTES && count < 2; a++)
        if (recipe->mask & shows[a].has)
            ret[count++] = (enum attribute)a;
    return count;
}

/* Fits bits of single attributes to those of the pairs, in a few sweeps. */
static void fit(struct comparison *c, const struct rarity *pairs, size_t count)
{
    for (unsigned sweep = 0; sweep < 4; sweep++)
        for (size_t i = 0; i < count; i++) {
            const struct rarity *p = &pairs[i];
            double lacking = p->bits - c->bits[p->x] - c->bits[p->y];
            c->bits[p->x] += 0.4 * p->trust * lacking;
            c->bits[p->y] += 0.4 * p->trust * lacking;
        }
    for (unsigned a = 0; a < ATTRIBUTES; a++)
        c->bits[a] = c->bits[a] < 0.5 ? 0.5 : c->bits[a];
}

/* A town is known by its postcode, and a street lies in one. */
static void condition(struct comparison *c)
{
    if (c->levels[POSTCODE] == SAME) {
        if (c->levels[STREET] == SAME && c->bits[STREET] > 5)
            c->bits[STREET] = 5;
        c->bits[CITY] = 0.5;
    } else if (c->levels[CITY] == SAME && c->levels[STREET] == SAME && c->bits[STREET] > 6) {
        c->bits[STREET] = 6;
    }
}

static void compare(const struct linkage_scale *scale, const struct linkage_record *a,
                    const struct linkage_record *b, struct comparison *c)
{
    struct rarity pairs[RECIPE_COUNT];
    size_t pair_count = 0;
    uint32_t of_a = 0, of_b = 0;
    *c = (struct comparison){.agreed = 0};
    for (unsigned no = 0; no < RECIPE_COUNT; no++) {
        const struct recipe *recipe = recipe_at(no);
        of_a |= holds(a, no) ? recipe->mask : 0;
        of_b |= holds(b, no) ? recipe->mask : 0;
        if (!agrees(a, b, no))
            continue;
        c->agreed |= recipe->mask;
        enum attribute two[2];
        if (!(recipe->mask & ~(uint32_t)WHOLE) && attributes_of(recipe, two) == 2)
            pairs[pair_count++] = rarity_of(scale, no, a->tokens[no], two[0], two[1]);
    }
    c->both = of_a & of_b;
    for (unsigned i = 0; i < ATTRIBUTES; i++) {
        c->levels[i] = level_of(c, (enum attribute)i);
        c->bits[i] = prior_bits[i];
    }
    fit(c, pairs, pair_count);
    condition(c);
    if (c->both & BIT(RECIPE_STREET_NUMBER) && c->levels[STREET] == SAME &&
        c->levels[CITY] == SAME)
        c->number = c->agreed & BIT(RECIPE_STREET_NUMBER) ? 1 : -1;
    if (c->both & BIT(RECIPE_SEX) && c->levels[SURNAME] == SAME && c->levels[BIRTH] == SAME)
        c->sex = c->agreed & BIT(RECIPE_SEX) ? 1 : -1;
    c->initial = c->agreed & BIT(RECIPE_GIVEN_INITIAL);
}

/* log2 of how likely strangers come out so in one attribute. */
static double by_chance(const struct comparison *c, enum attribute which)
{
    switch (c->levels[which]) {
    case SAME:
        return -c->bits[which];
    case NEAR:
        return -near_bits[which];
    case PART:
        return -part_bits[which];
    default:
        return 0;
    }
}

/* Who moves changes postcode, street and town at once, and pays once. */
static bool moved(const struct comparison *c)
{
    unsigned other = 0;
    for (unsigned a = POSTCODE; a <= CITY; a++) {
        if (c->levels[a] != OTHER && c->levels[a] != UNKNOWN)
            return false;
        other += c->levels[a] == OTHER;
    }
    return other > 1;
}

static double as_one_person(const struct comparison *c)
{
    double sum = moved(c) ? -4.2 : 0;
    for (unsigned a = 0, end = moved(c) ? POSTCODE : ATTRIBUTES; a < end; a++)
        sum += one_person[a][c->levels[a]];
    sum += c->number < 0 ? -3 : 0;
    sum += c->sex < 0 ? -6 : 0;
    return sum;
}

static double as_strangers(const struct linkage_scale *scale, const struct comparison *c)
{
    double sum = scale->population_bits;
    for (unsigned a = 0; a < ATTRIBUTES; a++)
        sum += by_chance(c, (enum attribute)a);
    sum += c->number > 0 ? -4 : 0;
    sum += c->sex != 0 ? -1 : 0;
    sum += c->initial && c->levels[GIVEN] == UNKNOWN ? -3.5 : 0;
    return sum;
}

static double as_story(const struct story *story, const struct comparison *c)
{
    double sum = story->prior;
    for (unsigned a = 0; a < ATTRIBUTES; a++) {
        double bits = story->levels[a][c->levels[a]];
        sum += bits >= STRANGERS ? by_chance(c, (enum attribute)a) : bits;
    }
    sum += c->number < 0 ? -3 : 0;
    sum += c->sex > 0 ? story->sex_same : c->sex < 0 ? story->sex_other : 0;
    sum += c->initial && c->levels[GIVEN] == UNKNOWN ? -2 : 0;
    return sum;
}

double linkage_weigh(const struct linkage_scale *scale, const struct linkage_record *a,
                     const struct linkage_record *b)
{
    struct comparison c;
    compare(scale, a, b, &c);
    double others = exp2(as_strangers(scale, &c));
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++)
        others += exp2(as_story(&stories[i], &c));
    return as_one_person(&c) - log2(others);
}
