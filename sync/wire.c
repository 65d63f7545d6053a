#include "sync/wire.h"

#include <stdlib.h>
#include <string.h>

#define WIRE_VERSION 1
#define FLAGS_KNOWN  WIRE_FLAG_GAP

static const uint8_t magic[4] = {'D', 'L', 'B', '1'};

void wire_write_head(struct bytes_writer *w, const struct wire_head *head)
{
    bytes_write(w, magic, sizeof magic);
    bytes_write_u8(w, WIRE_VERSION);
    bytes_write_u8(w, head->flags);
    bytes_write(w, head->stream, sizeof head->stream);
    bytes_write_u64(w, head->base_seq);
    bytes_write_u64(w, head->first_seq);
    bytes_write_u64(w, (uint64_t)head->wall_ms);
    bytes_write_u64(w, head->mono_ms);
    bytes_write(w, head->boot_id, sizeof head->boot_id);
}

void wire_write_segment(struct bytes_writer *w, const struct wire_segment *segment)
{
    bytes_write(w, segment->id, sizeof segment->id);
    bytes_write(w, segment->stream, sizeof segment->stream);
    bytes_write(w, segment->header, sizeof segment->header);
}

void wire_write_record(struct bytes_writer *w, const struct wire_record *record)
{
    bytes_write_u16(w, record->segment);
    bytes_write_u32(w, (uint32_t)record->body_len);
    bytes_write(w, record->body, record->body_len);
}

/* What holds for every frame, built or received. */
static bool head_ok(const struct wire_head *head, size_t segment_count, size_t record_count)
{
    return (head->flags & ~FLAGS_KNOWN) == 0 && segment_count <= WIRE_SEGMENTS_MAX &&
           record_count >= 1 && record_count <= WIRE_RECORDS_MAX && head->base_seq >= 1 &&
           head->first_seq >= head->base_seq &&
           head->first_seq <= (uint64_t)WIRE_SEQ_MAX - record_count;
}

enum dl_err wire_encode(const struct wire_head *head, const struct wire_segment *segments,
                        size_t segment_count, const struct wire_record *records,
                        size_t record_count, uint8_t *ret, size_t cap, size_t *ret_len)
{
    if (!head_ok(head, segment_count, record_count))
        return DL_E_INPUT;
    struct bytes_writer w =
        bytes_writer_of(ret, cap < WIRE_FRAME_BYTES_MAX ? cap : WIRE_FRAME_BYTES_MAX);
    wire_write_head(&w, head);
    bytes_write_u16(&w, (uint16_t)segment_count);
    for (size_t i = 0; i < segment_count; i++)
        wire_write_segment(&w, &segments[i]);
    bytes_write_u32(&w, (uint32_t)record_count);
    for (size_t i = 0; i < record_count; i++) {
        if (records[i].segment >= segment_count)
            return DL_E_INPUT;
        wire_write_record(&w, &records[i]);
    }
    if (w.failed)
        return DL_E_INPUT;
    *ret_len = w.len;
    return DL_OK;
}

static void read_bytes(struct bytes_reader *r, uint8_t *ret, size_t len)
{
    const uint8_t *at = bytes_read(r, len);
    if (at)
        memcpy(ret, at, len);
}

static void read_head(struct bytes_reader *r, struct wire_head *ret)
{
    const uint8_t *m = bytes_read(r, sizeof magic);
    if (!m || memcmp(m, magic, sizeof magic) != 0 || bytes_read_u8(r) != WIRE_VERSION)
        r->failed = true;
    ret->flags = bytes_read_u8(r);
    read_bytes(r, ret->stream, sizeof ret->stream);
    ret->base_seq = bytes_read_u64(r);
    ret->first_seq = bytes_read_u64(r);
    ret->wall_ms = (int64_t)bytes_read_u64(r);
    ret->mono_ms = bytes_read_u64(r);
    read_bytes(r, ret->boot_id, sizeof ret->boot_id);
}

static void read_record(struct bytes_reader *r, size_t segment_count, struct wire_record *ret)
{
    ret->segment = bytes_read_u16(r);
    ret->body_len = bytes_read_u32(r);
    ret->body = bytes_read(r, ret->body_len);
    if (ret->segment >= segment_count)
        r->failed = true;
}

/* Walks the records without storing them; true: all there, and nothing behind. */
static bool records_ok(struct bytes_reader r, size_t segment_count, size_t record_count)
{
    struct wire_record record;
    for (size_t i = 0; i < record_count && !r.failed; i++)
        read_record(&r, segment_count, &record);
    return !r.failed && r.left == 0;
}

enum dl_err wire_decode(const uint8_t *bytes, size_t len, struct wire_frame *ret)
{
    if (len > WIRE_FRAME_BYTES_MAX)
        return DL_E_CORRUPT;
    struct bytes_reader r = bytes_reader_of(bytes, len);
    struct wire_frame frame = {.segments = NULL};
    read_head(&r, &frame.head);
    frame.segment_count = bytes_read_u16(&r);
    struct bytes_reader segments = r;
    (void)bytes_read(&r, frame.segment_count * WIRE_SEGMENT_BYTES);
    frame.record_count = bytes_read_u32(&r);
    if (r.failed || !head_ok(&frame.head, frame.segment_count, frame.record_count) ||
        !records_ok(r, frame.segment_count, frame.record_count))
        return DL_E_CORRUPT;
    /* The bytes are all there, so the tables are no larger than they justify. */
    frame.segments = calloc(frame.segment_count + 1, sizeof *frame.segments);
    frame.records = calloc(frame.record_count, sizeof *frame.records);
    if (!frame.segments || !frame.records) {
        wire_frame_free(&frame);
        return DL_E_NOMEM;
    }
    for (size_t i = 0; i < frame.segment_count; i++) {
        read_bytes(&segments, frame.segments[i].id, sizeof frame.segments[i].id);
        read_bytes(&segments, frame.segments[i].stream, sizeof frame.segments[i].stream);
        read_bytes(&segments, frame.segments[i].header, sizeof frame.segments[i].header);
    }
    for (size_t i = 0; i < frame.record_count; i++)
        read_record(&r, frame.segment_count, &frame.records[i]);
    *ret = frame;
    return DL_OK;
}

void wire_frame_free(struct wire_frame *frame)
{
    if (!frame)
        return;
    free(frame->segments);
    free(frame->records);
    frame->segments = NULL;
    frame->records = NULL;
}
