/* ingest.h - a device's batch becomes durable, matched facts, exactly once.
 *
 * decode -> whose stream -> open the seals -> convert the tokens -> one
 * transaction: deduplicate, match, attach, aggregate, advance -> receipt. Any
 * thread; opening and converting run outside the store's transaction and on
 * several threads. A record that cannot be taken goes to quarantine and never
 * holds up the ones behind it.
 */
#ifndef DUNLIN_HUB_INGEST_H
#define DUNLIN_HUB_INGEST_H

#include "hub/hub.h"
#include "platform/err.h"

#include <stddef.h>
#include <stdint.h>

/* Everything the HTTP layer needs; docs/PROTOCOL.md section 4. */
struct ingest_answer {
    int status;           /* 200, 400, 403, 409, 413, 503 */
    const char *code;     /* of the problem; NULL at 200 */
    const char *detail;   /* a static sentence; NULL at 200 */
    int retry_after_s;    /* at 503; 0 otherwise */
    uint64_t durable_seq; /* at 200 */
    uint64_t expected;    /* at 409 gap */
    uint64_t forked_at;   /* at 409 stream-forked */
    size_t quarantined;   /* at 200: records of this batch */
    size_t stored;        /* at 200: events new to the hub */
    size_t duplicates;    /* at 200: by client id */
};

/* `device` is the no of the device that the certificate names; `stream` what the
 * URL says. Fills *ret always; the error, for the log, is DL_OK wherever the
 * device was at fault or nobody. */
DL_MUST_CHECK enum dl_err ingest_batch(struct hub *hub, int64_t device,
                                       const uint8_t stream[static STORE_STREAM_BYTES],
                                       const uint8_t *body, size_t body_len, int64_t now_ms,
                                       struct ingest_answer *ret);

#endif
