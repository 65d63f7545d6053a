/* rosters.h - who may enter which event: imported, shown, and given to gates.
 *
 * A roster is kept as hashes under a key of its own (crypto/roster_key.h), which lies
 * sealed under store.key: the hub holds no ticket code and no order. An import is a
 * difference: what the file says as before keeps its version, what changed gets the next
 * one, and what a whole file does not tell any more counts as removed. Gates fetch by
 * version (sync/roster.h).
 *
 * Each act is one transaction with its line in the audit log; `who` is the actor of that
 * line ("token NAME", "cli:UID").
 */
#ifndef DUNLIN_HUB_ROSTERS_H
#define DUNLIN_HUB_ROSTERS_H

#include "hub/hub.h"
#include "hub/roster_draft.h"
#include "platform/err.h"
#include "platform/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An event as paths and file names can have it: 1 to 64 letters, digits, ".", "_", "-". */
bool rosters_event_fits(const char *event);

/* ---- importing ------------------------------------------------------------------------ */

/* A draft under the key of the event's roster, or a new one where there is none.
 * `timezone`: as the tz database names it; NULL: as the roster has it, else UTC. The
 * caller ends it with roster_draft_done. DL_E_INPUT. */
DL_MUST_CHECK enum dl_err rosters_draft(struct hub *hub, const char *event,
                                        const char *timezone, int64_t now_ms,
                                        struct roster_draft *ret, struct dl_why *why);

struct rosters_change {
    bool created, head_changed;
    uint64_t added, changed, removed, unchanged;
    uint64_t by_hand; /* stay revoked, though the file has them otherwise */
    uint64_t repeats; /* rows that the file had twice */
    uint64_t head_version, ticket_version;
};

/* Makes the roster as the draft has it, or only tells what would be. DL_E_INPUT: `why`
 * says what is wrong with it. DL_E_NOT_FOUND: no tickets and no roster to change.
 * DL_E_BUSY: it was made or removed since rosters_draft; do both again. */
DL_MUST_CHECK enum dl_err rosters_import(struct hub *hub, const struct roster_draft *draft,
                                         bool dry_run, const char *who, int64_t now_ms,
                                         struct rosters_change *ret, struct dl_why *why);
json_t *rosters_change_json(const struct rosters_change *change);

/* ---- looking -------------------------------------------------------------------------- */

/* [{"event","name","tickets","lists","devices","head_version",…}], by event. */
DL_MUST_CHECK enum dl_err rosters_list(struct store *st, json_t **ret);
/* {"event","name","timezone","lists","signers","devices",…}, and no key. DL_E_NOT_FOUND. */
DL_MUST_CHECK enum dl_err rosters_show(struct store *st, const char *event, json_t **ret);
/* {"event","tickets","by_status","products":[{"product","name","tickets","by_status"}]}. */
DL_MUST_CHECK enum dl_err rosters_stats(struct store *st, const char *event, json_t **ret);

/* ---- changing ------------------------------------------------------------------------- */

DL_MUST_CHECK enum dl_err rosters_remove(struct store *st, const char *event, const char *who,
                                         int64_t now_ms);

/* Codes in clear, which the caller wipes; or hashes, as reports name tickets. A revoked
 * ticket stays so, whatever later imports say, until it is taken back. One that is not on
 * the roster is put there, so that a signed one is refused too. *ret_count: how many
 * changed. DL_E_NOT_FOUND: no such roster. DL_E_INPUT: an empty code. */
struct rosters_ticket_name {
    const char *code; /* NULL: `hash` has it */
    size_t code_len;
    uint8_t hash[ROSTER_HASH_BYTES];
};
DL_MUST_CHECK enum dl_err rosters_revoke(struct hub *hub, const char *event,
                                         const struct rosters_ticket_name *tickets,
                                         size_t count, bool take_back, const char *who,
                                         int64_t now_ms, size_t *ret_count);

/* Who gets it. `device` NULL: every one that is enrolled. `gate`, `address` (literal, with
 * its port, at which other gates reach it) may be NULL: what is known of them stays.
 * DL_E_NOT_FOUND, DL_E_INPUT: `why` says what. */
DL_MUST_CHECK enum dl_err rosters_assign(struct hub *hub, const char *event, const char *device,
                                         const char *gate, const char *address, const char *who,
                                         int64_t now_ms, size_t *ret_count, struct dl_why *why);
DL_MUST_CHECK enum dl_err rosters_unassign(struct store *st, const char *event,
                                           const char *device, const char *who, int64_t now_ms,
                                           size_t *ret_count, struct dl_why *why);
/* Inside a transaction that writes: a device that is no more takes no part. */
DL_MUST_CHECK enum dl_err rosters_drop_device(struct store *st, int64_t device, int64_t now_ms);

/* ---- giving to gates ------------------------------------------------------------------ */

/* The signed head for a device: the text of an answer, json_text_free. DL_E_NOT_FOUND: no
 * such roster, or not for this device. */
DL_MUST_CHECK enum dl_err rosters_head_for(struct hub *hub, const char *event, int64_t device,
                                           char **ret, size_t *ret_len);
/* A signed page of tickets after (from, after); the caller frees. DL_E_NOT_FOUND. */
DL_MUST_CHECK enum dl_err rosters_page_for(struct hub *hub, const char *event, int64_t device,
                                           uint64_t from,
                                           const uint8_t after[static ROSTER_HASH_BYTES],
                                           uint8_t **ret, size_t *ret_len);

#endif
