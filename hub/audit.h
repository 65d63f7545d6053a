/* audit.h - the audit log as JSON, for the API and the command line. */
#ifndef DUNLIN_HUB_AUDIT_H
#define DUNLIN_HUB_AUDIT_H

#include "hub/store.h"
#include "platform/err.h"
#include "platform/json.h"

#include <stdint.h>

#define AUDIT_PAGE_MAX 1000

/* [{"no","time","who","what","object","detail"}] of the lines after `after`, at
 * most `limit`; the caller json_decref()s it. */
DL_MUST_CHECK enum dl_err audit_list(struct store *st, int64_t after, int64_t limit,
                                     json_t **ret);

#endif
