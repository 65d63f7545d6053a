/* roster_text.h - texts and values that both importers of rosters read. */
#ifndef DUNLIN_HUB_ROSTER_TEXT_H
#define DUNLIN_HUB_ROSTER_TEXT_H

#include "platform/err.h"
#include "platform/json.h"
#include "sync/checkin_zone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RFC 3339; or "2026-11-24", "2026-11-24 18:30", with T and seconds too, on the clock of
 * the zone. `up_to`: a day means its end. */
bool roster_text_time(const char *text, const struct checkin_zone *zone, bool up_to,
                      int64_t *ret_ms);
/* "HH:MM" as minutes of a day. */
bool roster_text_minute(const char *text, int *ret);
/* An id as text, from text or a whole number; NULL: neither. New reference. */
json_t *roster_text_id(const json_t *value);
/* The text of a name, which pretix tells as text or as {"en": …, "de": …}; NULL: none.
 * Borrowed. */
const char *roster_text_of(const json_t *value);

/* Lists as `--lists` or pretix tell them: [{…}], {"lists": […]} or a page of pretix's API,
 * as members of sync/roster.h's lists. `strict`: an unknown member is an error. The caller
 * json_decref()s. DL_E_INPUT: `why` says which list and what. */
DL_MUST_CHECK enum dl_err roster_lists_read(const json_t *from, const struct checkin_zone *zone,
                                            bool strict, json_t **ret, struct dl_why *why);
/* The one list of a roster that came without: it admits all, once, and again after exit. */
json_t *roster_lists_default(void);

/* The array itself, or that of a page of pretix's API; NULL: neither. Borrowed.
 * *ret_more: it says that there are more pages. */
const json_t *roster_text_rows(const json_t *value, bool *ret_more);

#endif
