/* linkage_internal.h - the parts of linkage.h: blocks, comparisons, the scale, its
 * fit, clusters. */
#ifndef DUNLIN_HUB_LINKAGE_INTERNAL_H
#define DUNLIN_HUB_LINKAGE_INTERNAL_H

#include "hub/linkage.h"

#include <stdbool.h>

/* ---- blocks: the records that hold one token ------------------------------------ */

struct linkage_block {
    uint32_t holders; /* groups */
    uint32_t first;   /* into members */
    uint32_t count;   /* of members; 0: too many to propose pairs */
};

struct linkage_blocks {
    struct linkage_block *at; /* from 1: a token of a single record has no block */
    size_t count, cap;
    uint32_t *members;
    size_t member_count, member_cap;
    uint32_t carriers[RECIPE_COUNT]; /* records that have the recipe */
};

/* Where a token held by one record alone points. */
#define LINKAGE_ALONE UINT64_MAX

/* Puts the number of its block in each token's place. */
DL_MUST_CHECK enum dl_err linkage_blocks_make(struct linkage_blocks *ret,
                                              struct linkage_record *records, uint32_t count,
                                              uint32_t block_max);
void linkage_blocks_done(struct linkage_blocks *blocks);

/* ---- what two records say of each other ------------------------------------------- */

enum linkage_attribute {
    LINKAGE_GIVEN,
    LINKAGE_SURNAME,
    LINKAGE_BIRTH,
    LINKAGE_POSTCODE,
    LINKAGE_STREET,
    LINKAGE_CITY,
    LINKAGE_ATTRIBUTES
};

/* How an attribute can come out. */
enum linkage_level {
    LINKAGE_SAME,  /* as a whole, or in sound */
    LINKAGE_NEAR,  /* both ends, as after a slip in the middle */
    LINKAGE_PART,  /* one end, or two thirds of a date */
    LINKAGE_OTHER, /* none of these */
    LINKAGE_LEVELS
};

#define LINKAGE_LEVEL_BIT(level) (1U << (level))
#define LINKAGE_ANY_LEVEL        (LINKAGE_LEVEL_BIT(LINKAGE_LEVELS) - 1)

enum linkage_sign { LINKAGE_UNSEEN, LINKAGE_AGREES, LINKAGE_DIFFERS };

/* A part is seen only beside one that agrees: two tokens may differ for the sake
 * of either. So an attribute comes out as a set of levels that may be meant. */
struct linkage_comparison {
    uint8_t levels[LINKAGE_ATTRIBUTES];      /* LINKAGE_LEVEL_BIT of each; all: unknown */
    uint8_t initials, number, sex, national; /* enum linkage_sign */
    float chance[LINKAGE_ATTRIBUTES];        /* that strangers have this value in common */
};

/* The same either way round. */
void linkage_compare(const struct linkage_blocks *blocks, const struct linkage_record *a,
                     const struct linkage_record *b, struct linkage_comparison *ret);

/* Both names and the birth date are known of both, and no token agrees: so of these
 * three one at the most is the same. */
bool linkage_disagree(const struct linkage_record *a, const struct linkage_record *b);

/* ---- the scale ------------------------------------------------------------------- */

enum linkage_story {
    LINKAGE_STAYED,     /* one person, with slips alone */
    LINKAGE_MOVED,      /* one person at another address */
    LINKAGE_MOVED_NEAR, /* and in the same town */
    LINKAGE_RENAMED,
    LINKAGE_MISNAMED,   /* names exchanged, and a slip as well */
    LINKAGE_ONE_PERSON, /* those before are of one person */
    LINKAGE_STRANGERS = LINKAGE_ONE_PERSON,
    LINKAGE_HOUSEHOLD,
    LINKAGE_TWINS,
    LINKAGE_TWINS_APART,
    LINKAGE_NAMESAKES, /* father and son, cousins */
    LINKAGE_STORIES
};

struct linkage_scale {
    const struct linkage_blocks *blocks;
    /* How often a record comes out so where the true value is the same. */
    double levels[LINKAGE_ATTRIBUTES][LINKAGE_LEVELS];
    /* How many such others a record has. */
    double priors[LINKAGE_STORIES];
};

/* What is usual, for so many records. */
void linkage_scale_init(struct linkage_scale *ret, const struct linkage_blocks *blocks,
                        uint32_t count);

/* How likely each story is to come out like this, times its prior. */
void linkage_tell(const struct linkage_scale *scale, const struct linkage_comparison *c,
                  double ret[static LINKAGE_STORIES]);

/* Is the attribute's true value one in both records, by this story? */
bool linkage_story_keeps(unsigned story, unsigned attribute);

/* log2 of the odds that two records are one person; the same either way round. */
double linkage_weigh(const struct linkage_scale *scale, const struct linkage_record *a,
                     const struct linkage_record *b);

/* The same of two who share a contact, so that they hardly are strangers. `blind`:
 * whatever their national ids, which tell of groups. */
double linkage_weigh_met(const struct linkage_scale *scale, const struct linkage_record *a,
                         const struct linkage_record *b, bool blind);

/* ---- the fit ---------------------------------------------------------------------- */

/* Moves the scale to where these comparisons are likeliest (EM), from what is
 * usual and not far from it while they are few. Their order changes nothing. */
void linkage_fit(struct linkage_scale *scale, const struct linkage_comparison *list,
                 size_t count, double records);

/* ---- clusters -------------------------------------------------------------------- */

/* Decides every link of the result and fills its clusters. */
DL_MUST_CHECK enum dl_err linkage_cluster(const struct linkage_scale *scale,
                                          const struct linkage_record *records, uint32_t count,
                                          const struct linkage_rules *rules,
                                          struct linkage_result *result);

#endif
