#include "agent/ticket_sig1.h"

#include "crypto/secret.h"
#include "platform/bytes.h"

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#define VERSION           1
#define HEAD_BYTES        5
#define DECODED_BYTES_MAX (TICKET_SIG1_CODE_BYTES_MAX / 4 * 3)

/* Seconds that fit as milliseconds, and more than any calendar holds. */
#define SECONDS_MAX INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

/* ---- the envelope ------------------------------------------------------------------- */

struct parts {
    uint8_t bytes[DECODED_BYTES_MAX];
    const uint8_t *payload, *signature;
    size_t payload_len;
};

static bool is_around(char c)
{
    return (unsigned char)c <= ' ' || c == 0x7F;
}

static enum dl_err decode(const char *code, size_t len, uint8_t ret[static DECODED_BYTES_MAX],
                          size_t *ret_len)
{
    char text[TICKET_SIG1_CODE_BYTES_MAX];
    const char *end = NULL;
    while (len > 0 && is_around(code[len - 1]))
        len--;
    while (len > 0 && is_around(*code))
        code++, len--;
    if (len == 0 || len > sizeof text)
        return DL_E_INPUT;
    bool ascii = true; /* libsodium takes some bytes above 0x80 for digits */
    for (size_t i = 0; i < len; i++) {
        text[i] = code[len - 1 - i];
        ascii = ascii && !(text[i] & 0x80);
    }
    int rc = sodium_base642bin(ret, DECODED_BYTES_MAX, text, len, NULL, ret_len, &end,
                               sodium_base64_VARIANT_ORIGINAL);
    bool whole = ascii && rc == 0 && end == text + len;
    secret_wipe(text, sizeof text);
    return whole ? DL_OK : DL_E_INPUT;
}

static enum dl_err take_apart(const char *code, size_t len, struct parts *ret)
{
    size_t total = 0;
    enum dl_err err = decode(code, len, ret->bytes, &total);
    if (err)
        return err;
    struct bytes_reader r = bytes_reader_of(ret->bytes, total);
    uint8_t version = bytes_read_u8(&r);
    ret->payload_len = bytes_read_u16(&r);
    uint16_t signature_len = bytes_read_u16(&r);
    ret->payload = bytes_read(&r, ret->payload_len);
    ret->signature = bytes_read(&r, SIGN_SIGNATURE_BYTES);
    if (r.failed || r.left || version != VERSION || signature_len != SIGN_SIGNATURE_BYTES)
        return DL_E_INPUT;
    return DL_OK;
}

/* ---- the payload: protobuf, as little of it as there is ------------------------------ */

enum wire { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

/* Of pretix_sig1.proto. Field 1, the seed, makes codes differ and says nothing. */
enum field { FIELD_ITEM = 2, FIELD_VARIATION, FIELD_SUBEVENT, FIELD_FROM, FIELD_UNTIL };

static uint64_t read_varint(struct bytes_reader *r)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = bytes_read_u8(r);
        if (shift == 63 && byte > 1)
            break;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80))
            return value;
    }
    r->failed = true;
    return 0;
}

static void skip(struct bytes_reader *r, uint64_t wire)
{
    uint64_t len = 0;
    switch (wire) {
    case WIRE_64:
        (void)bytes_read(r, 8);
        return;
    case WIRE_BYTES:
        len = read_varint(r);
        if (len > r->left)
            r->failed = true;
        else
            (void)bytes_read(r, (size_t)len);
        return;
    case WIRE_32:
        (void)bytes_read(r, 4);
        return;
    default:
        r->failed = true;
    }
}

static void set(struct ticket_sig1 *t, uint64_t field, uint64_t value, struct bytes_reader *r)
{
    int64_t *const at[] = {[FIELD_ITEM] = &t->item,
                           [FIELD_VARIATION] = &t->variation,
                           [FIELD_SUBEVENT] = &t->subevent,
                           [FIELD_FROM] = &t->valid_from_ms,
                           [FIELD_UNTIL] = &t->valid_until_ms};
    if (field < FIELD_ITEM || field > FIELD_UNTIL)
        return;
    bool is_time = field >= FIELD_FROM;
    if (value > (uint64_t)(is_time ? SECONDS_MAX : INT64_MAX))
        r->failed = true;
    else
        *at[field] = (int64_t)value * (is_time ? 1000 : 1);
}

/* What later versions add is passed over, as protobuf asks. */
static enum dl_err read_payload(const uint8_t *bytes, size_t len, struct ticket_sig1 *ret)
{
    struct ticket_sig1 ticket = {0};
    struct bytes_reader r = bytes_reader_of(bytes, len);
    while (r.left > 0 && !r.failed) {
        uint64_t tag = read_varint(&r), field = tag >> 3, wire = tag & 7;
        bool ours = field >= FIELD_ITEM && field <= FIELD_UNTIL;
        if (field > 0 && wire == WIRE_VARINT)
            set(&ticket, field, read_varint(&r), &r);
        else if (field > 0 && !ours)
            skip(&r, wire);
        else
            r.failed = true;
    }
    if (r.failed)
        return DL_E_INPUT;
    *ret = ticket;
    return DL_OK;
}

/* ---- both --------------------------------------------------------------------------- */

static enum dl_err check(const struct parts *p, const uint8_t *keys, size_t key_count)
{
    enum dl_err err = DL_E_CORRUPT;
    for (size_t i = 0; err && i < key_count; i++)
        err =
            sign_check(keys + i * SIGN_PUBLIC_BYTES, p->payload, p->payload_len, p->signature);
    return err;
}

enum dl_err ticket_sig1_open(const char *code, size_t len, const uint8_t *keys,
                             size_t key_count, struct ticket_sig1 *ret)
{
    struct parts parts;
    struct ticket_sig1 ticket;
    enum dl_err err = take_apart(code, len, &parts);
    if (!err)
        err = read_payload(parts.payload, parts.payload_len, &ticket);
    if (!err)
        err = check(&parts, keys, key_count);
    if (!err)
        *ret = ticket;
    secret_wipe(&parts, sizeof parts);
    return err;
}
