#include "crypto/bundle.h"

#include "crypto/secret.h"
#include "crypto/token_internal.h"
#include "platform/bytes.h"
#include "platform/json.h"

#include <stdlib.h>
#include <string.h>

#define FORMAT       "dunlin-bundle-1"
#define HEX_CHARS    64
#define ALPHANUMERIC "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

struct bundle *bundle_make(void)
{
    return secret_make(sizeof(struct bundle));
}

void bundle_free(struct bundle *b)
{
    if (!b)
        return;
    token_key_free(b->token_key);
    secret_free(b, sizeof *b);
}

bool bundle_url_ok(const char *url)
{
    static const char scheme[] = "https://";
    if (strlen(url) >= BUNDLE_URL_BYTES || strncmp(url, scheme, sizeof scheme - 1) != 0)
        return false;
    const char *host = url + sizeof scheme - 1;
    size_t len = strlen(host);
    return len > 0 && host[0] != ':' && strspn(host, ALPHANUMERIC ".-:[]") == len;
}

bool bundle_secret_ok(const char *secret)
{
    return strlen(secret) == BUNDLE_SECRET_CHARS &&
           strspn(secret, ALPHANUMERIC "-_") == BUNDLE_SECRET_CHARS;
}

bool bundle_time_ok(const char *time)
{
    size_t len = strlen(time);
    return len >= 20 && len < BUNDLE_TIME_BYTES && time[4] == '-' && time[7] == '-' &&
           time[10] == 'T' && time[13] == ':' && time[16] == ':' &&
           strspn(time, "0123456789-:.+TZ") == len;
}

static bool pem_ok(const char *pem)
{
    struct pki_info info;
    return strlen(pem) < PKI_PEM_BYTES_MAX && pki_cert_info(pem, &info) == DL_OK;
}

/* Copies a member that passes its test; every `cap` is past what the test lets by. */
static bool take_text(const json_t *obj, const char *name, bool (*ok)(const char *), char *ret,
                      size_t cap, struct dl_why *why)
{
    const char *text = json_get_str(obj, name);
    if (!text || !ok(text) || strlen(text) >= cap) {
        dl_why_set(why, "/%s is missing or malformed", name);
        return false;
    }
    memcpy(ret, text, strlen(text) + 1);
    return true;
}

static bool take_hex(const json_t *obj, const char *name, uint8_t ret[static HEX_CHARS / 2],
                     struct dl_why *why)
{
    const char *hex = json_get_str(obj, name);
    if (hex && bytes_from_hex(ret, HEX_CHARS / 2, hex))
        return true;
    dl_why_set(why, "/%s is not %d hex digits", name, HEX_CHARS);
    return false;
}

static enum dl_err take_token_key(struct bundle *b, const json_t *obj, struct dl_why *why)
{
    int64_t epoch = json_get_int(obj, "epoch", 0);
    if (epoch < 1 || epoch > UINT16_MAX) {
        dl_why_set(why, "/epoch is not a number from 1 to 65535");
        return DL_E_INPUT;
    }
    uint8_t scalar[GROUP_SCALAR_BYTES];
    enum dl_err err = DL_E_INPUT;
    if (take_hex(obj, "token_key", scalar, why)) {
        err = token_key_make(&b->token_key, scalar, (uint16_t)epoch);
        if (err == DL_E_INPUT)
            dl_why_set(why, "/token_key is not a key");
    }
    secret_wipe(scalar, sizeof scalar);
    return err;
}

static bool is_our_format(const json_t *obj)
{
    const char *format = json_get_str(obj, "format");
    return format && strcmp(format, FORMAT) == 0;
}

static bool take_audience(struct bundle *b, const json_t *obj, struct dl_why *why)
{
    if (!b->has_audience)
        return true;
    if (!take_hex(obj, "audience_public", b->audience_public, why))
        return false;
    bool good = audience_public_ok(b->audience_public);
    if (!good)
        dl_why_set(why, "/audience_public is not a key");
    return good;
}

static enum dl_err fill(struct bundle *b, const json_t *obj, struct dl_why *why)
{
    b->has_audience = json_object_get(obj, "audience_public") != NULL;
    if (!is_our_format(obj)) {
        dl_why_set(why, "not a bundle of this version: /format is not \"" FORMAT "\"");
        return DL_E_INPUT;
    }
    /* Ten members, each looked at by name below, and the one that may lack: any
     * further one is unknown. */
    if (json_object_size(obj) > 10 + (size_t)b->has_audience) {
        dl_why_set(why, "a member that no bundle has");
        return DL_E_INPUT;
    }
    bool good = take_text(obj, "device", pki_name_ok, b->device, sizeof b->device, why) &&
                take_text(obj, "hub_url", bundle_url_ok, b->hub_url, sizeof b->hub_url, why) &&
                take_text(obj, "hub_ca", pem_ok, b->hub_ca.text, sizeof b->hub_ca.text, why) &&
                take_text(obj, "secret", bundle_secret_ok, b->secret, sizeof b->secret, why) &&
                take_text(obj, "expires_at", bundle_time_ok, b->expires_at,
                          sizeof b->expires_at, why) &&
                take_hex(obj, "seal_public", b->seal_public, why) &&
                take_hex(obj, "sign_public", b->sign_public, why) && take_audience(b, obj, why);
    return good ? take_token_key(b, obj, why) : DL_E_INPUT;
}

enum dl_err bundle_parse(struct bundle **ret, const char *text, size_t len, struct dl_why *why)
{
    json_t *obj = NULL;
    struct bundle *b = NULL;
    enum dl_err err = DL_E_INPUT;
    if (len > BUNDLE_BYTES_MAX) {
        dl_why_set(why, "too long for a bundle");
        goto done;
    }
    err = json_parse(&obj, text, len, NULL, why);
    if (err)
        goto done;
    err = DL_E_NOMEM;
    b = bundle_make();
    if (!b)
        goto done;
    err = fill(b, obj, why);
    if (err)
        goto done;
    secret_freeze(b);
    *ret = b;
    b = NULL; /* the caller's now */
done:
    bundle_free(b);
    json_decref(obj);
    return err;
}

static bool is_whole(const struct bundle *b)
{
    return b->token_key && b->token_key->epoch >= 1 && pki_name_ok(b->device) &&
           bundle_url_ok(b->hub_url) && pem_ok(b->hub_ca.text) && bundle_secret_ok(b->secret) &&
           bundle_time_ok(b->expires_at);
}

static json_t *object_of(const struct bundle *b)
{
    char token_key[HEX_CHARS + 1], seal[HEX_CHARS + 1], sign[HEX_CHARS + 1];
    bytes_to_hex(token_key, b->token_key->scalar, sizeof b->token_key->scalar);
    bytes_to_hex(seal, b->seal_public, sizeof b->seal_public);
    bytes_to_hex(sign, b->sign_public, sizeof b->sign_public);
    json_t *obj =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:s}", "format", FORMAT,
                  "device", b->device, "hub_url", b->hub_url, "hub_ca", b->hub_ca.text,
                  "secret", b->secret, "expires_at", b->expires_at, "token_key", token_key,
                  "epoch", (int)b->token_key->epoch, "seal_public", seal, "sign_public", sign);
    secret_wipe(token_key, sizeof token_key);
    if (obj && b->has_audience) {
        char audience[HEX_CHARS + 1];
        bytes_to_hex(audience, b->audience_public, sizeof b->audience_public);
        if (json_object_set_new(obj, "audience_public", json_string(audience)) != 0) {
            json_decref(obj);
            obj = NULL;
        }
    }
    return obj;
}

enum dl_err bundle_format(const struct bundle *b, char **ret, size_t *ret_len)
{
    if (!is_whole(b))
        return DL_E_INPUT;
    enum dl_err err = DL_E_NOMEM;
    size_t len = 0;
    char *json = NULL, *line = NULL;
    json_t *obj = object_of(b);
    if (!obj)
        goto done;
    json = json_text(obj, &len);
    if (!json)
        goto done;
    line = malloc(len + 2);
    if (!line)
        goto done;
    memcpy(line, json, len);
    memcpy(line + len, "\n", 2);
    *ret = line;
    *ret_len = len + 1;
    err = DL_OK;
done:
    json_text_free(json);
    json_decref(obj);
    return err;
}

void bundle_text_free(char *text, size_t len)
{
    if (text)
        secret_wipe(text, len);
    free(text);
}
