/* likeness_contacts.h - contacts of several people, told by the likenesses beside them.
 *
 * A family shares a phone. What stood beside it is weighed in pairs, and where names
 * and birth dates plainly tell two people, the phone is *several people's*: it joins
 * nobody, and each keeps what else is theirs. A contact whose people are one all the
 * same, by other evidence or a decision, stays theirs. Only shareable types are
 * looked at (rules.h). All of it is a function of the evidence.
 */
#ifndef DUNLIN_HUB_LIKENESS_CONTACTS_H
#define DUNLIN_HUB_LIKENESS_CONTACTS_H

#include "hub/linkage.h"
#include "hub/match_internal.h"

/* A pair that stood beside a contact. */
struct contact_pair {
    size_t contact; /* place in the region */
    uint32_t a, b;  /* records, by place; a < b */
};

struct contacts {
    struct contact_pair *pairs; /* by contact */
    size_t pair_count, pair_cap;
    struct linkage_met *met; /* the same, by records, each once */
    size_t met_count;
    size_t *several; /* places of those found to be several people's, ascending */
    float *bits;     /* of each: the most telling pair's */
    size_t several_count;
};

/* Lists the pairs of a whole region. `record_of`: by place in the region, UINT32_MAX
 * where it is none. contacts_done in both cases. */
DL_MUST_CHECK enum dl_err contacts_list(struct contacts *ret, const struct match_region *region,
                                        const uint32_t *record_of);
/* Decides which are several people's, from the bits of `met`, and computes the region
 * anew with them. `node_of`: the place of a record. */
DL_MUST_CHECK enum dl_err contacts_part(struct contacts *c, struct match_region *region,
                                        const size_t *node_of);
void contacts_done(struct contacts *c);

#endif
