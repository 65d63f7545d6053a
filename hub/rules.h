/* rules.h - which identifiers join people, how far, and which come first.
 *
 * An operator writes them in DIR/identity.conf; `dunlin-hub match rules change`
 * puts them into the store as the next version, which every hub process on that
 * store follows from its next transaction on. A file that was not put changes
 * nothing.
 */
#ifndef DUNLIN_HUB_RULES_H
#define DUNLIN_HUB_RULES_H

#include "hub/store.h"
#include "platform/err.h"
#include "platform/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RULES_FILE  "identity.conf"
#define RULES_TYPES 11 /* identifier types that a hub matches on, and likenesses */

struct rule {
    bool merges;                /* two of such types in one event are one person */
    int64_t priority;           /* 1 is the best: anchors an observation, and keeps its
                                   place where a limit has to part something */
    int64_t values_per_profile; /* more of this type make it two people */
    int64_t profiles_per_value; /* a value that more people's worth stood beside joins none */
    bool shareable;             /* a family may have one in common: joins none once those
                                   beside it plainly are several people (likeness.h) */
};

struct rules {
    struct rule of[RULES_TYPES]; /* by slot */
    int64_t blob_max;
    int64_t version; /* in the store; 0: the built-in ones */
};

/* The place of a type; RULES_TYPES: one that is not matched on. */
size_t rules_slot(uint8_t type);
/* The type of a slot. */
uint8_t rules_type(size_t slot);
/* NULL: not matched on. */
const struct rule *rules_of(const struct rules *rules, uint8_t type);
bool rules_merges(const struct rules *rules, uint8_t type);
/* A merging type of which a family may have one in common. */
bool rules_shareable(const struct rules *rules, uint8_t type);
/* Of `count` distinct values of `type` that stood beside one of `of`: too many? */
bool rules_saturated(const struct rules *rules, uint8_t of, uint8_t type, int64_t count);

struct rules rules_defaults(void);
/* DL_E_NOT_FOUND; DL_E_INPUT: `why` names file, line and key. */
DL_MUST_CHECK enum dl_err rules_load(struct rules *ret, const char *path, struct dl_why *why);
/* A commented file with every default. DL_E_EXISTS. */
DL_MUST_CHECK enum dl_err rules_create(const char *path);

/* Those in force, inside a transaction: the store's newest, or the built-in ones. */
DL_MUST_CHECK enum dl_err rules_current(struct store *st, struct rules *ret);
/* Puts the next version, inside a write transaction. */
DL_MUST_CHECK enum dl_err rules_put(struct store *st, struct rules *rules, const char *who,
                                    int64_t now_ms);
/* {"version","blob_max","types":{"email":{...}}}; the caller json_decref()s it. */
json_t *rules_json(const struct rules *rules);
/* All but the version. */
bool rules_equal(const struct rules *a, const struct rules *b);

#endif
