/* quarantine.h - records that the hub gave a receipt for and could not take in.
 *
 * A record goes there with its seal (ingest.c), so that nothing is lost while whatever
 * was wrong is mended: a share that a restored database lacks, a hub older than its
 * devices. Tried again it goes the way that it would have gone when it came, and takes
 * effect once: a client id that came another way meanwhile makes it a duplicate, a
 * tombstone and a no to profiling hold against it.
 */
#ifndef DUNLIN_HUB_QUARANTINE_H
#define DUNLIN_HUB_QUARANTINE_H

#include "hub/hub.h"
#include "hub/store.h"
#include "platform/err.h"
#include "platform/json.h"

#include <stdbool.h>
#include <stdint.h>

#define QUARANTINE_PAGE 500

/* Those after `after`, at most QUARANTINE_PAGE, in a read transaction of its own:
 * [{"no","at","device","stream","seq","reason","bytes"}]. The caller json_decref()s it. */
DL_MUST_CHECK enum dl_err quarantine_list(struct store *st, int64_t after, json_t **ret);

/* The same of one, with "sealed_stream", "header" and "sealed" (base64), which only this
 * hub's seal.key opens. DL_E_NOT_FOUND. */
DL_MUST_CHECK enum dl_err quarantine_show(struct store *st, int64_t no, json_t **ret);

/* What came of another try. */
struct quarantine_verdict {
    const char *reason; /* it stays, for this; NULL: it was taken in */
    bool duplicate;     /* taken in, and its event was here already */
};

/* One transaction, with a line in the audit log where the record was taken in. Its time is
 * what the device said: how wrong that clock was is not known any more. DL_E_NOT_FOUND. */
DL_MUST_CHECK enum dl_err quarantine_retry(struct hub *hub, int64_t no, const char *who,
                                           int64_t now_ms, struct quarantine_verdict *ret);

/* For good, with a line in the audit log. DL_E_NOT_FOUND. */
DL_MUST_CHECK enum dl_err quarantine_discard(struct store *st, int64_t no, const char *who,
                                             int64_t now_ms);

#endif
