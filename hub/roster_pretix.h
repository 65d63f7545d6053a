/* roster_pretix.h - a roster from what pretix tells of an event.
 *
 * One JSON object with the answers of pretix's REST API, or any part of them:
 *
 *     {"event": {…}, "items": [{…}], "checkin_lists": [{…}], "orders": [{…, "positions": […]}],
 *      "positions": [{…}], "revoked_secrets": [{"secret"}], "blocked_secrets": [{…}],
 *      "valid_keys": {"pretix_sig1": [key]}}
 *
 * each an array, or a whole page of the API ({"next": null, "results": […]}); pretix's own
 * JSON export, which has items and orders inside its event; or the positions alone. Names
 * of guests, answers and the texts of orders are passed over. The bytes are in clear: the
 * caller wipes them.
 */
#ifndef DUNLIN_HUB_ROSTER_PRETIX_H
#define DUNLIN_HUB_ROSTER_PRETIX_H

#include "hub/roster_draft.h"

/* `now_ms`: the event's zone is read from about then on. DL_E_INPUT: `why` has the member
 * and the number of its row, and nothing of what stands there. */
DL_MUST_CHECK enum dl_err roster_pretix_read(struct roster_draft *draft, const char *bytes,
                                             size_t len, int64_t now_ms, struct dl_why *why);

/* Takes over the zone of this name, from `now_ms`'s last year on for ten. */
DL_MUST_CHECK enum dl_err roster_draft_zone(struct roster_draft *draft, const char *name,
                                            int64_t now_ms, struct dl_why *why);

#endif
