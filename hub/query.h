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

/* The node of a profile's id, an older one too; its root is the profile. As above. */
DL_MUST_CHECK enum dl_err query_node(struct store *st, const char *id, struct store_node *ret);

/* The id of the profile that holds a canonical token. DL_E_NOT_FOUND. */
DL_MUST_CHECK enum dl_err
query_profile_by_element(struct store *st, const uint8_t element[static GROUP_ELEMENT_BYTES],
                         char ret[static QUERY_PROFILE_ID_BYTES]);

/* The ids of profiles that begin with `prefix`, "p_" and up to 24 hex digits; where none
 * does, of those that such an older id leads to. In the order of their ids, at most
 * `max`; more than that, *ret_count is max + 1. DL_E_INPUT: not the beginning of an id. */
DL_MUST_CHECK enum dl_err query_profiles_like(struct store *st, const char *prefix, size_t max,
                                              char (*ret)[QUERY_PROFILE_ID_BYTES],
                                              size_t *ret_count);

/* An event as exports and timelines tell it. */
DL_MUST_CHECK enum dl_err query_event(const struct store_event_row *row, json_t **ret);

#define QUERY_EVENTS_MAX     200
#define QUERY_EVENTS_DEFAULT 50
struct query_span {
    int64_t since_ms, until_ms; /* from the one, before the other */
    int64_t limit;              /* 1 to QUERY_EVENTS_MAX */
    const char *cursor;         /* `next` of the page before; NULL: the first */
};

/* {"profile_id","events":[...],"next"}: the latest first. An event of a receipt has a
 * "standing": stands, told again (a later event says it), taken back. Errors as
 * query_profile's; DL_E_REJECTED: not a cursor. */
DL_MUST_CHECK enum dl_err query_timeline(struct store *st, const char *id,
                                         const struct query_span *span, json_t **ret);

#define QUERY_PROFILES_MAX 100
struct query_filter {
    const char *currency;   /* NULL: any */
    int64_t spend_min;      /* lifetime, in minor units of it */
    int64_t orders_min;     /* 0: any */
    const char *store;      /* NULL: any */
    int64_t seen_since_ms;  /* last seen; 0: any */
    int64_t seen_before_ms; /* last seen; 0: any */
    int64_t limit;          /* 1 to QUERY_PROFILES_MAX */
    const char *cursor;     /* `next` of the page before; NULL: the first */
};

/* {"profiles":[...],"examined","next"}. A page looks at a bounded number of profiles,
 * so it may hold few or none and still have a `next`. DL_E_REJECTED: not a cursor. */
DL_MUST_CHECK enum dl_err query_find(struct store *st, const struct query_filter *filter,
                                     json_t **ret);

/* {"events","profiles","identifiers","devices","quarantined",...}. */
DL_MUST_CHECK enum dl_err query_stats(struct store *st, json_t **ret);

#endif
