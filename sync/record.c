#include "sync/record.h"

#include "platform/bytes.h"

#include <stdbool.h>
#include <string.h>

#define HEAD_BYTES          (1 + 1 + 8 + 8 + 1)
#define TOKEN_BYTES         ((size_t)1 + 1 + 2 + GROUP_ELEMENT_BYTES)
#define FLAGS_KNOWN         (RECORD_TIME_GIVEN | RECORD_AUDIENCE)
#define AUDIENCE_HEAD_BYTES ((size_t)AUDIENCE_KEY_ID_BYTES + 1 + 2)

static bool audience_fits(const struct record_audience *a)
{
    return a->sealed_len == 0 || (a->sealed_len > AUDIENCE_SEAL_OVERHEAD &&
                                  a->sealed_len <= RECORD_SEALED_BYTES_MAX && a->schemes != 0);
}

size_t record_encoded_len(const struct record *rec)
{
    size_t sealed_len = rec->audience.sealed_len;
    return HEAD_BYTES + rec->token_count * TOKEN_BYTES + 4 + rec->json_len +
           (sealed_len ? AUDIENCE_HEAD_BYTES + sealed_len : 0);
}

static bool fits(const struct record *rec)
{
    return rec->token_count <= RECORD_TOKENS_MAX && rec->json_len <= RECORD_BYTES_MAX &&
           audience_fits(&rec->audience) && record_encoded_len(rec) <= RECORD_BYTES_MAX;
}

static void write_audience(struct bytes_writer *w, const struct record_audience *a)
{
    bytes_write(w, a->key_id, sizeof a->key_id);
    bytes_write_u8(w, a->schemes);
    bytes_write_u16(w, (uint16_t)a->sealed_len);
    bytes_write(w, a->sealed, a->sealed_len);
}

enum dl_err record_encode(const struct record *rec, uint8_t *ret, size_t cap, size_t *ret_len)
{
    if (!fits(rec) || record_encoded_len(rec) > cap)
        return DL_E_INPUT;
    struct bytes_writer w = bytes_writer_of(ret, cap);
    bytes_write_u8(&w, RECORD_VERSION);
    bytes_write_u8(&w, (uint8_t)((rec->flags & ~RECORD_AUDIENCE) |
                                 (rec->audience.sealed_len ? RECORD_AUDIENCE : 0)));
    bytes_write_u64(&w, (uint64_t)rec->wall_ms);
    bytes_write_u64(&w, rec->mono_ms);
    bytes_write_u8(&w, (uint8_t)rec->token_count);
    for (size_t i = 0; i < rec->token_count; i++) {
        const struct token *t = &rec->tokens[i];
        bytes_write_u8(&w, t->type);
        bytes_write_u8(&w, t->version);
        bytes_write_u16(&w, t->epoch);
        bytes_write(&w, t->element, sizeof t->element);
    }
    bytes_write_u32(&w, (uint32_t)rec->json_len);
    bytes_write(&w, rec->json, rec->json_len);
    if (rec->audience.sealed_len)
        write_audience(&w, &rec->audience);
    if (w.failed)
        return DL_E_INPUT;
    *ret_len = w.len;
    return DL_OK;
}

static void read_token(struct bytes_reader *r, struct token *ret)
{
    ret->type = bytes_read_u8(r);
    ret->version = bytes_read_u8(r);
    ret->epoch = bytes_read_u16(r);
    const uint8_t *element = bytes_read(r, sizeof ret->element);
    if (element)
        memcpy(ret->element, element, sizeof ret->element);
}

static bool read_audience(struct bytes_reader *r, struct record_audience *ret)
{
    const uint8_t *key_id = bytes_read(r, sizeof ret->key_id);
    if (key_id)
        memcpy(ret->key_id, key_id, sizeof ret->key_id);
    ret->schemes = bytes_read_u8(r);
    ret->sealed_len = bytes_read_u16(r);
    ret->sealed = bytes_read(r, ret->sealed_len);
    return !r->failed && ret->sealed_len && audience_fits(ret);
}

enum dl_err record_decode(const uint8_t *bytes, size_t len, struct record *ret)
{
    if (len > RECORD_BYTES_MAX)
        return DL_E_CORRUPT;
    struct bytes_reader r = bytes_reader_of(bytes, len);
    uint8_t version = bytes_read_u8(&r);
    uint8_t flags = bytes_read_u8(&r);
    int64_t wall_ms = (int64_t)bytes_read_u64(&r);
    uint64_t mono_ms = bytes_read_u64(&r);
    size_t token_count = bytes_read_u8(&r);
    if (r.failed || version != RECORD_VERSION || (flags & ~FLAGS_KNOWN) ||
        token_count > RECORD_TOKENS_MAX)
        return DL_E_CORRUPT;
    struct bytes_reader tokens = bytes_reader_of(r.at, r.left);
    (void)bytes_read(&r, token_count * TOKEN_BYTES);
    size_t json_len = bytes_read_u32(&r);
    const uint8_t *json = bytes_read(&r, json_len);
    struct record_audience audience = {.sealed_len = 0};
    if ((flags & RECORD_AUDIENCE) && !read_audience(&r, &audience))
        return DL_E_CORRUPT;
    if (r.failed || r.left != 0)
        return DL_E_CORRUPT;
    /* Everything is there: from here on nothing can fail, so ret is whole. */
    for (size_t i = 0; i < token_count; i++)
        read_token(&tokens, &ret->tokens[i]);
    ret->flags = flags;
    ret->wall_ms = wall_ms;
    ret->mono_ms = mono_ms;
    ret->token_count = token_count;
    ret->json = (const char *)json;
    ret->json_len = json_len;
    ret->audience = audience;
    return DL_OK;
}
