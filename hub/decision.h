/* decision.h - what a person decided of identifiers, and how it is taken back.
 *
 * A decision is kept beside the evidence and never merged into it, so that every
 * one can be undone: undoing computes again what hangs on it, and the profiles are
 * those that would be had it never been made. Decisions name identifiers by key;
 * a profile's id is the key of one. Those about an identifier go when it is erased.
 *
 * Each act is one transaction with its line in the audit log; `who` is the actor of
 * that line. *ret_no is what decision_undo takes. An id is p_ or i_ and 24 hex
 * digits. DL_E_INPUT: not an id, or two of one person where one cannot be both;
 * DL_E_NOT_FOUND: nobody of this id.
 */
#ifndef DUNLIN_HUB_DECISION_H
#define DUNLIN_HUB_DECISION_H

#include "hub/store.h"
#include "platform/err.h"
#include "platform/json.h"

#include <stddef.h>
#include <stdint.h>

#define DECISION_PAIRS_MAX 20000 /* of one split */
#define DECISION_PAGE_MAX  1000

/* The identifier that an id names, inside a transaction. */
DL_MUST_CHECK enum dl_err decision_node(struct store *st, const char *id,
                                        struct store_node *ret);

/* Two identifiers are (ALWAYS) or are not (NEVER) one person's. */
DL_MUST_CHECK enum dl_err decision_pair(struct store *st, enum store_decision_kind kind,
                                        const char *a, const char *b, const char *who,
                                        int64_t now_ms, int64_t *ret_no);
/* The value is nobody's: it joins nobody, and events with nothing else are nobody's.
 * `key` may be one that was never seen. */
DL_MUST_CHECK enum dl_err decision_block(struct store *st,
                                         const uint8_t key[static STORE_NODE_KEY_BYTES],
                                         const char *who, int64_t now_ms, int64_t *ret_no);
/* Parts identifiers of a profile from its others, for good: a NEVER between each two.
 * DL_E_REJECTED: they are not some, but not all, of what can be parted there, or
 * more than DECISION_PAIRS_MAX pairs. */
DL_MUST_CHECK enum dl_err decision_split(struct store *st, const char *profile,
                                         const char *const *apart, size_t count,
                                         const char *who, int64_t now_ms, int64_t *ret_no);
/* Takes back one act, with all that it decided. DL_E_NOT_FOUND: none that stands. */
DL_MUST_CHECK enum dl_err decision_undo(struct store *st, int64_t no, const char *who,
                                        int64_t now_ms);

/* [{"no","kind","a","b","pairs","time","undone"}], an act each, those after a no, at
 * most `limit` (0: all); a transaction of its own. The caller json_decref()s it. */
DL_MUST_CHECK enum dl_err decision_list(struct store *st, int64_t after, int64_t limit,
                                        json_t **ret);

#endif
