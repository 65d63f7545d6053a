/* fake_uplink.h - a hub in memory behind the uplink's seam.
 *
 * It takes frames as the real one does (dense seqs per stream, repeats ignored),
 * unless answers are laid out for it with fake_next: those go first, in order.
 */
#ifndef DUNLIN_TEST_FAKE_UPLINK_H
#define DUNLIN_TEST_FAKE_UPLINK_H

#include "platform/bytes.h"
#include "sync/uplink.h"
#include "sync/wire.h"
#include "tests/unit/platform/scratch.h"

#include <stdatomic.h>

#define FAKE_ANSWERS_MAX 64
#define FAKE_SEQS_MAX    20000

struct fake_answer {
    int status; /* 0: no answer; `state` says why */
    enum uplink_state state;
    int64_t retry_after_ms; /* 0: none */
    const char *body;       /* NULL: "" */
};

struct fake_uplink {
    struct uplink base;
    struct fake_answer next[FAKE_ANSWERS_MAX];
    size_t next_count, next_at;
    const struct fake_answer *always; /* when none is laid out; NULL: as a sound hub */

    /* What arrived. */
    unsigned requests, batches, reloads;
    atomic_bool cancelled;
    char last_path[128];
    struct wire_head last_head;
    size_t last_records, last_empty;

    /* The hub's memory of the one stream it knows. */
    bool known;
    uint8_t stream[SEAL_STREAM_BYTES];
    uint64_t durable;
    unsigned times_stored[FAKE_SEQS_MAX];
    uint64_t poison_seq;  /* 0: none; a batch that holds it with a body is 400 */
    size_t records_limit; /* 0: none; more are 413 */
    int64_t date_ms;
    /* Other paths than batches; NULL: 204. */
    struct fake_answer (*other)(struct fake_uplink *f, const struct uplink_request *req);
    char text[8192];
};

static inline struct fake_answer fake_problem(struct fake_uplink *f, int status,
                                              const char *code, const char *member,
                                              uint64_t value)
{
    snprintf(f->text, sizeof f->text,
             "{\"type\":\"urn:dunlin:problem:%s\",\"status\":%d,\"%s\":%llu}", code, status,
             member, (unsigned long long)value);
    return (struct fake_answer){.status = status, .body = f->text};
}

static inline struct fake_answer fake_receipt(struct fake_uplink *f, const uint8_t *stream,
                                              uint64_t durable)
{
    char hex[2 * SEAL_STREAM_BYTES + 1];
    bytes_to_hex(hex, stream, SEAL_STREAM_BYTES);
    snprintf(f->text, sizeof f->text,
             "{\"stream\":\"%s\",\"durable_seq\":%llu,\"time\":\"2026-11-24T01:00:00Z\","
             "\"quarantined\":0}",
             hex, (unsigned long long)durable);
    return (struct fake_answer){.status = 200, .body = f->text};
}

static inline struct fake_answer fake_store(struct fake_uplink *f, const struct wire_frame *fr)
{
    uint64_t last = fr->head.first_seq + fr->record_count - 1;
    if (!f->known || memcmp(f->stream, fr->head.stream, sizeof f->stream) != 0) {
        f->known = true;
        memcpy(f->stream, fr->head.stream, sizeof f->stream);
        f->durable = fr->head.base_seq - 1;
    }
    if (f->records_limit && fr->record_count > f->records_limit)
        return fake_problem(f, 413, "too-large", "limit", f->records_limit);
    for (size_t i = 0; i < fr->record_count; i++)
        if (fr->head.first_seq + i == f->poison_seq && fr->records[i].body_len > 0)
            return fake_problem(f, 400, "malformed", "at", 0);
    if (fr->head.first_seq > f->durable + 1 && !(fr->head.flags & WIRE_FLAG_GAP))
        return fake_problem(f, 409, "gap", "expected", f->durable + 1);
    for (uint64_t seq = fr->head.first_seq; seq <= last; seq++)
        if (seq > f->durable || fr->head.first_seq > f->durable + 1)
            f->times_stored[seq]++;
    if (last > f->durable)
        f->durable = last;
    return fake_receipt(f, fr->head.stream, f->durable < last ? f->durable : last);
}

static inline struct fake_answer fake_batch(struct fake_uplink *f,
                                            const struct uplink_request *req)
{
    struct wire_frame fr;
    assert_int_equal(wire_decode(req->body, req->body_len, &fr), DL_OK);
    f->batches++;
    f->last_head = fr.head;
    f->last_records = fr.record_count;
    f->last_empty = 0;
    for (size_t i = 0; i < fr.record_count; i++)
        f->last_empty += fr.records[i].body_len == 0;
    struct fake_answer a = {.status = -1};
    if (f->next_at < f->next_count)
        a = f->next[f->next_at++];
    else if (f->always)
        a = *f->always;
    if (a.status == -1)
        a = fake_store(f, &fr);
    wire_frame_free(&fr);
    return a;
}

static inline enum dl_err fake_send(struct uplink *up, const struct uplink_request *req,
                                    struct uplink_answer *ret)
{
    struct fake_uplink *f = (struct fake_uplink *)up;
    f->requests++;
    snprintf(f->last_path, sizeof f->last_path, "%s", req->path);
    struct fake_answer a = {.status = 204};
    if (strncmp(req->path, "/v1/streams/", 12) == 0)
        a = fake_batch(f, req);
    else if (f->other)
        a = f->other(f, req);
    *ret = (struct uplink_answer){.state = a.state,
                                  .status = a.status,
                                  .retry_after_ms = a.retry_after_ms ? a.retry_after_ms : -1,
                                  .date_ms = f->date_ms};
    if (a.status == 0)
        return DL_E_NET;
    const char *body = a.body ? a.body : "";
    ret->body_len = strlen(body);
    ret->body = malloc(ret->body_len + 1);
    memcpy(ret->body, body, ret->body_len + 1);
    return DL_OK;
}

static inline void fake_reload(struct uplink *up)
{
    ((struct fake_uplink *)up)->reloads++;
}

static inline void fake_cancel(struct uplink *up)
{
    atomic_store(&((struct fake_uplink *)up)->cancelled, true);
}

static inline void fake_init(struct fake_uplink *f)
{
    memset(f, 0, sizeof *f);
    f->base = (struct uplink){.send = fake_send, .reload = fake_reload, .cancel = fake_cancel};
}

/* The answer to the next batch that none was laid out for yet; status -1: as a
 * sound hub would. */
static inline void fake_next(struct fake_uplink *f, struct fake_answer a)
{
    assert_true(f->next_count < FAKE_ANSWERS_MAX);
    f->next[f->next_count++] = a;
}

#endif
