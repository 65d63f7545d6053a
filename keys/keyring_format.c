#include "crypto/secret.h"
#include "keys/keyring.h"
#include "keys/keyring_internal.h"
#include "platform/bytes.h"
#include "platform/json.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT       "dunlin-keyring-1" /* without audience keys */
#define FORMAT_2     "dunlin-keyring-2"
#define KDF_NAME     "argon2id"
#define VARIANT      sodium_base64_VARIANT_ORIGINAL
#define BASE64_BYTES 128 /* of the longest share and its NUL */

_Static_assert(sodium_base64_ENCODED_LEN(CUSTODIAN_LOCKED_BYTES, VARIANT) <= BASE64_BYTES,
               "a share fits");
_Static_assert(sodium_base64_ENCODED_LEN(AUDIENCE_LOCKED_BYTES, VARIANT) <= BASE64_BYTES,
               "so does an audience key");

static size_t share_len(const struct keyring *kr)
{
    return kr->locked ? CUSTODIAN_LOCKED_BYTES : CUSTODIAN_PLAIN_BYTES;
}

static json_t *base64_of(const uint8_t *bytes, size_t len)
{
    char text[BASE64_BYTES];
    sodium_bin2base64(text, sizeof text, bytes, len, VARIANT);
    json_t *value = json_string(text);
    secret_wipe(text, sizeof text);
    return value;
}

static json_t *kdf_of(const struct keyring *kr)
{
    if (!kr->locked)
        return json_null();
    return json_pack("{s:s, s:I, s:I, s:o}", "name", KDF_NAME, "ops", (json_int_t)kr->kdf.ops,
                     "mem", (json_int_t)kr->kdf.mem, "salt",
                     base64_of(kr->kdf.salt, sizeof kr->kdf.salt));
}

static json_t *devices_of(const struct keyring *kr)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < kr->device_count; i++) {
        const struct keyring_device *d = &kr->devices[i];
        const char *enrolled_at = d->enrolled_at[0] ? d->enrolled_at : NULL;
        json_t *entry = json_pack("{s:s, s:i, s:s?}", "device", d->name, "epoch", (int)d->epoch,
                                  "enrolled_at", enrolled_at);
        if (json_array_append_new(list, entry) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *audience_of(const struct keyring *kr)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < kr->audience_count; i++) {
        const struct keyring_audience *a = &kr->audience[i];
        char public[2 * AUDIENCE_PUBLIC_BYTES + 1];
        bytes_to_hex(public, a->public, sizeof a->public);
        json_t *entry = json_pack("{s:s, s:s, s:o}", "made_at", a->made_at, "public", public,
                                  "secret", base64_of(a->locked, sizeof a->locked));
        if (json_array_append_new(list, entry) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

const char *keyring_format_name(const struct keyring *kr)
{
    return kr->audience_count ? FORMAT_2 : FORMAT;
}

enum dl_err keyring_format(const struct keyring *kr, char **ret, size_t *ret_len)
{
    /* json_pack takes the new values over, and fails when one of them is NULL. */
    json_t *obj = json_pack("{s:s, s:s, s:o, s:o, s:o}", "format", keyring_format_name(kr),
                            "created_at", kr->created_at, "kdf", kdf_of(kr), "share",
                            base64_of(kr->share, share_len(kr)), "devices", devices_of(kr));
    if (obj && kr->audience_count &&
        json_object_set_new(obj, "audience", audience_of(kr)) != 0) {
        json_decref(obj);
        obj = NULL;
    }
    char *text = obj ? json_text(obj, ret_len) : NULL;
    json_decref(obj);
    if (!text)
        return DL_E_NOMEM;
    *ret = text;
    return DL_OK;
}

static bool is_time(const char *text)
{
    size_t len = text ? strlen(text) : 0;
    return len > 0 && len < CLOCK_TEXT_BYTES && strspn(text, "0123456789-:.TZ+") == len;
}

static bool take_base64(const json_t *obj, const char *key, uint8_t *ret, size_t len)
{
    const char *text = json_get_str(obj, key);
    size_t got = 0;
    return text &&
           sodium_base642bin(ret, len, text, strlen(text), NULL, &got, NULL, VARIANT) == 0 &&
           got == len;
}

static bool take_kdf(struct keyring *kr, const json_t *obj)
{
    const json_t *kdf = json_object_get(obj, "kdf");
    if (json_is_null(kdf))
        return true;
    const char *name = json_get_str(kdf, "name");
    int64_t ops = json_get_int(kdf, "ops", 0), mem = json_get_int(kdf, "mem", 0);
    kr->locked = true;
    kr->kdf.ops = ops > 0 ? (uint64_t)ops : 0;
    kr->kdf.mem = mem > 0 ? (uint64_t)mem : 0;
    return json_object_size(kdf) == 4 && name && strcmp(name, KDF_NAME) == 0 &&
           custodian_kdf_ok(&kr->kdf) &&
           take_base64(kdf, "salt", kr->kdf.salt, sizeof kr->kdf.salt);
}

static bool take_device(struct keyring *kr, const json_t *entry)
{
    struct keyring_device *d = &kr->devices[kr->device_count];
    const char *name = json_get_str(entry, "device");
    const json_t *enrolled_at = json_object_get(entry, "enrolled_at");
    int64_t epoch = json_get_int(entry, "epoch", 0);
    if (json_object_size(entry) != 3 || !name || !pki_name_ok(name) || epoch < 1 ||
        epoch > UINT16_MAX || keyring_find(kr, name))
        return false;
    if (!json_is_null(enrolled_at) && !is_time(json_string_value(enrolled_at)))
        return false;
    memset(d, 0, sizeof *d);
    memcpy(d->name, name, strlen(name) + 1);
    d->epoch = (uint16_t)epoch;
    if (!json_is_null(enrolled_at))
        memcpy(d->enrolled_at, json_string_value(enrolled_at),
               strlen(json_string_value(enrolled_at)) + 1);
    kr->device_count++;
    return true;
}

static enum dl_err take_devices(struct keyring *kr, const json_t *list)
{
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count > KEYRING_DEVICES_MAX)
        return DL_E_CORRUPT;
    kr->devices = calloc(count + 1, sizeof *kr->devices);
    if (!kr->devices)
        return DL_E_NOMEM;
    for (size_t i = 0; i < count; i++)
        if (!take_device(kr, json_array_get(list, i)))
            return DL_E_CORRUPT;
    return DL_OK;
}

static bool take_audience(struct keyring *kr, const json_t *list)
{
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count == 0 || count > KEYRING_AUDIENCE_MAX)
        return false;
    for (size_t i = 0; i < count; i++) {
        const json_t *entry = json_array_get(list, i);
        struct keyring_audience *a = &kr->audience[i];
        const char *made_at = json_get_str(entry, "made_at");
        const char *public = json_get_str(entry, "public");
        if (json_object_size(entry) != 3 || !is_time(made_at) || !public ||
            !bytes_from_hex(a->public, sizeof a->public, public) ||
            !take_base64(entry, "secret", a->locked, sizeof a->locked))
            return false;
        memcpy(a->made_at, made_at, strlen(made_at) + 1);
    }
    kr->audience_count = count;
    return true;
}

static enum dl_err bad(struct dl_why *why, const char *what)
{
    dl_why_set(why, "%s", what);
    return DL_E_CORRUPT;
}

static enum dl_err fill(struct keyring *kr, const json_t *obj, struct dl_why *why)
{
    const char *format = json_get_str(obj, "format");
    const char *created_at = json_get_str(obj, "created_at");
    bool second = format && strcmp(format, FORMAT_2) == 0;
    if (!format || (!second && strcmp(format, FORMAT) != 0))
        return bad(why, "not a keyring of this version: /format is not \"" FORMAT
                        "\" or \"" FORMAT_2 "\"");
    if (json_object_size(obj) != (second ? 6 : 5))
        return bad(why, "a keyring of this format has five members, or six; this has not");
    if (second && !take_audience(kr, json_object_get(obj, "audience")))
        return bad(why, "/audience is missing or malformed");
    if (!is_time(created_at))
        return bad(why, "/created_at is missing or malformed");
    memcpy(kr->created_at, created_at, strlen(created_at) + 1);
    if (!take_kdf(kr, obj))
        return bad(why, "/kdf is missing or malformed, or asks for too much");
    if (!take_base64(obj, "share", kr->share, share_len(kr)))
        return bad(why, "/share is missing or malformed");
    enum dl_err err = take_devices(kr, json_object_get(obj, "devices"));
    if (err == DL_E_CORRUPT)
        return bad(why, "/devices is missing or malformed");
    return err;
}

enum dl_err keyring_parse(struct keyring **ret, const char *text, size_t len,
                          struct dl_why *why)
{
    json_t *obj = NULL;
    struct keyring *kr = NULL;
    enum dl_err err = json_parse(&obj, text, len, NULL, why);
    if (err == DL_E_INPUT)
        err = DL_E_CORRUPT;
    if (err)
        goto done;
    err = DL_E_NOMEM;
    kr = secret_make(sizeof *kr);
    if (!kr)
        goto done;
    err = fill(kr, obj, why);
    if (err)
        goto done;
    *ret = kr;
    kr = NULL; /* the caller's now */
done:
    keyring_free(kr);
    json_decref(obj);
    return err;
}
