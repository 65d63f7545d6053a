/* match.h - who is one person: deterministic, order-independent, reversible.
 *
 * An *observation* is a distinct set of identifiers that stood together in an
 * event. Identifiers of a merging type (e-mail, phone, loyalty, account, payment
 * reference, national id) that share an observation are one person, and so on
 * through them. Those of an attaching type (ticket, cookie, device, IP) never
 * join two people: such a node belongs to the one person it was seen with, or,
 * once seen with two, to none (*shared*) and is a profile of its own for events
 * that carry nothing better. All linkage recipes of an event together are one
 * merging identifier; which of those are alike is likeness.h's.
 *
 * A profile is named after its node with the smallest key; keys are drawn from
 * the identifier by a keyed hash, so neither partition nor names depend on the
 * order of arrival. All of it can be computed again from the evidence.
 * Limits per type and blocked values: docs/adr/011.
 */
#ifndef DUNLIN_HUB_MATCH_H
#define DUNLIN_HUB_MATCH_H

#include "crypto/idhash.h"
#include "hub/store.h"
#include "platform/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct match_rule {
    bool merges;
    int rank; /* 1: the best to anchor an observation; 0: not used */
};
struct match_rule match_rule_of(uint8_t type);

struct match_token {
    uint8_t type;
    uint8_t element[GROUP_ELEMENT_BYTES]; /* canonical */
    int64_t erased_ms;                    /* of its tombstone, 0: none. Whoever comes after an
                                             erasure is somebody new, under a new key */
};

struct match_set {
    const struct match_token *tokens;
    size_t count;
    int64_t observation; /* answer; 0: no token that the rules use */
};

/* Finds or makes the observation of each set, and joins what it joins. */
DL_MUST_CHECK enum dl_err match_attach(struct store *st, const struct id_key *key,
                                       struct match_set *sets, size_t count);

/* Sets a node of an attaching type to what the evidence says. */
DL_MUST_CHECK enum dl_err match_settle(struct store *st, int64_t node);

/* The whole partition anew from the evidence and the likenesses. */
DL_MUST_CHECK enum dl_err match_regroup(struct store *st);

/* The same, then the measures from the events. */
DL_MUST_CHECK enum dl_err match_rebuild(struct store *st);

#endif
