/* match.h - who is one person: deterministic, order-independent, reversible.
 *
 * An *observation* is a distinct set of identifiers that stood together in an
 * event; observations and their evidence only grow, but for erasure. Identifiers
 * of merging types that hang together in any way lie in one *blob*, which may be
 * too large but never too small. Profiles are computed from all evidence of a
 * blob, the decisions and the rules (partition.h); after new evidence only the
 * blobs that it touched are computed again. Identifiers of attaching types lie in
 * no blob: each belongs to the one person it was seen with, or, once seen with
 * two, to none (*shared*).
 *
 * A profile is named after its identifier with the smallest key. Keys are drawn
 * from the identifier by a keyed hash and never change, so neither partition nor
 * names depend on the order of arrival, and an id once printed leads, through the
 * identifier that it names, to its successor.
 *
 * Everything here runs inside a write transaction of the caller, but for
 * match_rebuild. DL_E_BUSY: another hub process was in between; the transaction
 * has to be rolled back and done again.
 */
#ifndef DUNLIN_HUB_MATCH_H
#define DUNLIN_HUB_MATCH_H

#include "crypto/idhash.h"
#include "hub/rules.h"
#include "hub/store.h"
#include "platform/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* The key under which a token is known, or would be. */
void match_key(const struct id_key *key, const struct match_token *token,
               uint8_t ret[static STORE_NODE_KEY_BYTES]);

/* Finds or makes the observation of each set, and joins what it joins. */
DL_MUST_CHECK enum dl_err match_attach(struct store *st, const struct id_key *key,
                                       const struct rules *rules, struct match_set *sets,
                                       size_t count);

/* Computes anew what hangs on these nodes, after evidence went, a likeness or a
 * decision came or went. Nodes that are not there any more are passed over. */
DL_MUST_CHECK enum dl_err match_refresh(struct store *st, const struct rules *rules,
                                        const int64_t *nodes, size_t count);

/* Everything anew from evidence, likenesses, decisions and the rules in force, in
 * chunks, each a transaction of its own, so that ingest goes on. `progress`: done
 * and total, now and then; may be NULL. */
DL_MUST_CHECK enum dl_err
match_rebuild(struct store *st, void (*progress)(void *ctx, uint64_t done, uint64_t total),
              void *ctx);

#endif
