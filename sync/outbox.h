/* outbox.h - durable queue of sealed events that wait for the hub.
 *
 * An event is on disk here before the till gets its 201, and leaves only when
 * the hub has acknowledged its seq. Delivery is therefore at least once; the
 * hub drops repeats, so that the effect is exactly once. Bodies are ciphertext
 * made by seal.h: this module never holds a key or a customer's data.
 *
 * A stream id is drawn when the file is created, so that a recreated outbox
 * never collides with its own past. A restored or cloned one is told by the
 * hub (its seqs carry other segments), and outbox_fork moves what waits under
 * a new stream id: records keep their seqs and the stream they were sealed under.
 *
 * A handle belongs to one thread; several handles may share the file. Times
 * are Unix milliseconds, passed in, so that tests own the clock.
 */
#ifndef DUNLIN_OUTBOX_H
#define DUNLIN_OUTBOX_H

#include "crypto/token.h"
#include "platform/err.h"
#include "sync/scans.h"
#include "sync/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OUTBOX_BODY_BYTES_MAX ((size_t)256 * 1024 + 64)
#define OUTBOX_ID_DAYS        30
#define OUTBOX_IDS_MAX        5000000
#define OUTBOX_QUARANTINE_MAX 10000
#define OUTBOX_REASON_BYTES   64 /* with the NUL */

struct outbox;

struct outbox_limits {
    uint64_t bytes_max;          /* of waiting bodies; 0: no quota */
    uint64_t events_max;         /* 0: no quota */
    uint64_t disk_reserve_bytes; /* refuse below this much free space */
};

/* Creates it if absent. DL_E_CORRUPT: the file fails its check; it is left as
 * it was found. */
DL_MUST_CHECK enum dl_err outbox_open(struct outbox **ret, const char *path,
                                      const struct outbox_limits *limits, struct dl_why *why);
/* A second handle for looking, while another process or thread writes. */
DL_MUST_CHECK enum dl_err outbox_open_reader(struct outbox **ret, const char *path,
                                             struct dl_why *why);
void outbox_close(struct outbox *ob);

/* These three are known without the disk: on the writing handle always true, on
 * a reader as of its last outbox_frame, outbox_each or outbox_stats. */
void outbox_stream(const struct outbox *ob, uint8_t ret[static SEAL_STREAM_BYTES]);
uint64_t outbox_base_seq(const struct outbox *ob);
/* The seq the next put gets. */
uint64_t outbox_next_seq(const struct outbox *ob);

/* Writing goes in groups: begin, any number of segment, put, ack, fork and
 * quarantine, commit. After a commit that answers DL_OK all survive a power cut;
 * otherwise none happened. A refusal (DL_E_INPUT, DL_E_EXISTS, DL_E_NOT_FOUND, a
 * quota) changes nothing and leaves the group good; a failed write spoils it:
 * the commit then rolls back and answers that error. */
DL_MUST_CHECK enum dl_err outbox_begin(struct outbox *ob);
DL_MUST_CHECK enum dl_err outbox_commit(struct outbox *ob);
void outbox_rollback(struct outbox *ob);
bool outbox_spoiled(const struct outbox *ob);

/* Declares a segment for puts of now and later groups; *ret_no is its row. Its
 * records are sealed under outbox_stream() of this moment. */
DL_MUST_CHECK enum dl_err outbox_segment(struct outbox *ob,
                                         const uint8_t id[static WIRE_SEGMENT_ID_BYTES],
                                         const uint8_t header[static SEAL_HEADER_BYTES],
                                         int64_t now_ms, int64_t *ret_no);

/* DL_OK: the id is new.  DL_E_EXISTS: put before; *ret_seq is its old seq. */
DL_MUST_CHECK enum dl_err
outbox_find_id(struct outbox *ob, const uint8_t id[static ID_HASH_BYTES], uint64_t *ret_seq);

/* DL_OK: that many new events with that many bytes of bodies fit now.
 * DL_E_FULL: a quota, or the disk's reserve. DL_E_IO: the disk does not say. */
DL_MUST_CHECK enum dl_err outbox_room(struct outbox *ob, uint64_t events, uint64_t bytes);

/* Copies `body`, sealed for outbox_next_seq(), in. `id` NULL: none given; else
 * outbox_find_id did not know it when the group began.
 * DL_E_EXISTS: put earlier in this group or run; *ret_seq is its seq.
 * DL_E_FULL: quota reached; nothing was stored.  DL_E_INPUT: no body, or too long. */
DL_MUST_CHECK enum dl_err outbox_put(struct outbox *ob, const uint8_t *id, int64_t segment_no,
                                     const uint8_t *body, size_t body_len, int64_t now_ms,
                                     uint64_t *ret_seq);

/* The scan that the record `seq` of this group reports. */
DL_MUST_CHECK enum dl_err outbox_scan_put(struct outbox *ob, const struct scans_own *own,
                                          uint64_t seq);
/* A scan that a peer or the hub tells of. One that is known stays as it was, but for the
 * hub's place and time of it. *ret_new: it was not known. */
DL_MUST_CHECK enum dl_err outbox_scan_learn(struct outbox *ob, const struct scan *scan,
                                            enum scans_origin origin, bool *ret_new);
/* How far `source` has now been read. */
DL_MUST_CHECK enum dl_err outbox_scan_cursor(struct outbox *ob, const char *source, int64_t at);
/* Deletes scans of an event, at most OUTBOX_SCANS_FORGET_MAX; *ret_more: some may be left. */
#define OUTBOX_SCANS_FORGET_MAX 2000
DL_MUST_CHECK enum dl_err outbox_scans_forget(struct outbox *ob, const char *event,
                                              bool *ret_more);

/* Deletes everything up to seq, and segments no longer needed; gives disk space
 * back once more than half of the file is free. An old seq changes nothing.
 * DL_E_INPUT: not put yet. */
DL_MUST_CHECK enum dl_err outbox_ack(struct outbox *ob, uint64_t seq, int64_t now_ms);

/* Deletes what lies below `from_seq`, which the hub has, and moves the rest to a
 * fresh stream id with that base. What is put next needs a new segment.
 * DL_E_INPUT: acknowledged already, or not put yet. */
DL_MUST_CHECK enum dl_err outbox_fork(struct outbox *ob, uint64_t from_seq, int64_t now_ms);

/* Sets a record aside that the hub can never take; its seq is sent as an empty
 * body from then on, so that the stream stays dense. `reason` is a short code.
 * DL_E_NOT_FOUND: does not wait. DL_E_FULL: OUTBOX_QUARANTINE_MAX are aside. */
DL_MUST_CHECK enum dl_err outbox_quarantine(struct outbox *ob, uint64_t seq, const char *reason,
                                            int64_t now_ms);

/* Builds the frame of the oldest waiting records: at most records_max, at most
 * bytes_max of frame (but always one record). Of `clocks` it takes flags, times
 * and boot id. OUTBOX_FRAME_CAP_MIN holds any single record.
 * DL_E_NOT_FOUND: nothing waits.  DL_E_INPUT: frame_cap is too small for one. */
#define OUTBOX_FRAME_CAP_MIN                                                                   \
    (WIRE_HEAD_BYTES + WIRE_COUNTS_BYTES + WIRE_SEGMENT_BYTES + WIRE_RECORD_BYTES +            \
     OUTBOX_BODY_BYTES_MAX)
struct outbox_batch {
    uint64_t first_seq, last_seq;
    size_t record_count;
    size_t frame_len;
};
DL_MUST_CHECK enum dl_err outbox_frame(struct outbox *ob, const struct wire_head *clocks,
                                       size_t records_max, size_t bytes_max, uint8_t *frame,
                                       size_t frame_cap, struct outbox_batch *ret);

struct outbox_stats {
    uint64_t queued_events, queued_bytes;
    int64_t oldest_ms; /* 0: empty */
    uint64_t first_seq, next_seq, acked_seq;
    uint64_t captured_total; /* ever put */
    uint64_t acked_total;    /* the hub's receipts cover them, quarantined ones included */
    uint64_t quarantined, forks;
    uint64_t file_bytes; /* with the WAL */
};
DL_MUST_CHECK enum dl_err outbox_stats(struct outbox *ob, struct outbox_stats *ret);
/* The same with file_bytes 0: asking for a file's size costs as much as a third of
 * a commit on some virtual disks (45 us measured). */
DL_MUST_CHECK enum dl_err outbox_figures(struct outbox *ob, struct outbox_stats *ret);

struct outbox_item {
    uint64_t seq;
    int64_t queued_ms;
    uint8_t segment_id[WIRE_SEGMENT_ID_BYTES];
    const char *quarantine_reason; /* NULL: waiting */
    const uint8_t *body;           /* sealed; borrowed for the call */
    size_t body_len;
};
/* Oldest first; a non-OK answer of fn ends the walk and is returned. What is
 * put or acknowledged meanwhile may or may not be seen. */
DL_MUST_CHECK enum dl_err
outbox_each(struct outbox *ob, bool quarantined,
            enum dl_err (*fn)(void *ctx, const struct outbox_item *item), void *ctx);

/* For a quiet moment: copies the WAL into the file and cuts it to nothing, so
 * that a trickle costs no more disk than a burst. Never waits for a reader. */
void outbox_tidy(struct outbox *ob);

#endif
