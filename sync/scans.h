/* scans.h - all scans this device knows of, to decide by: its own, the hub's, its peers'.
 *
 * They lie in the outbox's file, so that a scan and the record that reports it are
 * durable together, and the outbox's writer alone writes them (sync/writer.h). This is
 * the looking side, with a handle of its own; one sees what is committed. What the
 * scans of a ticket come to is checkin_fold.h's to say.
 *
 * A handle belongs to one thread at a time. Rows of an event go SCANS_KEEP_DAYS after
 * its last scan.
 */
#ifndef DUNLIN_SCANS_H
#define DUNLIN_SCANS_H

#include "platform/err.h"
#include "sync/scan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCANS_KEEP_DAYS        30
#define SCANS_ANSWER_BYTES_MAX 4096
#define SCANS_NONCE_BYTES      16
#define SCANS_SOURCE_HUB       "hub"

enum scans_origin { SCANS_OWN, SCANS_PEER, SCANS_HUB };

/* One that this device made, for writer_item: stored in the commit of its record,
 * whose seq it gets. Borrowed. */
struct scans_own {
    const struct scan *scan;
    const uint8_t *nonce; /* keyed hash, SCANS_NONCE_BYTES; NULL: none */
    const char *answer;   /* JSON text as it was given, without seq */
};

struct scans_row {
    int64_t no; /* ascending as they came; a deleted one may be given again */
    struct scan scan;
    enum scans_origin origin;
    bool has_nonce;
    const char *answer; /* borrowed for the call or until the next; NULL: none */
};

struct scans;

DL_MUST_CHECK enum dl_err scans_open(struct scans **ret, const char *outbox_path,
                                     struct dl_why *why);
void scans_close(struct scans *s);

/* DL_E_NOT_FOUND. The answer is good until the next call on this handle. */
DL_MUST_CHECK enum dl_err scans_by_id(struct scans *s, const uint8_t id[static SCAN_ID_BYTES],
                                      struct scans_row *ret);
DL_MUST_CHECK enum dl_err scans_by_nonce(struct scans *s,
                                         const uint8_t nonce[static SCANS_NONCE_BYTES],
                                         struct scans_row *ret);

/* A non-OK answer of fn ends the walk and is returned. */
typedef enum dl_err scans_fn(void *ctx, const struct scans_row *row);

/* Every scan of a ticket on a list, in no order that matters. */
DL_MUST_CHECK enum dl_err scans_of_ticket(struct scans *s, const char *event, const char *list,
                                          const uint8_t ticket[static ROSTER_HASH_BYTES],
                                          scans_fn *fn, void *ctx);
/* Every scan of a list, those of a ticket one behind the other. */
DL_MUST_CHECK enum dl_err scans_of_list(struct scans *s, const char *event, const char *list,
                                        scans_fn *fn, void *ctx);
/* Those that came after `no`, oldest first, or before it, newest first; at most limit. */
DL_MUST_CHECK enum dl_err scans_after(struct scans *s, int64_t no, size_t limit, scans_fn *fn,
                                      void *ctx);
DL_MUST_CHECK enum dl_err scans_before(struct scans *s, int64_t no, size_t limit, scans_fn *fn,
                                       void *ctx);

/* Those of a device and an event with after < seq <= through, by seq; at most limit. */
struct scans_range {
    const char *event, *device;
    uint64_t after, through; /* at most INT64_MAX */
    bool newest_first;
};
DL_MUST_CHECK enum dl_err scans_of_device(struct scans *s, const struct scans_range *range,
                                          size_t limit, scans_fn *fn, void *ctx);

/* How far a source has been read; 0: not yet. */
DL_MUST_CHECK enum dl_err scans_cursor(struct scans *s, const char *source, int64_t *ret);

/* An event whose last scan was before `ms`. DL_E_NOT_FOUND: none. Reads every row. */
DL_MUST_CHECK enum dl_err scans_over(struct scans *s, int64_t ms,
                                     char ret_event[static SCAN_NAME_BYTES]);

#endif
