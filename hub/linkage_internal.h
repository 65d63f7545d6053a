/* linkage_internal.h - the parts of linkage.h: blocks, the scale, clusters. */
#ifndef DUNLIN_HUB_LINKAGE_INTERNAL_H
#define DUNLIN_HUB_LINKAGE_INTERNAL_H

#include "hub/linkage.h"

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

/* ---- the scale ------------------------------------------------------------------- */

struct linkage_scale {
    const struct linkage_blocks *blocks;
    double population_bits; /* log2 of the records */
};

/* log2 of the odds that two records are one person; the same either way round. */
double linkage_weigh(const struct linkage_scale *scale, const struct linkage_record *a,
                     const struct linkage_record *b);

/* ---- clusters -------------------------------------------------------------------- */

/* Decides every link of the result and fills its clusters. */
DL_MUST_CHECK enum dl_err linkage_cluster(const struct linkage_scale *scale,
                                          const struct linkage_record *records, uint32_t count,
                                          const struct linkage_rules *rules,
                                          struct linkage_result *result);

#endif
