/* clockfix.h - what time an event really has, whatever the device's clock said.
 *
 * docs/PROTOCOL.md section 5. Within one boot the monotonic clock tells how long
 * ago a record was captured; over a reboot only the wall clock does.
 */
#ifndef DUNLIN_HUB_CLOCKFIX_H
#define DUNLIN_HUB_CLOCKFIX_H

#include "hub/store.h"
#include "platform/err.h"
#include "sync/record.h"
#include "sync/wire.h"

#include <stdint.h>

/* RFC 3339 with any offset to Unix milliseconds; digits past the third are cut.
 * DL_E_INPUT: not such a time, or outside the years 1970 to 9999. */
DL_MUST_CHECK enum dl_err clockfix_parse(const char *text, int64_t *ret_ms);

/* What a person or a program writes for since and until: the same, or a day such as
 * 2026-11-24, which is its first moment, UTC. Everywhere a span holds its since and
 * ends before its until. */
DL_MUST_CHECK enum dl_err clockfix_parse_bound(const char *text, int64_t *ret_ms);
#define CLOCKFIX_BOUND_WORDS "a day such as 2026-11-24 (UTC), or a time as of RFC 3339"

/* The corrected time of an event that says `event_ms`. */
int64_t clockfix_apply(const struct wire_head *head, int64_t hub_ms,
                       const uint8_t segment_boot[static SEAL_BOOT_BYTES],
                       const struct record *rec, int64_t event_ms,
                       enum store_time_quality *ret_quality);

#endif
