#include "keys/keyring.h"

#include "crypto/secret.h"
#include "keys/keyring_internal.h"
#include "platform/file.h"
#include "platform/json.h"

#include <stdlib.h>
#include <string.h>

enum dl_err keyring_make(struct keyring **ret, const struct custodian_share *share,
                         const struct custodian_kdf *kdf, const char *passphrase,
                         size_t passphrase_len, int64_t now_ms)
{
    struct keyring *kr = secret_make(sizeof *kr);
    if (!kr)
        return DL_E_NOMEM;
    enum dl_err err = DL_OK;
    clock_text(now_ms, kr->created_at);
    if (kdf) {
        kr->locked = true;
        kr->kdf = *kdf;
        err = custodian_share_lock(share, kdf, passphrase, passphrase_len, kr->share);
    } else {
        custodian_share_encode(share, kr->share);
    }
    if (err) {
        keyring_free(kr);
        return err;
    }
    *ret = kr;
    return DL_OK;
}

void keyring_free(struct keyring *kr)
{
    if (!kr)
        return;
    free(kr->devices);
    secret_free(kr, sizeof *kr);
}

enum dl_err keyring_share(const struct keyring *kr, const char *passphrase,
                          size_t passphrase_len, struct custodian_share **ret)
{
    if (!kr->locked)
        return custodian_share_decode(ret, kr->share);
    return custodian_share_unlock(ret, &kr->kdf, passphrase, passphrase_len, kr->share);
}

enum dl_err keyring_add_audience(struct keyring *kr, const struct custodian_share *share,
                                 int64_t now_ms)
{
    if (kr->audience_count == KEYRING_AUDIENCE_MAX)
        return DL_E_FULL;
    struct audience_key *key = NULL;
    enum dl_err err = audience_key_draw(&key);
    if (err)
        return err;
    struct keyring_audience *a = &kr->audience[kr->audience_count++];
    clock_text(now_ms, a->made_at);
    audience_key_public(key, a->public);
    audience_key_lock(key, share, a->locked);
    audience_key_free(key);
    return DL_OK;
}

enum dl_err keyring_audience_key(const struct keyring *kr, const struct custodian_share *share,
                                 size_t i, struct audience_key **ret)
{
    const struct keyring_audience *a = &kr->audience[i];
    return audience_key_unlock(ret, share, a->public, a->locked);
}

static struct keyring_device *find(const struct keyring *kr, const char *device)
{
    for (size_t i = 0; i < kr->device_count; i++)
        if (strcmp(kr->devices[i].name, device) == 0)
            return &kr->devices[i];
    return NULL;
}

const struct keyring_device *keyring_find(const struct keyring *kr, const char *device)
{
    return find(kr, device);
}

static enum dl_err add(struct keyring *kr, const char *device, struct keyring_device **ret)
{
    if (kr->device_count >= KEYRING_DEVICES_MAX)
        return DL_E_FULL;
    struct keyring_device *grown = realloc(kr->devices, (kr->device_count + 1) * sizeof *grown);
    if (!grown)
        return DL_E_NOMEM;
    kr->devices = grown;
    struct keyring_device *d = &grown[kr->device_count++];
    memset(d, 0, sizeof *d);
    memcpy(d->name, device, strlen(device) + 1);
    *ret = d;
    return DL_OK;
}

enum dl_err keyring_reserve(struct keyring *kr, const char *device, uint16_t *ret_epoch)
{
    if (!pki_name_ok(device))
        return DL_E_INPUT;
    enum dl_err err = DL_OK;
    struct keyring_device *d = find(kr, device);
    if (!d)
        err = add(kr, device, &d);
    if (err)
        return err;
    if (d->epoch == UINT16_MAX)
        return DL_E_FULL;
    d->epoch++;
    d->enrolled_at[0] = 0;
    *ret_epoch = d->epoch;
    return DL_OK;
}

void keyring_confirm(struct keyring *kr, const char *device, int64_t now_ms)
{
    struct keyring_device *d = find(kr, device);
    if (d)
        clock_text(now_ms, d->enrolled_at);
}

enum dl_err keyring_load(struct keyring **ret, const char *path, struct dl_why *why)
{
    uint8_t *text = NULL;
    size_t len = 0;
    enum dl_err err = file_read(path, KEYRING_BYTES_MAX, &text, &len);
    if (err == DL_E_INPUT)
        err = DL_E_CORRUPT;
    if (!err)
        err = keyring_parse(ret, (const char *)text, len, why);
    if (text)
        secret_wipe(text, len);
    free(text);
    return err;
}

static enum dl_err write_by(const struct keyring *kr, const char *path,
                            enum dl_err (*write)(const char *path, const void *bytes,
                                                 size_t len))
{
    char *text = NULL;
    size_t len = 0;
    enum dl_err err = keyring_format(kr, &text, &len);
    if (!err) {
        text[len] = '\n'; /* in the place of its NUL */
        err = write(path, text, len + 1);
    }
    json_text_free(text);
    return err;
}

enum dl_err keyring_create(const struct keyring *kr, const char *path)
{
    return write_by(kr, path, file_write_new);
}

enum dl_err keyring_save(const struct keyring *kr, const char *path)
{
    return write_by(kr, path, file_write);
}
