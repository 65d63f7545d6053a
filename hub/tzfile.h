/* tzfile.h - the steps of a time zone's offset, from the system's tz database.
 *
 * Reads the file of one zone (TZif, RFC 9636) and not what the C library makes of TZ,
 * which is one for the whole process. Safe from any thread.
 */
#ifndef DUNLIN_HUB_TZFILE_H
#define DUNLIN_HUB_TZFILE_H

#include "platform/err.h"
#include "sync/checkin_zone.h"

#include <stddef.h>
#include <stdint.h>

#define TZFILE_FOLDER     "/usr/share/zoneinfo"
#define TZFILE_BYTES_MAX  ((size_t)256 * 1024)
#define TZFILE_NAME_BYTES 65

/* The steps from `from_ms` until `until_ms`, or as many as there is room for. "UTC" needs
 * no file. DL_E_INPUT: no name of a zone, or none that this machine knows. */
DL_MUST_CHECK enum dl_err tzfile_load(const char *name, int64_t from_ms, int64_t until_ms,
                                      struct checkin_zone *ret, struct dl_why *why);

/* The same from the bytes of a file. DL_E_CORRUPT. */
DL_MUST_CHECK enum dl_err tzfile_parse(const uint8_t *bytes, size_t len, int64_t from_ms,
                                       int64_t until_ms, struct checkin_zone *ret);

#endif
