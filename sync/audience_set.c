#include "sync/audience_set.h"

#include <string.h>

#define HEAD_BYTES  2
#define ENTRY_BYTES 4 /* before the value */

_Static_assert(HEAD_BYTES +
                       AUDIENCE_SET_VALUES_MAX * (ENTRY_BYTES + AUDIENCE_SET_VALUE_BYTES_MAX) <=
                   AUDIENCE_SET_BYTES_MAX,
               "room for every value");
_Static_assert(AUDIENCE_SET_BYTES_MAX % AUDIENCE_SET_BLOCK == 0, "whole blocks");

static const char *const names[AUDIENCE_SCHEMES_END] = {
    [AUDIENCE_UID2] = "uid2",     [AUDIENCE_GOOGLE] = "google", [AUDIENCE_META] = "meta",
    [AUDIENCE_TIKTOK] = "tiktok", [AUDIENCE_SNAP] = "snap",
};

void audience_writer_init(struct audience_writer *w,
                          uint8_t bytes[static AUDIENCE_SET_BYTES_MAX])
{
    *w = (struct audience_writer){.bytes = bytes, .len = HEAD_BYTES};
    memset(bytes, 0, AUDIENCE_SET_BYTES_MAX);
    bytes[0] = AUDIENCE_SET_VERSION;
}

static bool sound(const struct audience_value *v)
{
    return v->scheme && v->field && v->len && v->len <= AUDIENCE_SET_VALUE_BYTES_MAX &&
           v->form <= AUDIENCE_SHA256 &&
           (v->form != AUDIENCE_SHA256 || v->len == AUDIENCE_SET_DIGEST_BYTES);
}

bool audience_writer_add(struct audience_writer *w, const struct audience_value *value)
{
    if (!sound(value) || value->scheme >= AUDIENCE_SCHEMES_END ||
        w->count == AUDIENCE_SET_VALUES_MAX)
        return false;
    struct bytes_writer to =
        bytes_writer_of(w->bytes + w->len, AUDIENCE_SET_BYTES_MAX - w->len);
    bytes_write_u8(&to, value->scheme);
    bytes_write_u8(&to, value->field);
    bytes_write_u8(&to, value->form);
    bytes_write_u8(&to, value->len);
    bytes_write(&to, value->bytes, value->len);
    w->len += to.len;
    w->bytes[1] = ++w->count;
    w->schemes |= AUDIENCE_BIT(value->scheme);
    return true;
}

size_t audience_writer_end(struct audience_writer *w)
{
    w->len = (w->len + AUDIENCE_SET_BLOCK - 1) / AUDIENCE_SET_BLOCK * AUDIENCE_SET_BLOCK;
    return w->len;
}

/* What is left is the padding to the block, and nothing else. */
static bool padded(const struct bytes_reader *r)
{
    for (size_t i = 0; i < r->left; i++)
        if (r->at[i])
            return false;
    return r->left < AUDIENCE_SET_BLOCK;
}

enum dl_err audience_set_decode(const uint8_t *bytes, size_t len, struct audience_set *ret)
{
    struct audience_set set = {.count = 0};
    struct bytes_reader r = bytes_reader_of(bytes, len);
    uint8_t version = bytes_read_u8(&r);
    size_t count = bytes_read_u8(&r);
    if (r.failed || version != AUDIENCE_SET_VERSION || count > AUDIENCE_SET_VALUES_MAX ||
        len % AUDIENCE_SET_BLOCK || len > AUDIENCE_SET_BYTES_MAX)
        return DL_E_CORRUPT;
    while (set.count < count) {
        struct audience_value *v = &set.values[set.count++];
        v->scheme = bytes_read_u8(&r);
        v->field = bytes_read_u8(&r);
        v->form = bytes_read_u8(&r);
        v->len = bytes_read_u8(&r);
        v->bytes = bytes_read(&r, v->len);
        if (r.failed || !sound(v))
            return DL_E_CORRUPT;
    }
    if (!padded(&r))
        return DL_E_CORRUPT;
    *ret = set;
    return DL_OK;
}

uint8_t audience_scheme_from_name(const char *name, size_t len)
{
    for (uint8_t i = 1; i < AUDIENCE_SCHEMES_END; i++)
        if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
            return i;
    return 0;
}

const char *audience_scheme_name(uint8_t scheme)
{
    return scheme < AUDIENCE_SCHEMES_END ? names[scheme] : NULL;
}

void audience_schemes_text(uint8_t bits, char ret[static AUDIENCE_NAMES_BYTES])
{
    size_t len = 0;
    for (uint8_t i = 1; i < AUDIENCE_SCHEMES_END; i++) {
        if (!(bits & AUDIENCE_BIT(i)))
            continue;
        const char *parts[] = {len ? ", " : "", names[i]};
        for (size_t p = 0; p < 2; p++) {
            memcpy(ret + len, parts[p], strlen(parts[p]));
            len += strlen(parts[p]);
        }
    }
    ret[len] = '\0';
    if (len == 0)
        memcpy(ret, "none", sizeof "none");
}
