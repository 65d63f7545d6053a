#include "crypto/audience.h"

#include "crypto/aead.h"
#include "crypto/secret.h"

#include <sodium.h>
#include <string.h>

#define CONTEXT "DUNLIN-V01-audience-key"

struct audience_key {
    uint8_t secret[crypto_box_SECRETKEYBYTES];
    uint8_t public[crypto_box_PUBLICKEYBYTES];
};

_Static_assert(AUDIENCE_PUBLIC_BYTES == crypto_box_PUBLICKEYBYTES, "public key");
_Static_assert(AUDIENCE_SEAL_OVERHEAD == crypto_box_SEALBYTES, "seal");
_Static_assert(AUDIENCE_LOCKED_BYTES == crypto_box_SECRETKEYBYTES + AEAD_OVERHEAD, "locked");

enum dl_err audience_key_draw(struct audience_key **ret)
{
    struct audience_key *key = secret_make(sizeof *key);
    if (!key)
        return DL_E_NOMEM;
    crypto_box_keypair(key->public, key->secret);
    secret_freeze(key);
    *ret = key;
    return DL_OK;
}

void audience_key_free(struct audience_key *key)
{
    secret_free(key, sizeof *key);
}

void audience_key_public(const struct audience_key *key,
                         uint8_t ret[static AUDIENCE_PUBLIC_BYTES])
{
    memcpy(ret, key->public, AUDIENCE_PUBLIC_BYTES);
}

void audience_key_lock(const struct audience_key *key, const struct custodian_share *share,
                       uint8_t ret[static AUDIENCE_LOCKED_BYTES])
{
    uint8_t lock[AEAD_KEY_BYTES];
    custodian_subkey(share, CONTEXT, lock);
    aead_seal(lock, key->public, sizeof key->public, key->secret, sizeof key->secret, ret);
    secret_wipe(lock, sizeof lock);
}

enum dl_err audience_key_unlock(struct audience_key **ret, const struct custodian_share *share,
                                const uint8_t pub[static AUDIENCE_PUBLIC_BYTES],
                                const uint8_t locked[static AUDIENCE_LOCKED_BYTES])
{
    struct audience_key *key = secret_make(sizeof *key);
    if (!key)
        return DL_E_NOMEM;
    uint8_t lock[AEAD_KEY_BYTES];
    custodian_subkey(share, CONTEXT, lock);
    enum dl_err err =
        aead_open(lock, pub, AUDIENCE_PUBLIC_BYTES, locked, AUDIENCE_LOCKED_BYTES, key->secret);
    secret_wipe(lock, sizeof lock);
    if (!err && (crypto_scalarmult_base(key->public, key->secret) != 0 ||
                 memcmp(key->public, pub, sizeof key->public) != 0))
        err = DL_E_CORRUPT;
    if (err) {
        audience_key_free(key);
        return DL_E_CORRUPT;
    }
    secret_freeze(key);
    *ret = key;
    return DL_OK;
}

void audience_key_id(const uint8_t pub[static AUDIENCE_PUBLIC_BYTES],
                     uint8_t ret[static AUDIENCE_KEY_ID_BYTES])
{
    uint8_t hash[crypto_generichash_BYTES];
    crypto_generichash(hash, sizeof hash, pub, AUDIENCE_PUBLIC_BYTES, NULL, 0);
    memcpy(ret, hash, AUDIENCE_KEY_ID_BYTES);
}

bool audience_public_ok(const uint8_t pub[static AUDIENCE_PUBLIC_BYTES])
{
    uint8_t sealed[1 + AUDIENCE_SEAL_OVERHEAD];
    return crypto_box_seal(sealed, (const uint8_t *)"", 1, pub) == 0;
}

enum dl_err audience_seal(const uint8_t pub[static AUDIENCE_PUBLIC_BYTES], const uint8_t *plain,
                          size_t plain_len, uint8_t *ret)
{
    return crypto_box_seal(ret, plain, plain_len, pub) == 0 ? DL_OK : DL_E_INPUT;
}

enum dl_err audience_key_open(const struct audience_key *key, const uint8_t *sealed,
                              size_t sealed_len, uint8_t *ret)
{
    return sealed_len >= AUDIENCE_SEAL_OVERHEAD &&
                   crypto_box_seal_open(ret, sealed, sealed_len, key->public, key->secret) == 0
               ? DL_OK
               : DL_E_CORRUPT;
}
