/* query.h - profiles, stats and exports as people and programs read them.
 *
 * Works on any store handle, inside a transaction of the caller (STORE_READ).
 */
#ifndef DUNLIN_HUB_QUERY_H
#define DUNLIN_HUB_QUERY_H

#include "hub/store.h"
#include "platform/err.h"
#include "platform/json.h"

/* "p_" and 24 hex digits, NUL-terminated. */
#define QUERY_PROFILE_ID_BYTES (2 + 2 * STORE_NODE_KEY_BYTES + 1)
void query_profile_id(const uint8_t key[static STORE_NODE_KEY_BYTES],
                      char ret[static QUERY_PROFILE_ID_BYTES]);

/* Stores, channels, occasions, and categories of one currency: the first so many, by
 * amount, then count, then name. */
#define QUERY_NAMES_MAX 20

/* The profile as JSON; the caller json_decref()s it. An id that was merged into
 * another gives its successor, whose "profile_id" differs. DL_E_INPUT: not an
 * id. DL_E_NOT_FOUND. */
DL_MUST_CHECK enum dl_err query_profile(struct store *st, const char *id, json_t **ret);

/* The same for a root that the store named. */
DL_MUST_CHECK enum dl_err query_profile_of_root(struct store *st, int64_t root,
                                                const uint8_t key[static STORE_NODE_KEY_BYTES],
                                                json_t **ret);

/* The id of the profile that holds a canonical token. DL_E_NOT_FOUND. */
DL_MUST_CHECK enum dl_err
query_profile_by_element(struct store *st, const uint8_t element[static GROUP_ELEMENT_BYTES],
                         char ret[static QUERY_PROFILE_ID_BYTES]);

/* {"events","profiles","identifiers","devices","quarantined",...}. */
DL_MUST_CHECK enum dl_err query_stats(struct store *st, json_t **ret);

#endif
