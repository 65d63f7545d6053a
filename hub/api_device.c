/* What a device asks: is this the hub, take these, what is new. */
#include "hub/api.h"
#include "hub/ingest.h"
#include "platform/bytes.h"
#include "platform/clock.h"
#include "platform/json.h"
#include "platform/log.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_TURN_S 1

static enum dl_err note_seen(struct store *st, int64_t device_no, int64_t now_ms)
{
    enum dl_err err = st->begin(st, STORE_WRITE);
    if (err)
        return err;
    err = st->device_seen(st, device_no, now_ms);
    if (!err)
        return st->commit(st);
    st->rollback(st);
    return err;
}

void api_device_ping(struct api *api, struct request *req)
{
    int64_t now_ms = clock_wall_ms();
    char now[CLOCK_TEXT_BYTES];
    clock_text(now_ms, now);
    /* Worth a line for whoever looks at the list; no reason to fail the ping. */
    enum dl_err err = note_seen(api->hub->store, req->device.no, now_ms);
    if (err)
        LOG_WARN("device.seen", LOG_ERR(err));
    reply_json(req, 200, json_pack("{s:s, s:s}", "device", req->device.name, "time", now));
}

/* ---- POST /v1/streams/{}/batches -------------------------------------------------- */

static void answer_receipt(struct request *req, const struct ingest_answer *a, int64_t now_ms)
{
    char now[CLOCK_TEXT_BYTES];
    clock_text(now_ms, now);
    reply_json(req, 200,
               json_pack("{s:s, s:I, s:s, s:I}", "stream", req->param, "durable_seq",
                         (json_int_t)a->durable_seq, "time", now, "quarantined",
                         (json_int_t)a->quarantined));
}

static void answer_refusal(struct request *req, const struct ingest_answer *a)
{
    json_t *more = NULL;
    if (strcmp(a->code, "gap") == 0)
        more = json_pack("{s:I}", "expected", (json_int_t)a->expected);
    else if (strcmp(a->code, "stream-forked") == 0)
        more = json_pack("{s:I}", "forked_at", (json_int_t)a->forked_at);
    req->retry_after_s = a->retry_after_s;
    reply_problem_with(req, (unsigned)a->status, a->code, a->detail, more);
}

void api_batch(struct api *api, struct request *req)
{
    uint8_t stream[STORE_STREAM_BYTES];
    struct ingest_answer answer = {.status = 500};
    int64_t now_ms = api->hub->reader->now_ms(api->hub->reader);
    if (!bytes_from_hex(stream, sizeof stream, req->param)) {
        reply_problem(req, 400, "malformed", "a stream is 32 hex digits");
        return;
    }
    if (!admission_enter(&api->admission, req->device.no)) {
        counter_add(&api->counters, COUNTER_BATCH_REFUSED, 1);
        req->retry_after_s = RETRY_TURN_S;
        reply_problem(req, 429, "one-at-a-time",
                      "another batch of this device is under way; send this one after it");
        return;
    }
    enum dl_err err = ingest_batch(api->hub, req->device.no, stream, req->body, req->body_len,
                                   now_ms, &answer);
    admission_leave(&api->admission, req->device.no);
    if (err)
        LOG_ERROR("ingest.failed", LOG_ERR(err), LOG_I64("device", req->device.no));
    if (answer.status == 200) {
        counter_add(&api->counters, COUNTER_BATCHES, 1);
        counter_add(&api->counters, COUNTER_BATCH_BYTES, req->body_len);
        answer_receipt(req, &answer, now_ms);
        return;
    }
    counter_add(&api->counters, COUNTER_BATCH_REFUSED, 1);
    if (answer.code)
        answer_refusal(req, &answer);
    else
        reply_error(req, err);
}

/* ---- GET /v1/device/updates ------------------------------------------------------- */

/* Of what the store lends, a JSON object of its own. */
static enum dl_err take_update(void *ctx, const struct store_update *u)
{
    json_t **ret = ctx;
    size_t room = sodium_base64_encoded_len(u->document_len, sodium_base64_VARIANT_ORIGINAL);
    char signature[sodium_base64_ENCODED_LEN(SIGN_SIGNATURE_BYTES,
                                             sodium_base64_VARIANT_ORIGINAL)];
    char *document = malloc(room);
    if (!document)
        return DL_E_NOMEM;
    sodium_bin2base64(document, room, (const uint8_t *)u->document, u->document_len,
                      sodium_base64_VARIANT_ORIGINAL);
    sodium_bin2base64(signature, sizeof signature, u->signature, sizeof u->signature,
                      sodium_base64_VARIANT_ORIGINAL);
    *ret = json_pack("{s:I, s:s, s:s}", "cursor", (json_int_t)u->cursor, "document", document,
                     "signature", signature);
    free(document);
    return *ret ? DL_OK : DL_E_NOMEM;
}

void api_device_updates(struct api *api, struct request *req)
{
    struct store *st = api->hub->reader;
    json_t *update = NULL;
    int64_t since = request_number(req, "since", 0);
    if (since < 0) {
        reply_problem(req, 400, "malformed", "since is a number");
        return;
    }
    enum dl_err err = st->begin(st, STORE_READ);
    if (!err) {
        err = st->update_newest(st, req->device.no, since, take_update, &update);
        st->rollback(st);
    }
    if (err == DL_E_NOT_FOUND)
        reply_empty(req, 204);
    else if (err)
        reply_error(req, err);
    else
        reply_json(req, 200, update);
}
