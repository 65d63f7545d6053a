/* explain.h - why a profile is one, and why it is not one with its neighbours.
 *
 * Computes the profile's blob again from its evidence, the decisions and the rules,
 * as match.h does, and tells which edges joined it, what else bears it out, and
 * what was kept out by a limit or a decision. Works on any store handle, inside a
 * transaction of the caller (STORE_READ).
 */
#ifndef DUNLIN_HUB_EXPLAIN_H
#define DUNLIN_HUB_EXPLAIN_H

#include "hub/store.h"
#include "platform/err.h"
#include "platform/json.h"

/* {"profile_id","identifiers":[…],"joined":[…],"also":[…],"kept_out":[…],"several":[…]}; the
 * caller json_decref()s it. `id` may be a former one, or an identifier's. DL_E_INPUT: not an
 * id. DL_E_NOT_FOUND. */
DL_MUST_CHECK enum dl_err explain_profile(struct store *st, const char *id, json_t **ret);

/* The same as lines for a person. */
void explain_print(const json_t *explanation);

#endif
