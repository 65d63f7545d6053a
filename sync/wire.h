/* wire.h - the batch frame that carries sealed records up, and its receipt.
 *
 * POST /v1/streams/{stream}/batches, Content-Type application/vnd.dunlin.batch:
 *
 *     4   magic "DLB1"
 *     u8  version = 1
 *     u8  flags           bit 0: the sender knows of the gap before first_seq
 *     16  stream id
 *     u64 base_seq        the first seq this stream ever had
 *     u64 first_seq       seq of the first record; the rest follow densely
 *     i64 wall_ms         device's clock at sending
 *     u64 mono_ms         monotonic clock at sending
 *     16  boot id
 *     u16 segment_count   then each: 16 segment id, 16 stream it was sealed under,
 *                         96 header (seal.h)
 *     u32 record_count    then each: u16 segment index, u32 len, len bytes envelope
 *
 * Big-endian, nothing may follow. The receipt is JSON:
 * {"stream":"hex","durable_seq":N,"time":"RFC 3339 of the hub"}.
 */
#ifndef DUNLIN_WIRE_H
#define DUNLIN_WIRE_H

#include "crypto/seal.h"
#include "platform/bytes.h"
#include "platform/err.h"

#include <stddef.h>
#include <stdint.h>

#define WIRE_CONTENT_TYPE     "application/vnd.dunlin.batch"
#define WIRE_FLAG_GAP         0x01
#define WIRE_SEGMENTS_MAX     1024
#define WIRE_RECORDS_MAX      4096
#define WIRE_FRAME_BYTES_MAX  ((size_t)4 * 1024 * 1024)
#define WIRE_SEGMENT_ID_BYTES 16

#define WIRE_HEAD_BYTES    (4 + 1 + 1 + SEAL_STREAM_BYTES + 8 + 8 + 8 + 8 + SEAL_BOOT_BYTES)
#define WIRE_SEGMENT_BYTES (WIRE_SEGMENT_ID_BYTES + SEAL_STREAM_BYTES + SEAL_HEADER_BYTES)
#define WIRE_RECORD_BYTES  (2 + 4) /* before each body */
#define WIRE_COUNTS_BYTES  (2 + 4) /* of segments and records */
/* Seqs stay below this, so that they fit SQLite's and PostgreSQL's integers. */
#define WIRE_SEQ_MAX INT64_MAX

struct wire_segment {
    uint8_t id[WIRE_SEGMENT_ID_BYTES];
    uint8_t stream[SEAL_STREAM_BYTES]; /* part of the AAD of its records */
    uint8_t header[SEAL_HEADER_BYTES];
};

struct wire_head {
    uint8_t flags;
    uint8_t stream[SEAL_STREAM_BYTES];
    uint64_t base_seq;
    uint64_t first_seq;
    int64_t wall_ms;
    uint64_t mono_ms;
    uint8_t boot_id[SEAL_BOOT_BYTES];
};

struct wire_record {
    uint16_t segment; /* index into the frame's segments */
    const uint8_t *body;
    size_t body_len;
};

/* Encodes in one pass into the caller's buffer; DL_E_INPUT: over a limit or cap. */
DL_MUST_CHECK enum dl_err wire_encode(const struct wire_head *head,
                                      const struct wire_segment *segments, size_t segment_count,
                                      const struct wire_record *records, size_t record_count,
                                      uint8_t *ret, size_t cap, size_t *ret_len);

/* The same piece by piece, for a sender that reads its records from disk:
 * head, segment count, segments, record count, records. Look at w->failed. */
void wire_write_head(struct bytes_writer *w, const struct wire_head *head);
void wire_write_segment(struct bytes_writer *w, const struct wire_segment *segment);
void wire_write_record(struct bytes_writer *w, const struct wire_record *record);

/* A frame checked whole before anything is used: counts, lengths, indices, no
 * rest. A body of no bytes is a record that the device set aside. Record bodies
 * borrow from `bytes`; wire_frame_free releases only the tables. */
struct wire_frame {
    struct wire_head head;
    struct wire_segment *segments;
    size_t segment_count;
    struct wire_record *records;
    size_t record_count;
};
/* DL_E_CORRUPT: not such a frame; nothing to free then. DL_E_NOMEM. */
DL_MUST_CHECK enum dl_err wire_decode(const uint8_t *bytes, size_t len, struct wire_frame *ret);
void wire_frame_free(struct wire_frame *frame);

#endif
