#include "hub/updates.h"

#include "hub/devices.h"
#include "platform/bytes.h"
#include "platform/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct updates_key updates_keys[] = {
    {"batch_records_max", 1, 4096, "events a batch carries at most"},
    {"linger_ms", 0, 60000, "how long the first event waits for company"},
    {"updates_every_ms", 1000, 86400000, "how often a device asks for updates"},
    {NULL, 0, 0, NULL},
};

/* ---- configuration ---------------------------------------------------------------- */

static enum dl_err take_config(void *ctx, const struct store_update *u)
{
    json_t **ret = ctx;
    json_t *document = NULL;
    enum dl_err err = json_parse(&document, u->document, u->document_len, NULL, NULL);
    if (err)
        return DL_E_CORRUPT;
    *ret = json_incref(json_object_get(document, "config"));
    json_decref(document);
    return *ret ? DL_OK : DL_E_CORRUPT;
}

enum dl_err updates_config(struct store *st, int64_t device, json_t **ret)
{
    json_t *config = NULL;
    enum dl_err err = st->begin(st, STORE_READ);
    if (err)
        return err;
    err = st->update_newest(st, device, 0, take_config, &config);
    st->rollback(st);
    if (err && err != DL_E_NOT_FOUND)
        return err;
    *ret = config ? config : json_object();
    return *ret ? DL_OK : DL_E_NOMEM;
}

static const struct updates_key *find_key(const char *name, size_t len)
{
    for (const struct updates_key *k = updates_keys; k->name; k++)
        if (strlen(k->name) == len && strncmp(k->name, name, len) == 0)
            return k;
    return NULL;
}

enum dl_err updates_config_set(json_t *config, const char *assignment, struct dl_why *why)
{
    const char *equals = strchr(assignment, '=');
    const struct updates_key *key =
        equals ? find_key(assignment, (size_t)(equals - assignment)) : NULL;
    if (!key) {
        dl_why_set(why, "it is KEY=VALUE, with a key of batch_records_max, linger_ms, "
                        "updates_every_ms");
        return DL_E_INPUT;
    }
    if (equals[1] == '\0') {
        json_object_del(config, key->name);
        return DL_OK;
    }
    char *end = NULL;
    errno = 0;
    long long value = strtoll(equals + 1, &end, 10);
    if (errno != 0 || *end != '\0' || value < key->min || value > key->max) {
        dl_why_set(why, "%s is a number from %lld to %lld", key->name, (long long)key->min,
                   (long long)key->max);
        return DL_E_INPUT;
    }
    return json_object_set_new(config, key->name, json_integer(value)) == 0 ? DL_OK
                                                                            : DL_E_NOMEM;
}

/* ---- publishing ------------------------------------------------------------------- */

static char *document_text(int64_t cursor, const char *device_name,
                           const uint8_t seal_public[static SEAL_PUBLIC_BYTES],
                           const json_t *config, int64_t now_ms, size_t *ret_len)
{
    char issued[CLOCK_TEXT_BYTES], seal_hex[2 * SEAL_PUBLIC_BYTES + 1];
    clock_text(now_ms, issued);
    bytes_to_hex(seal_hex, seal_public, SEAL_PUBLIC_BYTES);
    json_t *document = json_pack("{s:I, s:s?, s:s, s:s, s:o}", "cursor", (json_int_t)cursor,
                                 "device", device_name, "issued_at", issued, "seal_public",
                                 seal_hex, "config", json_copy((json_t *)(uintptr_t)config));
    char *text = document ? json_text(document, ret_len) : NULL;
    json_decref(document);
    return text;
}

static enum dl_err sign_text(const struct sign_key *key, const char *text, size_t len,
                             uint8_t ret[static SIGN_SIGNATURE_BYTES])
{
    size_t before = sizeof UPDATES_CONTEXT; /* with its NUL */
    uint8_t *msg = malloc(before + len);
    if (!msg)
        return DL_E_NOMEM;
    memcpy(msg, UPDATES_CONTEXT, before);
    memcpy(msg + before, text, len);
    sign_make(key, msg, before + len, ret);
    free(msg);
    return DL_OK;
}

static enum dl_err publish(struct store *st, const struct sign_key *sign_key,
                           const uint8_t seal_public[static SEAL_PUBLIC_BYTES],
                           const char *device_name, const json_t *config, const char *who,
                           int64_t now_ms, int64_t *ret_cursor)
{
    struct store_device device = {.no = 0};
    struct store_update update = {.device = 0};
    enum dl_err err = device_name ? st->device_find(st, device_name, &device) : DL_OK;
    if (!err)
        err = st->update_next(st, &update.cursor);
    if (err)
        return err;
    update.device = device.no;
    char *text = document_text(update.cursor, device_name, seal_public, config, now_ms,
                               &update.document_len);
    if (!text)
        return DL_E_NOMEM;
    update.document = text;
    err = sign_text(sign_key, text, update.document_len, update.signature);
    if (!err)
        err = st->update_add(st, &update);
    if (!err)
        err = devices_audit(st, who, "device.config", device_name, NULL, now_ms);
    json_text_free(text);
    if (!err)
        *ret_cursor = update.cursor;
    return err;
}

enum dl_err updates_publish(struct store *st, const struct sign_key *sign_key,
                            const uint8_t seal_public[static SEAL_PUBLIC_BYTES],
                            const char *device_name, const json_t *config, const char *who,
                            int64_t now_ms, int64_t *ret_cursor)
{
    enum dl_err err = st->begin(st, STORE_WRITE);
    if (err)
        return err;
    err = publish(st, sign_key, seal_public, device_name, config, who, now_ms, ret_cursor);
    if (!err)
        return st->commit(st);
    st->rollback(st);
    return err;
}
