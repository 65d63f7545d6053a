/* Batches go up, receipts come down, and every refusal has its answer. */
#include "platform/bytes.h"
#include "platform/clock.h"
#include "platform/log.h"
#include "sync/sync_internal.h"

#include <stdio.h>
#include <string.h>

#define PROBLEM_PREFIX "urn:dunlin:problem:"

/* Gaps and forks are mended at once, but a hub that asks for more without ever
 * giving a receipt is one to back off from. */
#define REPAIRS_MAX 3

/* What was sent, and the JSON that came back (NULL: none). */
struct exchange {
    struct outbox_batch batch;
    uint8_t stream[SEAL_STREAM_BYTES];
    bool gap;
    int status;
    json_t *json;
};

/* ---- success --------------------------------------------------------------------- */

/* A receipt names our stream and a seq that this batch can have reached. */
static bool is_receipt(const struct exchange *x, uint64_t *ret_durable)
{
    uint8_t stream[SEAL_STREAM_BYTES];
    const char *hex = json_get_str(x->json, "stream");
    int64_t durable = json_get_int(x->json, "durable_seq", -1);
    if (!hex || !bytes_from_hex(stream, sizeof stream, hex) ||
        memcmp(stream, x->stream, sizeof stream) != 0 || durable < 0)
        return false;
    *ret_durable = (uint64_t)durable;
    return *ret_durable + 1 >= x->batch.first_seq && *ret_durable <= x->batch.last_seq;
}

static void note_receipt(struct sync *s, const struct exchange *x, uint64_t durable)
{
    int64_t quarantined = json_get_int(x->json, "quarantined", 0);
    mutex_lock(&s->lock);
    s->status.batches_sent++;
    s->status.bytes_sent += x->batch.frame_len;
    s->status.events_acked += durable + 1 - x->batch.first_seq;
    if (quarantined > 0)
        s->status.hub_quarantined += (uint64_t)quarantined;
    mutex_unlock(&s->lock);
    if (quarantined > 0)
        LOG_WARN("sync.hub_quarantined", LOG_U64("events", quarantined));
}

static void on_receipt(struct sync *s, const struct exchange *x)
{
    uint64_t durable;
    if (!is_receipt(x, &durable)) {
        LOG_WARN("sync.bad_receipt", LOG_U64("first_seq", x->batch.first_seq));
        sync_failed(s, -1, "the hub's receipt is not one for what was sent");
        return;
    }
    if (durable < x->batch.first_seq) {
        sync_failed(s, -1, "the hub stored nothing of the batch");
        return;
    }
    enum dl_err err = writer_ack(s->opt.writer, durable);
    if (err) {
        LOG_ERROR("sync.ack_failed", LOG_ERR(err));
        sync_failed(s, -1, "the receipt cannot be written down: is the disk full?");
        return;
    }
    note_receipt(s, x, durable);
    s->repairs = 0;
    s->linger_until = SYNC_NEVER;
    s->records_max *= 2;
    if (s->records_max > s->opt.batch_records_max)
        s->records_max = s->opt.batch_records_max;
    sync_succeeded(s);
}

/* ---- refusals -------------------------------------------------------------------- */

static bool problem_is(const struct exchange *x, const char *code)
{
    const char *type = json_get_str(x->json, "type");
    return type && strncmp(type, PROBLEM_PREFIX, sizeof PROBLEM_PREFIX - 1) == 0 &&
           strcmp(type + sizeof PROBLEM_PREFIX - 1, code) == 0;
}

static void on_gap(struct sync *s, const struct exchange *x)
{
    int64_t expected = json_get_int(x->json, "expected", -1);
    if (x->gap || expected < 1 || (uint64_t)expected >= x->batch.first_seq ||
        ++s->repairs > REPAIRS_MAX) {
        sync_failed(s, -1, "the hub reports a gap that cannot be");
        return;
    }
    LOG_WARN("sync.gap", LOG_U64("expected", expected),
             LOG_U64("first_seq", x->batch.first_seq));
    mutex_lock(&s->lock);
    s->status.gaps++;
    mutex_unlock(&s->lock);
    s->gap = true;
}

/* From `seq` on the stream belongs to another history: go on under a new name. */
static void fork_from(struct sync *s, const struct exchange *x, int64_t seq)
{
    if (seq < 1 || (uint64_t)seq < x->batch.first_seq || (uint64_t)seq > x->batch.last_seq ||
        ++s->repairs > REPAIRS_MAX) {
        sync_failed(s, -1, "the hub reports a fork that cannot be");
        return;
    }
    LOG_WARN("sync.fork", LOG_HEX("stream", x->stream, sizeof x->stream),
             LOG_U64("from_seq", seq));
    enum dl_err err = writer_fork(s->opt.writer, (uint64_t)seq);
    if (err)
        sync_failed(s, -1, "the stream cannot be forked: is the disk full?");
}

static void on_conflict(struct sync *s, const struct exchange *x)
{
    if (problem_is(x, "gap"))
        on_gap(s, x);
    else if (problem_is(x, "stream-forked"))
        fork_from(s, x, json_get_int(x->json, "forked_at", -1));
    else if (problem_is(x, "stream-taken"))
        fork_from(s, x, (int64_t)x->batch.first_seq);
    else
        sync_failed(s, -1, "the hub reports a conflict this version does not know");
}

/* Halves until the culprit is alone, then sets it aside: one record that the
 * hub never takes must not keep the others waiting. */
static void narrow_down(struct sync *s, const struct exchange *x, const char *reason)
{
    if (x->batch.record_count > 1) {
        s->records_max = x->batch.record_count / 2;
        return;
    }
    enum dl_err err = writer_quarantine(s->opt.writer, x->batch.first_seq, reason);
    if (err) { /* aside already and still refused, or too many are aside */
        LOG_ERROR("sync.quarantine_failed", LOG_U64("seq", x->batch.first_seq), LOG_ERR(err));
        sync_failed(s, -1, "a record that the hub refuses cannot be set aside");
        return;
    }
    LOG_WARN("sync.quarantined", LOG_U64("seq", x->batch.first_seq),
             LOG_I64("status", x->status));
}

static void on_answer(struct sync *s, const struct exchange *x)
{
    switch (x->status) {
    case 200:
        on_receipt(s, x);
        break;
    case 409:
        on_conflict(s, x);
        break;
    case 413:
        narrow_down(s, x, "too-large");
        break;
    case 400:
        /* Of a hub's own kind only: another's 400 says nothing of the record. */
        if (!problem_is(x, "malformed")) {
            sync_failed(s, -1, "the hub does not understand the request");
            break;
        }
        narrow_down(s, x, "malformed");
        break;
    case 422:
        narrow_down(s, x, "refused");
        break;
    default:
        sync_failed(s, -1, "the hub cannot take events now");
        break;
    }
}

/* ---- a batch --------------------------------------------------------------------- */

static enum dl_err make_frame(struct sync *s, struct exchange *x)
{
    struct wire_head clocks = {.flags = x->gap ? WIRE_FLAG_GAP : 0,
                               .wall_ms = clock_wall_ms(),
                               .mono_ms = clock_mono_ms()};
    clock_boot_id(clocks.boot_id);
    enum dl_err err = outbox_frame(s->reader, &clocks, s->records_max, s->opt.batch_bytes_max,
                                   s->frame, s->frame_cap, &x->batch);
    if (!err)
        outbox_stream(s->reader, x->stream);
    return err;
}

void push_batch(struct sync *s)
{
    struct exchange x = {.gap = s->gap};
    enum dl_err err = make_frame(s, &x);
    if (err == DL_E_NOT_FOUND) {
        s->linger_until = SYNC_NEVER;
        return;
    }
    if (err) {
        LOG_ERROR("sync.frame_failed", LOG_ERR(err));
        sync_failed(s, -1, "the outbox cannot be read");
        return;
    }
    char path[64], hex[2 * SEAL_STREAM_BYTES + 1];
    bytes_to_hex(hex, x.stream, sizeof x.stream);
    snprintf(path, sizeof path, "/v1/streams/%s/batches", hex);
    struct uplink_request req = {.method = "POST",
                                 .path = path,
                                 .content_type = WIRE_CONTENT_TYPE,
                                 .body = s->frame,
                                 .body_len = x.batch.frame_len};
    struct uplink_answer answer;
    err = sync_send(s, &req, &answer);
    if (!err) {
        s->gap = false; /* said once; the hub asks again if it must */
        x.status = answer.status;
        if (json_parse(&x.json, (const char *)answer.body, answer.body_len, NULL, NULL))
            x.json = NULL;
        on_answer(s, &x);
        json_decref(x.json);
    }
    uplink_answer_done(&answer);
}
