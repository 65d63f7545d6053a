/* linkage.h - who is one person by linkage recipes alone: a pure function.
 *
 * Two records are weighed by which recipes agree. Recipes overlap, so what is
 * weighed is not recipes but the attributes they cover: each counts once, at the
 * level that the recipes show, with the chance that its value is shared here. The
 * odds are those of "one person" (who stayed, moved, took another name) against
 * every other story: strangers (of whom there are as many as the population, so
 * the bar rises with it), a household, twins, father and son of one name. What
 * slips are usual is fitted to the records themselves.
 *
 * Links are taken strongest first; one that joins two clusters must be borne out
 * by the records across them, and clusters have a limit. Nothing depends on the
 * order of the records: ties are broken by their keys. docs/LINKAGE.md tells how
 * the numbers were found. No store, no clock, no key. Any thread.
 */
#ifndef DUNLIN_HUB_LINKAGE_H
#define DUNLIN_HUB_LINKAGE_H

#include "hub/watch.h"
#include "platform/err.h"
#include "sync/recipe.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a person decided of two records, by place. */
struct linkage_verdict {
    uint32_t a, b;
    bool same;
};

/* Two records that stood beside one contact, such as a household may share. */
struct linkage_met {
    uint32_t a, b; /* by place; a < b */
    float bits;    /* answer: log2 of the odds that they are one person rather than two of
                      those who share a contact */
};

struct linkage_rules {
    double upper_bits;                      /* log2 of the odds that a link needs */
    double lower_bits;                      /* and of those that a person should look at */
    uint32_t cluster_max;                   /* records in one cluster */
    uint32_t block_max;                     /* a token held by more records proposes no pairs */
    const struct linkage_verdict *verdicts; /* stand above any bits */
    size_t verdict_count;
    struct linkage_met *met; /* by a, then b; each once. Weighed before all others */
    size_t met_count;
    /* Called once they are: may change groups and nationals. NULL: nothing to do. */
    enum dl_err (*regroup)(void *ctx);
    void *ctx;
    const struct watch *watch; /* of the records as they are compared; NULL: nobody asks */
};
struct linkage_rules linkage_defaults(void);

#define LINKAGE_NATIONALS_MAX 3 /* the smallest of a group count */

struct linkage_record {
    uint64_t key;                  /* distinct; survives any order of arrival */
    uint64_t tokens[RECIPE_COUNT]; /* by number of the recipe, hashed; 0: none */
    uint32_t group;                /* records of one group are one person beforehand */
    uint64_t nationals[LINKAGE_NATIONALS_MAX]; /* the group's national ids, hashed; 0: none */
};

enum linkage_state { LINKAGE_LINKED, LINKAGE_REVIEW };

struct linkage_link {
    uint32_t a, b; /* records, by place; the smaller key is a's */
    float bits;
    enum linkage_state state;
};

struct linkage_result {
    uint32_t *clusters; /* a record's: the place of its member with the smallest key */
    struct linkage_link *links;
    size_t link_count;
    uint64_t pairs_weighed;
};

/* Overwrites the tokens of `records` as it goes. ret's arrays are the caller's to
 * give back with linkage_done(). DL_E_NOMEM. */
DL_MUST_CHECK enum dl_err linkage_run(struct linkage_record *records, uint32_t count,
                                      const struct linkage_rules *rules,
                                      struct linkage_result *ret);
void linkage_done(struct linkage_result *result);

/* What the whole attributes among `parts` (RECIPE_BIT of each) usually tell, in bits. */
double linkage_usual_bits(uint32_t parts);
#define LINKAGE_BITS_WHOLE                                                                     \
    28 /* both names and the birth date, or names and a whole address: equal sets are one */
#define LINKAGE_BITS_MIN 22 /* a surname and a birth date; with fewer it is nobody's record */

#endif
