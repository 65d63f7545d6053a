#include "keys/audience_file.h"

#include "platform/bytes.h"
#include "platform/json.h"

#include <sodium.h>
#include <string.h>

static enum dl_err bad(struct dl_why *why, const char *words)
{
    dl_why_set(why, "%s", words);
    return DL_E_CORRUPT;
}

/* Printable ASCII alone, for it is shown. */
static bool take_text(const json_t *obj, const char *key, char *ret, size_t cap)
{
    const char *text = json_get_str(obj, key);
    size_t len = text ? strlen(text) : 0;
    if (len == 0 || len >= cap)
        return false;
    for (size_t i = 0; i < len; i++)
        if (text[i] < 0x20 || text[i] > 0x7e)
            return false;
    memcpy(ret, text, len + 1);
    return true;
}

static bool take_keys(const json_t *list, struct audience_head *ret)
{
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count > AUDIENCE_FILE_KEYS_MAX)
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *hex = json_get_str(json_array_get(list, i), "fingerprint");
        if (!hex || !bytes_from_hex(ret->keys[i], sizeof ret->keys[i], hex))
            return false;
    }
    ret->key_count = count;
    return true;
}

static enum dl_err take_head(const json_t *obj, struct audience_head *ret, struct dl_why *why)
{
    const char *format = json_get_str(obj, "format");
    int64_t count = json_get_int(obj, "count", -1);
    if (!format || strcmp(format, AUDIENCE_FILE_FORMAT) != 0)
        return bad(why,
                   "not an audience of this version: /format is not \"" AUDIENCE_FILE_FORMAT
                   "\"");
    if (!take_text(obj, "hub", ret->hub, sizeof ret->hub))
        return bad(why, "/hub is missing or malformed");
    if (!take_text(obj, "made_at", ret->made_at, sizeof ret->made_at))
        return bad(why, "/made_at is missing or malformed");
    if (count < 0)
        return bad(why, "/count is missing or malformed");
    ret->count = (uint64_t)count;
    return take_keys(json_object_get(obj, "keys"), ret)
               ? DL_OK
               : bad(why, "/keys is missing or malformed");
}

enum dl_err audience_head_parse(const char *text, size_t len, struct audience_head *ret,
                                struct dl_why *why)
{
    struct audience_head head = {.count = 0};
    json_t *obj = NULL;
    enum dl_err err = json_parse(&obj, text, len, NULL, why);
    if (!err)
        err = take_head(obj, &head, why);
    json_decref(obj);
    if (!err)
        *ret = head;
    return err == DL_E_INPUT ? DL_E_CORRUPT : err;
}

static bool take_line(const json_t *obj, const struct audience_head *head,
                      struct audience_line *ret)
{
    const char *sealed = json_get_str(obj, "sealed");
    int64_t key = json_get_int(obj, "key", -1);
    size_t len = 0;
    if (!sealed || key < 0 || (uint64_t)key >= head->key_count ||
        sodium_base642bin(ret->sealed, sizeof ret->sealed, sealed, strlen(sealed), NULL, &len,
                          NULL, sodium_base64_VARIANT_ORIGINAL) != 0 ||
        len <= AUDIENCE_SEAL_OVERHEAD)
        return false;
    ret->key = (size_t)key;
    ret->sealed_len = len;
    return true;
}

enum dl_err audience_line_parse(const struct audience_head *head, const char *text, size_t len,
                                struct audience_line *ret)
{
    json_t *obj = NULL;
    enum dl_err err = json_parse(&obj, text, len, NULL, NULL);
    if (!err && !take_line(obj, head, ret))
        err = DL_E_CORRUPT;
    json_decref(obj);
    return err == DL_E_INPUT ? DL_E_CORRUPT : err;
}
