/* roster_file.h - a file in one of the formats that rosters come in. */
#ifndef DUNLIN_HUB_ROSTER_FILE_H
#define DUNLIN_HUB_ROSTER_FILE_H

#include "hub/roster_draft.h"

enum roster_format { ROSTER_FORMAT_CSV, ROSTER_FORMAT_PRETIX };

/* "csv", "pretix-json"; false: neither. */
bool roster_format_of(const char *name, enum roster_format *ret);

/* Reads tickets, and lists where the format has them. The bytes are in clear: the caller
 * wipes them. DL_E_INPUT: `why` says where and what. */
DL_MUST_CHECK enum dl_err roster_file_read(struct roster_draft *draft,
                                           enum roster_format format, const char *bytes,
                                           size_t len, int64_t now_ms, struct dl_why *why);
/* Reads lists alone, which take the place of those that the draft has. */
DL_MUST_CHECK enum dl_err roster_file_lists(struct roster_draft *draft, const char *bytes,
                                            size_t len, struct dl_why *why);

#endif
