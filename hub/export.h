/* export.h - events, profiles and links, row by row, for other systems.
 *
 * NDJSON: an object a line. CSV: RFC 4180, CRLF, UTF-8, a header line; objects
 * and arrays are compact JSON in their cell. A text cell that a spreadsheet could
 * take for a formula (it starts with = + - @, tab or CR) gets an apostrophe in
 * front; numbers, true and false are left alone. docs/API.md names the columns.
 */
#ifndef DUNLIN_HUB_EXPORT_H
#define DUNLIN_HUB_EXPORT_H

#include "hub/store.h"
#include "platform/err.h"

#include <stdbool.h>
#include <stddef.h>

enum export_what { EXPORT_EVENTS, EXPORT_PROFILES, EXPORT_LINKS };
enum export_format { EXPORT_NDJSON, EXPORT_CSV };

/* False: no such word. */
bool export_what_from_name(const char *name, enum export_what *ret);
bool export_format_from_name(const char *name, enum export_format *ret);
/* Of its media type (RFC 4180, and what NDJSON goes by). */
const char *export_content_type(enum export_format format);

struct export;

/* Reads from `st` (borrowed; nobody else uses it meanwhile) in one transaction, in
 * pages, so that memory stays small whatever is exported. */
DL_MUST_CHECK enum dl_err export_open(struct export **ret, struct store *st,
                                      enum export_what what, enum export_format format);
/* Copies the next bytes out; *ret_len 0: that was all. */
DL_MUST_CHECK enum dl_err export_read(struct export *ex, char *ret, size_t cap,
                                      size_t *ret_len);
void export_close(struct export *ex);

#endif
