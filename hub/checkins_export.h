/* checkins_export.h - every scan of an event with its verdict, row by row.
 *
 * NDJSON or CSV as export.h lays them out, by list, ticket and the order of the fold:
 * the same bytes whatever order the scans came in. docs/CHECKIN.md names the columns.
 */
#ifndef DUNLIN_HUB_CHECKINS_EXPORT_H
#define DUNLIN_HUB_CHECKINS_EXPORT_H

#include "hub/checkins.h"
#include "hub/export.h"

struct checkins_export;

/* Errors as checkins_open's. */
DL_MUST_CHECK enum dl_err checkins_export_open(struct checkins_export **ret, struct store *st,
                                               const char *event, const char *list,
                                               enum export_format format);
/* Copies the next bytes out; *ret_len 0: that was all. */
DL_MUST_CHECK enum dl_err checkins_export_read(struct checkins_export *ex, char *ret,
                                               size_t cap, size_t *ret_len);
/* For its total and what is done of it. */
const struct checkins *checkins_export_walk(const struct checkins_export *ex);
void checkins_export_close(struct checkins_export *ex);

#endif
