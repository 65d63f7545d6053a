/* writer.h - the one hand that writes the outbox; many events share one fsync.
 *
 * Callers hand over a record's plaintext; the writer gives it a seq, seals it
 * under the current segment and puts it, commits everything that came in
 * meanwhile, then wakes each caller with its own answer. No delay is added to
 * gather company: while one commit waits for the disk, the next group forms.
 * A thread of its own does so; a caller who comes alone does its work itself.
 * Segments turn over at start, by count and by time. Plaintext holds tokens, no
 * identifiers; it stays the caller's, who wipes it, and is never copied.
 *
 * A failed commit (disk full, read-only, broken) answers the calls of its group
 * and changes nothing else: the next call tries again.
 */
#ifndef DUNLIN_WRITER_H
#define DUNLIN_WRITER_H

#include "platform/err.h"
#include "sync/outbox.h"

#include <stddef.h>
#include <stdint.h>

/* Calls that may wait at once; more are answered DL_E_BUSY. */
#define WRITER_CALLS_MAX 1024

struct writer;

struct writer_options {
    const char *path; /* of the outbox */
    struct outbox_limits limits;
    uint8_t hub_public[SEAL_PUBLIC_BYTES];
    uint64_t segment_records_max; /* 0: 4096 */
    int64_t segment_age_ms_max;   /* 0: one hour */
    void (*on_put)(void *ctx);    /* after a commit with puts, one at a time, on the
                                     writer's thread or a caller's; wakes sync */
    void *on_put_ctx;
};

DL_MUST_CHECK enum dl_err writer_open(struct writer **ret, const struct writer_options *opt,
                                      struct dl_why *why);
/* Answers everything already handed over, then stops. NULL is fine. */
void writer_close(struct writer *w);

struct writer_item {
    const uint8_t *id; /* ID_HASH_BYTES, or NULL */
    const uint8_t *plain;
    size_t plain_len;
    const struct scans_own *scan; /* stored in the same commit; NULL: reports none */
    /* answers, per item */
    enum dl_err err; /* DL_OK: new; DL_E_EXISTS: seen before, seq is the old one */
    uint64_t seq;
};

/* Blocks until all items are durable, or none is. Any thread. DL_OK: every item
 * is DL_OK or DL_E_EXISTS. Otherwise nothing of this call was stored:
 * DL_E_FULL (quota or disk), DL_E_INPUT (too long), DL_E_IO, DL_E_BUSY (too many
 * callers wait). */
DL_MUST_CHECK enum dl_err writer_put(struct writer *w, struct writer_item *items, size_t count);

/* The same hand does the rest of the writing. Block until durable; errors are
 * those of outbox_ack, outbox_fork and outbox_quarantine. */
DL_MUST_CHECK enum dl_err writer_ack(struct writer *w, uint64_t seq);
DL_MUST_CHECK enum dl_err writer_fork(struct writer *w, uint64_t from_seq);
DL_MUST_CHECK enum dl_err writer_quarantine(struct writer *w, uint64_t seq, const char *reason);
/* Scans of others, all of them or none, and how far their source has been read with
 * them (NULL: says nothing). *ret_new: how many were not known. Never full: a gate
 * must hear of the others while its own queue waits. */
DL_MUST_CHECK enum dl_err writer_learn(struct writer *w, const struct scan *scans, size_t count,
                                       enum scans_origin origin, const char *source,
                                       int64_t cursor, size_t *ret_new);
/* Forgets the scans of an event, a bounded piece with each commit. */
DL_MUST_CHECK enum dl_err writer_forget_scans(struct writer *w, const char *event);
/* From now on on_put is called so. */
void writer_set_on_put(struct writer *w, void (*on_put)(void *ctx), void *ctx);
/* A new hub sealing key: the next record opens a new segment. */
void writer_set_hub_public(struct writer *w, const uint8_t key[static SEAL_PUBLIC_BYTES]);

/* The stream that records put from now on belong to. */
void writer_stream(struct writer *w, uint8_t ret[static SEAL_STREAM_BYTES]);

/* Current figures without touching the disk: as of the last commit, file_bytes as
 * of at most some seconds before it. */
void writer_stats(struct writer *w, struct outbox_stats *ret);

#endif
