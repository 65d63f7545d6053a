/* sync.h - the thread that brings the outbox to the hub, and the hub's word down.
 *
 * Sends batches of contiguous seqs, deletes on the receipt of the hub, halves on
 * 413, sets single poison records aside, backs off otherwise, wakes on new
 * data, renews the device certificate at two thirds of its life, and fetches
 * signed updates. It never sees anything but sealed bytes.
 *
 * Nothing is deleted but by a receipt that names this stream and a seq within
 * what was sent. Whatever else comes is counted, and tried again later.
 */
#ifndef DUNLIN_SYNC_H
#define DUNLIN_SYNC_H

#include "crypto/sign.h"
#include "platform/err.h"
#include "sync/uplink.h"
#include "sync/writer.h"

#include <stdbool.h>
#include <stdint.h>

struct sync;

enum sync_state {
    SYNC_IDLE, /* nothing waits */
    SYNC_SENDING,
    SYNC_WAITING, /* backing off; uplink_state says why */
    SYNC_REVOKED, /* the hub refuses this device; the queue is kept */
    SYNC_PORTAL,
    SYNC_STOPPED,
};

struct sync_options {
    struct writer *writer;
    const char *outbox_path;
    struct uplink *uplink; /* owned by the caller */
    const char *dir;       /* device.key, device.crt, updates.json live here */
    const char *device;    /* name, for the certificate request */
    uint8_t hub_sign_public[SIGN_PUBLIC_BYTES];
    size_t batch_records_max; /* 0: 500 */
    size_t batch_bytes_max;   /* 0: 1 MiB */
    int64_t linger_ms;        /* wait for company after the first event; 0: 200 */
    int64_t backoff_base_ms, backoff_max_ms; /* 0: 1 s, 5 min */
    int64_t updates_every_ms;                /* 0: 5 min */
    /* After a newer signed document lies in updates.json, on sync's thread. */
    void (*on_update)(void *ctx);
    void *on_update_ctx;
};

struct sync_status {
    enum sync_state state;
    enum uplink_state uplink;
    int64_t last_success_ms; /* 0: never */
    int64_t next_try_ms;     /* 0: not waiting */
    uint64_t batches_sent, events_acked, bytes_sent, failures;
    int64_t cert_not_after_ms;
    int64_t clock_offset_ms;  /* hub - device, from the Date of answers */
    uint64_t gaps;            /* the hub missed what was long deleted here */
    uint64_t hub_quarantined; /* records that the hub could not open, by its receipts */
    uint64_t update_cursor;   /* of the document in force; 0: none yet */
    int last_http_status;
    struct dl_why why;
};

/* Mends a certificate renewal that was cut short (sync/renew.h), applies the
 * updates.json that is there, and starts the thread. */
DL_MUST_CHECK enum dl_err sync_start(struct sync **ret, const struct sync_options *opt,
                                     struct dl_why *why);
/* New data waits: costs a mutex. Any thread. */
void sync_wake(struct sync *s);
/* Blocks until everything put before the call has its receipt, at most wait_ms.
 * DL_OK; DL_E_NET: time is up; DL_E_AUTH: revoked. Tries at once, whatever backoff says. */
DL_MUST_CHECK enum dl_err sync_flush(struct sync *s, int64_t wait_ms);
void sync_status(struct sync *s, struct sync_status *ret);
/* Goes on sending what waits for at most `flush_ms`, then breaks off the request
 * under way, ends the thread and frees. NULL is fine. */
void sync_stop(struct sync *s, int64_t flush_ms);

const char *sync_state_name(enum sync_state state);

#endif
