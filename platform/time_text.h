/* time_text.h - RFC 3339 times and calendar days, parsed strictly. */
#ifndef DUNLIN_TIME_TEXT_H
#define DUNLIN_TIME_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIME_TEXT_BYTES 25 /* "2026-11-24T01:52:46.123Z" and a NUL */

/* date-time of RFC 3339: an offset is required, a fraction may have up to nine
 * digits, a leap second counts as the second after. */
bool time_text_parse(const char *text, int64_t *ret_ms);
/* full-date: "2026-11-23", a day that exists; days since 1970 in *ret. */
bool time_text_parse_date(const char *text, int64_t *ret_days);
/* In UTC, for years 0 to 9999. */
void time_text_print(int64_t ms, char ret[static TIME_TEXT_BYTES]);

#endif
