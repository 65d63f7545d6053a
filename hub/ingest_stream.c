/* Whose stream a batch is of, and whether it goes on where the hub is. */
#include "hub/ingest_internal.h"

#include "platform/bytes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LOST_MAX 1000000000 /* counted for one gap: a liar must not fill the counter */

static enum dl_err note(struct batch *b, const char *what, uint64_t first, uint64_t last)
{
    char who[STORE_NAME_BYTES + 8], object[2 * STORE_STREAM_BYTES + 1], detail[64];
    snprintf(who, sizeof who, "device %s", b->device.name);
    bytes_to_hex(object, b->stream.id, STORE_STREAM_BYTES);
    snprintf(detail, sizeof detail, "seq %" PRIu64 " to %" PRIu64, first, last);
    struct store_audit line = {
        .at_ms = b->now_ms, .who = who, .what = what, .object = object, .detail = detail};
    return b->st->audit_add(b->st, &line);
}

static enum dl_err find_stream(struct batch *b)
{
    const struct wire_head *head = &b->frame.head;
    enum dl_err err = b->st->stream_find(b->st, head->stream, &b->stream);
    if (!err && b->stream.device != b->device.no)
        ingest_refuse(b, 409, "stream-taken", "Another device writes this stream.");
    if (err != DL_E_NOT_FOUND)
        return err;
    b->stream = (struct store_stream){
        .device = b->device.no, .base_seq = head->base_seq, .durable_seq = head->base_seq - 1};
    memcpy(b->stream.id, head->stream, sizeof b->stream.id);
    return b->st->stream_add(b->st, &b->stream, b->now_ms);
}

struct fork_check {
    const struct batch *b;
    uint64_t next;      /* seq that the next run has to start at or before */
    uint64_t forked_at; /* 0: none */
};

/* A seq that is durable here under another segment, or that lies in a gap,
 * belongs to another history than the one this device tells. */
static enum dl_err check_run(void *ctx, const struct store_run *run)
{
    struct fork_check *c = ctx;
    const struct wire_frame *f = &c->b->frame;
    if (!c->forked_at && run->first_seq > c->next)
        c->forked_at = c->next;
    for (; !c->forked_at && c->next <= run->last_seq && c->next <= c->b->last_seq; c->next++) {
        const struct wire_record *r = &f->records[c->next - f->head.first_seq];
        if (memcmp(f->segments[r->segment].id, run->segment, STORE_SEGMENT_BYTES) != 0)
            c->forked_at = c->next;
    }
    return DL_OK;
}

static enum dl_err check_fork(struct batch *b)
{
    uint64_t first = b->frame.head.first_seq;
    uint64_t last = b->last_seq < b->stream.durable_seq ? b->last_seq : b->stream.durable_seq;
    if (first > last)
        return DL_OK;
    struct fork_check check = {.b = b, .next = first};
    enum dl_err err = b->st->runs_each(b->st, b->stream.no, first, last, check_run, &check);
    if (!err && !check.forked_at && check.next <= last)
        check.forked_at = check.next;
    if (err || !check.forked_at)
        return err;
    ingest_refuse(b, 409, "stream-forked", "These records are here with another content.");
    b->answer->forked_at = check.forked_at;
    err = note(b, "stream.fork", check.forked_at, last);
    return err ? err : b->st->count(b->st, STORE_COUNT_FORKS, 1);
}

static enum dl_err check_gap(struct batch *b)
{
    uint64_t expected = b->stream.durable_seq + 1;
    uint64_t first = b->frame.head.first_seq;
    if (first <= expected)
        return DL_OK;
    if (!(b->frame.head.flags & WIRE_FLAG_GAP)) {
        ingest_refuse(b, 409, "gap", "Records before these are missing.");
        b->answer->expected = expected;
        return DL_OK;
    }
    b->stream.durable_seq = first - 1;
    enum dl_err err = b->st->gap_add(b->st, b->stream.no, expected, first - 1, b->now_ms);
    if (!err)
        err = note(b, "stream.gap", expected, first - 1);
    if (!err)
        err = b->st->count(b->st, STORE_COUNT_GAPS, 1);
    int64_t lost = first - expected < LOST_MAX ? (int64_t)(first - expected) : LOST_MAX;
    return err ? err : b->st->count(b->st, STORE_COUNT_LOST, lost);
}

enum dl_err ingest_admit(struct batch *b, int64_t device)
{
    enum dl_err err = b->st->device_get(b->st, device, &b->device);
    if (err == DL_E_NOT_FOUND || (!err && b->device.state != STORE_DEVICE_ACTIVE)) {
        ingest_refuse(b, 403, "revoked", "This device was revoked.");
        return DL_OK;
    }
    if (!err)
        err = find_stream(b);
    if (!err && !ingest_refused(b))
        err = check_fork(b);
    if (!err && !ingest_refused(b))
        err = check_gap(b);
    return err;
}
