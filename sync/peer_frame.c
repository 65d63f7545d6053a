#include "sync/peer_frame.h"

#include "platform/bytes.h"
#include "platform/json.h"

#include <string.h>

#define PEER_VERSION 1

static const uint8_t magic[4] = {'D', 'L', 'P', '1'};

void peer_known_add(struct peer_known *known, const struct scan *scan)
{
    known->count++;
    if (scan->seq > known->seq)
        known->seq = scan->seq;
    for (size_t i = 0; i < sizeof known->digest; i++)
        known->digest[i] ^= scan->id[i];
}

/* ---- writing ------------------------------------------------------------------------ */

static json_t *known_json(const struct peer_known *known)
{
    char digest[2 * SCAN_ID_BYTES + 1];
    bytes_to_hex(digest, known->digest, sizeof known->digest);
    return json_pack("{s:s, s:I, s:I, s:s}", "event", known->event, "count",
                     (json_int_t)known->count, "seq", (json_int_t)known->seq, "digest", digest);
}

static json_t *body_json(const struct peer_frame *frame)
{
    json_t *items = json_array();
    bool ok = items != NULL;
    for (size_t i = 0; ok && i < frame->count; i++)
        ok = json_array_append_new(items, frame->type == PEER_HELLO
                                              ? known_json(&frame->known[i])
                                              : scan_json(&frame->scans[i])) == 0;
    if (!ok) {
        json_decref(items);
        return NULL;
    }
    return json_pack("{s:o}", frame->type == PEER_HELLO ? "events" : "scans", items);
}

static size_t count_max(enum peer_frame_type type)
{
    switch (type) {
    case PEER_HELLO:
        return PEER_EVENTS_MAX;
    case PEER_SCANS:
        return PEER_SCANS_MAX;
    default:
        return 0;
    }
}

enum dl_err peer_frame_encode(const struct peer_frame *frame,
                              uint8_t ret[static PEER_FRAME_BYTES_MAX], size_t *ret_len)
{
    if (frame->count > count_max(frame->type))
        return DL_E_INPUT;
    json_t *body = frame->type == PEER_PING ? NULL : body_json(frame);
    size_t len = 0;
    char *text = body ? json_text(body, &len) : NULL;
    json_decref(body);
    if (frame->type != PEER_PING && !text)
        return DL_E_NOMEM;
    struct bytes_writer w = bytes_writer_of(ret, PEER_FRAME_BYTES_MAX);
    bytes_write(&w, magic, sizeof magic);
    bytes_write_u8(&w, PEER_VERSION);
    bytes_write_u8(&w, (uint8_t)frame->type);
    bytes_write_u32(&w, (uint32_t)len);
    bytes_write(&w, text, len);
    json_text_free(text);
    if (w.failed)
        return DL_E_INPUT;
    *ret_len = w.len;
    return DL_OK;
}

/* ---- reading ------------------------------------------------------------------------ */

static enum dl_err read_head(const uint8_t head[static PEER_HEAD_BYTES],
                             enum peer_frame_type *ret_type, size_t *ret_body_len)
{
    struct bytes_reader r = bytes_reader_of(head, PEER_HEAD_BYTES);
    const uint8_t *m = bytes_read(&r, sizeof magic);
    if (!m || memcmp(m, magic, sizeof magic) != 0 || bytes_read_u8(&r) != PEER_VERSION)
        return DL_E_CORRUPT;
    uint8_t type = bytes_read_u8(&r);
    size_t len = bytes_read_u32(&r);
    if (type < PEER_HELLO || type > PEER_PING || len > PEER_FRAME_BYTES_MAX - PEER_HEAD_BYTES ||
        (len == 0) != (type == PEER_PING))
        return DL_E_CORRUPT;
    *ret_type = (enum peer_frame_type)type;
    *ret_body_len = len;
    return DL_OK;
}

enum dl_err peer_frame_len(const uint8_t head[static PEER_HEAD_BYTES], size_t *ret_len)
{
    enum peer_frame_type type = PEER_PING;
    size_t body_len = 0;
    enum dl_err err = read_head(head, &type, &body_len);
    if (!err)
        *ret_len = PEER_HEAD_BYTES + body_len;
    return err;
}

static enum dl_err read_known(const json_t *object, struct peer_known *ret)
{
    const char *event = json_get_str(object, "event");
    const char *digest = json_get_str(object, "digest");
    int64_t count = json_get_int(object, "count", -1), seq = json_get_int(object, "seq", -1);
    if (json_object_size(object) != 4 || !scan_name_fits(event) || count < 0 || seq < 0 ||
        !digest || !bytes_from_hex(ret->digest, sizeof ret->digest, digest))
        return DL_E_CORRUPT;
    memcpy(ret->event, event, strlen(event) + 1);
    ret->count = (uint64_t)count;
    ret->seq = (uint64_t)seq;
    return DL_OK;
}

static enum dl_err read_body(const json_t *body, struct peer_frame *ret)
{
    const json_t *items = json_object_get(body, ret->type == PEER_HELLO ? "events" : "scans");
    size_t count = json_array_size(items);
    if (!json_is_array(items) || json_object_size(body) != 1 || count > count_max(ret->type))
        return DL_E_CORRUPT;
    enum dl_err err = DL_OK;
    for (size_t i = 0; i < count && !err; i++) {
        const json_t *item = json_array_get(items, i);
        err = ret->type == PEER_HELLO ? read_known(item, &ret->known[i])
                                      : scan_from_json(item, &ret->scans[i]);
    }
    ret->count = count;
    return err;
}

enum dl_err peer_frame_decode(const uint8_t *bytes, size_t len, struct peer_frame *ret)
{
    size_t body_len = 0;
    if (len < PEER_HEAD_BYTES || read_head(bytes, &ret->type, &body_len) ||
        body_len != len - PEER_HEAD_BYTES)
        return DL_E_CORRUPT;
    ret->count = 0;
    if (ret->type == PEER_PING)
        return DL_OK;
    json_t *body = NULL;
    enum dl_err err =
        json_parse(&body, (const char *)bytes + PEER_HEAD_BYTES, body_len, NULL, NULL);
    if (err)
        return err == DL_E_NOMEM ? err : DL_E_CORRUPT;
    err = read_body(body, ret);
    json_decref(body);
    return err;
}
