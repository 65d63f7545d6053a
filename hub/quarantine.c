#include "hub/quarantine.h"

#include "hub/devices.h"
#include "hub/ingest_internal.h"
#include "platform/bytes.h"
#include "platform/clock.h"
#include "platform/random.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As ingest.c does with a batch that another hub's crossed. */
#define TRIES_MAX    8
#define TRY_AGAIN_MS 10

#define OBJECT_BYTES (2 * STORE_STREAM_BYTES + 24)

/* "STREAM/SEQ" */
static void name_record(const uint8_t stream[static STORE_STREAM_BYTES], uint64_t seq,
                        char ret[static OBJECT_BYTES])
{
    bytes_to_hex(ret, stream, STORE_STREAM_BYTES);
    snprintf(ret + 2 * STORE_STREAM_BYTES, OBJECT_BYTES - 2 * STORE_STREAM_BYTES, "/%" PRIu64,
             seq);
}

/* ---- looking ---------------------------------------------------------------------- */

static int add_base64(json_t *to, const char *name, const uint8_t *bytes, size_t len)
{
    size_t cap = sodium_base64_ENCODED_LEN(len, sodium_base64_VARIANT_ORIGINAL);
    char *text = malloc(cap);
    if (!text)
        return -1;
    sodium_bin2base64(text, cap, bytes, len, sodium_base64_VARIANT_ORIGINAL);
    int done = json_object_set_new(to, name, json_string(text));
    free(text);
    return done;
}

static json_t *row_json(const struct store_quarantined *row)
{
    char at[CLOCK_TEXT_BYTES], stream[2 * STORE_STREAM_BYTES + 1];
    clock_text(row->at_ms, at);
    bytes_to_hex(stream, row->stream, STORE_STREAM_BYTES);
    return json_pack("{s:I, s:s, s:I, s:s, s:I, s:s, s:I}", "no", (json_int_t)row->no, "at", at,
                     "device", (json_int_t)row->device, "stream", stream, "seq",
                     (json_int_t)row->seq, "reason", row->reason, "bytes",
                     (json_int_t)row->body_len);
}

static enum dl_err list_row(void *ctx, const struct store_quarantined *row)
{
    return json_array_append_new(ctx, row_json(row)) == 0 ? DL_OK : DL_E_NOMEM;
}

/* The device's number gives way to its name, which no other statement may ask for while
 * rows come. */
static enum dl_err name_device(struct store *st, json_t *row)
{
    struct store_device device;
    enum dl_err err = st->device_get(st, json_get_int(row, "device", 0), &device);
    if (err)
        return err == DL_E_NOT_FOUND ? DL_E_CORRUPT : err;
    return json_object_set_new(row, "device", json_string(device.name)) == 0 ? DL_OK
                                                                             : DL_E_NOMEM;
}

enum dl_err quarantine_list(struct store *st, int64_t after, json_t **ret)
{
    json_t *rows = json_array(), *row;
    size_t i;
    enum dl_err err = rows ? st->begin(st, STORE_READ) : DL_E_NOMEM;
    if (err)
        goto done;
    err = st->quarantine_each(st, after, QUARANTINE_PAGE, list_row, rows);
    json_array_foreach(rows, i, row)
    {
        if (!err)
            err = name_device(st, row);
    }
    st->rollback(st);
    if (err)
        goto done;
    *ret = rows;
    rows = NULL; /* the caller's now */
done:
    json_decref(rows);
    return err;
}

struct look {
    int64_t no;
    json_t *json;
};

static enum dl_err show_row(void *ctx, const struct store_quarantined *row)
{
    struct look *look = ctx;
    char stream[2 * STORE_STREAM_BYTES + 1];
    if (row->no != look->no)
        return DL_OK;
    bytes_to_hex(stream, row->sealed_stream, STORE_STREAM_BYTES);
    look->json = row_json(row);
    bool whole = json_object_set_new(look->json, "sealed_stream", json_string(stream)) == 0 &&
                 add_base64(look->json, "header", row->header, sizeof row->header) == 0 &&
                 add_base64(look->json, "sealed", row->body, row->body_len) == 0;
    return whole ? DL_OK : DL_E_NOMEM;
}

enum dl_err quarantine_show(struct store *st, int64_t no, json_t **ret)
{
    struct look look = {.no = no};
    enum dl_err err = no < 1 ? DL_E_NOT_FOUND : st->begin(st, STORE_READ);
    if (err)
        return err;
    err = st->quarantine_each(st, no - 1, 1, show_row, &look);
    if (!err)
        err = look.json ? name_device(st, look.json) : DL_E_NOT_FOUND;
    st->rollback(st);
    if (err)
        json_decref(look.json);
    else
        *ret = look.json;
    return err;
}

/* ---- another try ------------------------------------------------------------------ */

struct again {
    int64_t no;
    const char *who;
    int64_t now_ms;
    struct store_quarantined row; /* with a body of its own */
    uint8_t *body;
    struct quarantine_verdict verdict;
};

static enum dl_err copy_row(void *ctx, const struct store_quarantined *row)
{
    struct again *a = ctx;
    if (row->no != a->no)
        return DL_OK;
    a->row = *row;
    a->row.reason = NULL;
    a->body = malloc(row->body_len + 1);
    if (!a->body)
        return DL_E_NOMEM;
    if (row->body_len)
        memcpy(a->body, row->body, row->body_len);
    a->row.body = a->body;
    return DL_OK;
}

static enum dl_err find_row(struct hub *hub, struct again *a, uint32_t *ret_generation)
{
    struct store *reader = hub->reader;
    struct store_rekey rekey;
    enum dl_err err = a->no < 1 ? DL_E_NOT_FOUND : reader->begin(reader, STORE_READ);
    if (err)
        return err;
    err = reader->rekey_get(reader, &rekey);
    if (!err)
        err = reader->quarantine_each(reader, a->no - 1, 1, copy_row, a);
    reader->rollback(reader);
    *ret_generation = rekey.generation;
    return err || a->body ? err : DL_E_NOT_FOUND;
}

/* A frame with this record alone, as if its device sent it now. */
static enum dl_err frame_of(struct batch *b, const struct again *a)
{
    struct wire_frame *f = &b->frame;
    f->segments = calloc(1, sizeof *f->segments);
    f->records = calloc(1, sizeof *f->records);
    if (!f->segments || !f->records)
        return DL_E_NOMEM;
    f->segment_count = f->record_count = 1;
    f->head = (struct wire_head){
        .base_seq = a->row.seq, .first_seq = a->row.seq, .wall_ms = a->row.at_ms};
    memcpy(f->head.stream, a->row.stream, sizeof f->head.stream);
    memcpy(f->segments[0].stream, a->row.sealed_stream, sizeof f->segments[0].stream);
    memcpy(f->segments[0].header, a->row.header, sizeof f->segments[0].header);
    f->records[0] = (struct wire_record){.body = a->row.body, .body_len = a->row.body_len};
    return ingest_make_room(b);
}

static enum dl_err audit(struct store *st, const struct again *a, const char *what,
                         const char *detail)
{
    char object[OBJECT_BYTES];
    name_record(a->row.stream, a->row.seq, object);
    return devices_audit(st, a->who, what, object, detail, a->now_ms);
}

/* Its row goes first: whoever tries the same one beside this finds it gone. */
static enum dl_err take(struct batch *b, struct again *a)
{
    enum dl_err err = b->st->quarantine_drop(b->st, a->no);
    if (!err)
        err = ingest_look_at_generation(b);
    if (!err)
        err = b->st->device_get(b->st, a->row.device, &b->device);
    if (!err)
        err = b->st->stream_find(b->st, a->row.stream, &b->stream);
    if (err)
        return err;
    b->stream.durable_seq = a->row.seq - 1; /* of this frame nothing was taken in */
    err = ingest_take_in(b);
    a->verdict = (struct quarantine_verdict){.duplicate = b->answer->duplicates > 0};
    return err ? err
               : audit(b->st, a, "quarantine.retry",
                       a->verdict.duplicate ? "it was here already" : "taken in");
}

static enum dl_err transact(struct batch *b, struct again *a)
{
    enum dl_err err =
        b->st->begin(b->st, ingest_wants_to_be_alone(b) ? STORE_ALONE : STORE_WRITE);
    b->no_turn = err != DL_OK;
    if (err)
        return err;
    err = take(b, a);
    if (!err)
        err = b->st->commit(b->st);
    else
        b->st->rollback(b->st);
    if (!err && b->likeness_news)
        atomic_fetch_add(&b->hub->likeness_news, 1);
    return err;
}

static enum dl_err try_once(struct hub *hub, struct again *a, bool *ret_no_turn)
{
    struct ingest_answer answer = {.status = 0};
    struct batch b = {.hub = hub, .st = hub->store, .now_ms = a->row.at_ms, .answer = &answer};
    enum dl_err err = find_row(hub, a, &b.generation);
    if (!err)
        err = frame_of(&b, a);
    if (!err)
        err = open_records(hub, a->row.device, &b.frame, 0, b.generation, a->row.at_ms,
                           b.records);
    if (!err && b.records[0].reason) {
        a->verdict = (struct quarantine_verdict){.reason = b.records[0].reason};
    } else if (!err) {
        b.records[0].time_ms = b.records[0].fact.time_ms;
        b.records[0].quality = STORE_TIME_REPORTED;
        err = transact(&b, a);
    }
    *ret_no_turn = b.no_turn;
    ingest_batch_done(&b);
    free(a->body);
    a->body = NULL;
    return err;
}

enum dl_err quarantine_retry(struct hub *hub, int64_t no, const char *who, int64_t now_ms,
                             struct quarantine_verdict *ret)
{
    struct again a = {.no = no, .who = who, .now_ms = now_ms};
    bool no_turn = false;
    enum dl_err err = try_once(hub, &a, &no_turn);
    for (int tries = 1; err == DL_E_BUSY && !no_turn && tries < TRIES_MAX; tries++) {
        clock_sleep_ms((uint32_t)random_below((uint64_t)TRY_AGAIN_MS << tries));
        err = try_once(hub, &a, &no_turn);
    }
    if (!err)
        *ret = a.verdict;
    return err;
}

/* ---- for good --------------------------------------------------------------------- */

static enum dl_err note_row(void *ctx, const struct store_quarantined *row)
{
    struct again *a = ctx;
    if (row->no == a->no)
        a->row = *row;
    return DL_OK;
}

enum dl_err quarantine_discard(struct store *st, int64_t no, const char *who, int64_t now_ms)
{
    struct again a = {.no = no, .who = who, .now_ms = now_ms};
    enum dl_err err = no < 1 ? DL_E_NOT_FOUND : st->begin(st, STORE_WRITE);
    if (err)
        return err;
    err = st->quarantine_each(st, no - 1, 1, note_row, &a);
    if (!err)
        err = st->quarantine_drop(st, no);
    if (!err)
        err = audit(st, &a, "quarantine.discard", NULL);
    if (!err)
        return st->commit(st);
    st->rollback(st);
    return err;
}
