#include "crypto/share.h"

#include "crypto/aead.h"
#include "crypto/keyfile.h"
#include "crypto/secret.h"

#include <sodium.h>
#include <string.h>

#define SHARE_KIND "hub-share"
#define STORE_KIND "store"

struct hub_share {
    uint8_t scalar[GROUP_SCALAR_BYTES];
};

struct store_key {
    uint8_t bytes[AEAD_KEY_BYTES];
};

_Static_assert(STORE_SECRET_SEALED_BYTES == STORE_SECRET_BYTES + AEAD_OVERHEAD,
               "sealed secret");
_Static_assert(HUB_SHARE_SEALED_BYTES == GROUP_SCALAR_BYTES + AEAD_OVERHEAD, "sealed share");

enum dl_err hub_share_make(struct hub_share **ret, const uint8_t *scalar)
{
    enum dl_err err = group_scalar_check(scalar);
    if (err)
        return err;
    struct hub_share *share = secret_make(sizeof *share);
    if (!share)
        return DL_E_NOMEM;
    memcpy(share->scalar, scalar, sizeof share->scalar);
    secret_freeze(share);
    *ret = share;
    return DL_OK;
}

void hub_share_free(struct hub_share *share)
{
    secret_free(share, sizeof *share);
}

enum dl_err hub_share_derive(struct hub_share **ret, const struct hub_share *s0,
                             const uint8_t delta_inverse[static GROUP_SCALAR_BYTES])
{
    enum dl_err err = group_scalar_check(delta_inverse);
    if (err)
        return err;
    uint8_t product[GROUP_SCALAR_BYTES];
    group_scalar_mul(s0->scalar, delta_inverse, product);
    err = hub_share_make(ret, product);
    secret_wipe(product, sizeof product);
    return err;
}

enum dl_err hub_share_draw(struct hub_share **ret)
{
    uint8_t scalar[GROUP_SCALAR_BYTES];
    group_scalar_random(scalar);
    enum dl_err err = hub_share_make(ret, scalar);
    secret_wipe(scalar, sizeof scalar);
    return err;
}

enum dl_err hub_share_product(struct hub_share **ret, const struct hub_share *a,
                              const struct hub_share *b)
{
    return hub_share_derive(ret, a, b->scalar);
}

enum dl_err hub_share_inverse(struct hub_share **ret, const struct hub_share *a)
{
    uint8_t scalar[GROUP_SCALAR_BYTES];
    enum dl_err err = group_scalar_invert(a->scalar, scalar);
    if (!err)
        err = hub_share_make(ret, scalar);
    secret_wipe(scalar, sizeof scalar);
    return err;
}

void hub_share_mark(const struct hub_share *share, uint8_t ret[static HUB_SHARE_MARK_BYTES])
{
    static const uint8_t context[] = "DUNLIN-V01-share-mark";
    crypto_generichash(ret, HUB_SHARE_MARK_BYTES, context, sizeof context, share->scalar,
                       sizeof share->scalar);
}

enum dl_err hub_share_convert(const struct hub_share *share,
                              const uint8_t element[static GROUP_ELEMENT_BYTES],
                              uint8_t ret[static GROUP_ELEMENT_BYTES])
{
    return group_mul(share->scalar, element, ret);
}

enum dl_err store_key_create(const char *path)
{
    return keyfile_create_random(path, STORE_KIND, AEAD_KEY_BYTES);
}

enum dl_err store_key_load(struct store_key **ret, const char *path)
{
    struct store_key *key = secret_make(sizeof *key);
    if (!key)
        return DL_E_NOMEM;
    enum dl_err err = keyfile_load(path, STORE_KIND, key->bytes, sizeof key->bytes);
    if (err) {
        store_key_free(key);
        return err;
    }
    secret_freeze(key);
    *ret = key;
    return DL_OK;
}

void store_key_free(struct store_key *key)
{
    secret_free(key, sizeof *key);
}

enum dl_err hub_share_seal(const struct hub_share *share, const struct store_key *key,
                           const uint8_t *aad, size_t aad_len,
                           uint8_t ret[static HUB_SHARE_SEALED_BYTES])
{
    aead_seal(key->bytes, aad, aad_len, share->scalar, sizeof share->scalar, ret);
    return DL_OK;
}

enum dl_err hub_share_open(struct hub_share **ret, const struct store_key *key,
                           const uint8_t *aad, size_t aad_len,
                           const uint8_t sealed[static HUB_SHARE_SEALED_BYTES])
{
    uint8_t scalar[GROUP_SCALAR_BYTES];
    enum dl_err err =
        aead_open(key->bytes, aad, aad_len, sealed, HUB_SHARE_SEALED_BYTES, scalar);
    if (!err)
        err = hub_share_make(ret, scalar);
    secret_wipe(scalar, sizeof scalar);
    return err == DL_E_INPUT ? DL_E_CORRUPT : err;
}

void store_key_seal(const struct store_key *key, const uint8_t *aad, size_t aad_len,
                    const uint8_t plain[static STORE_SECRET_BYTES],
                    uint8_t ret[static STORE_SECRET_SEALED_BYTES])
{
    aead_seal(key->bytes, aad, aad_len, plain, STORE_SECRET_BYTES, ret);
}

enum dl_err store_key_open(const struct store_key *key, const uint8_t *aad, size_t aad_len,
                           const uint8_t sealed[static STORE_SECRET_SEALED_BYTES],
                           uint8_t ret[static STORE_SECRET_BYTES])
{
    return aead_open(key->bytes, aad, aad_len, sealed, STORE_SECRET_SEALED_BYTES, ret);
}

enum dl_err hub_share_load(struct hub_share **ret, const char *path)
{
    uint8_t scalar[GROUP_SCALAR_BYTES];
    enum dl_err err = keyfile_load(path, SHARE_KIND, scalar, sizeof scalar);
    if (!err)
        err = hub_share_make(ret, scalar);
    secret_wipe(scalar, sizeof scalar);
    return err == DL_E_INPUT ? DL_E_CORRUPT : err;
}

enum dl_err hub_share_save(const struct hub_share *share, const char *path)
{
    return keyfile_create(path, SHARE_KIND, share->scalar, sizeof share->scalar);
}
