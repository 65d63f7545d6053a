/* event_time.h - RFC 3339 times and calendar days, parsed strictly. */
#ifndef DUNLIN_EVENT_TIME_H
#define DUNLIN_EVENT_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVENT_TIME_BYTES 25 /* "2026-11-24T01:52:46.123Z" and a NUL */

/* date-time of RFC 3339: an offset is required, a fraction may have up to nine
 * digits, a leap second counts as the second after. */
bool event_time_parse(const char *text, int64_t *ret_ms);
/* full-date: "2026-11-23", a day that exists; days since 1970 in *ret. */
bool event_date_parse(const char *text, int64_t *ret_days);
/* In UTC, for years 0 to 9999. */
void event_time_print(int64_t ms, char ret[static EVENT_TIME_BYTES]);

#endif
