/* roster_csv.h - tickets from a CSV file (RFC 4180), the columns named by its first line:
 *
 *     code product variation subevent order valid_from valid_until attention status
 *
 * `code` is required, the others may lack or be empty. Commas, semicolons or tabs part
 * them, whichever the first line has. The bytes are in clear: the caller wipes them.
 */
#ifndef DUNLIN_HUB_ROSTER_CSV_H
#define DUNLIN_HUB_ROSTER_CSV_H

#include "hub/roster_draft.h"

/* DL_E_INPUT: `why` has line and column, and nothing of what stands there. */
DL_MUST_CHECK enum dl_err roster_csv_read(struct roster_draft *draft, const char *bytes,
                                          size_t len, struct dl_why *why);

#endif
