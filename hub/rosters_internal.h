/* rosters_internal.h - what the files of rosters.h share. */
#ifndef DUNLIN_HUB_ROSTERS_INTERNAL_H
#define DUNLIN_HUB_ROSTERS_INTERNAL_H

#include "hub/rosters.h"

/* A roster as the store has it, its document parsed. */
struct roster_kept {
    struct store_roster row; /* its document is not borrowed any more: NULL */
    json_t *document;
};

/* Inside a transaction. The caller ends it with roster_kept_done. DL_E_NOT_FOUND. */
DL_MUST_CHECK enum dl_err roster_kept_load(struct store *st, const char *event,
                                           struct roster_kept *ret);
void roster_kept_done(struct roster_kept *kept);

/* The caller frees with roster_key_free. */
DL_MUST_CHECK enum dl_err roster_kept_key(const struct hub *hub, const struct store_roster *row,
                                          struct roster_key **ret);
void roster_kept_seal(const struct hub *hub, const struct roster_key *key,
                      struct store_roster *row);

/* The head as devices get it: with key, version and the addresses of those that have it, in
 * a transaction. `gate` may be NULL. The caller json_decref()s it. */
DL_MUST_CHECK enum dl_err roster_kept_head(struct store *st, const struct roster_kept *kept,
                                           const struct roster_key *key, const char *gate,
                                           json_t **ret);
/* Whether devices will take it. DL_E_INPUT: `why` says what they would not. */
DL_MUST_CHECK enum dl_err roster_kept_check(struct store *st, const struct roster_kept *kept,
                                            const struct roster_key *key, struct dl_why *why);

#endif
