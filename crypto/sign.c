#include "crypto/sign.h"

#include "crypto/keyfile.h"
#include "crypto/secret.h"

#include <sodium.h>
#include <string.h>

#define KEYFILE_KIND "sign"

/* The file holds the seed of RFC 8032; libsodium wants it expanded. */
struct sign_key {
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    uint8_t public[crypto_sign_PUBLICKEYBYTES];
};

_Static_assert(SIGN_PUBLIC_BYTES == crypto_sign_PUBLICKEYBYTES, "public key");
_Static_assert(SIGN_SIGNATURE_BYTES == crypto_sign_BYTES, "signature");

enum dl_err sign_key_create(const char *path)
{
    return keyfile_create_random(path, KEYFILE_KIND, crypto_sign_SEEDBYTES);
}

enum dl_err sign_key_load(struct sign_key **ret, const char *path)
{
    uint8_t seed[crypto_sign_SEEDBYTES];
    enum dl_err err = keyfile_load(path, KEYFILE_KIND, seed, sizeof seed);
    if (err)
        return err;
    struct sign_key *key = secret_make(sizeof *key);
    if (key) {
        crypto_sign_seed_keypair(key->public, key->secret, seed);
        secret_freeze(key);
        *ret = key;
    }
    secret_wipe(seed, sizeof seed);
    return key ? DL_OK : DL_E_NOMEM;
}

void sign_key_public(const struct sign_key *key, uint8_t ret[static SIGN_PUBLIC_BYTES])
{
    memcpy(ret, key->public, SIGN_PUBLIC_BYTES);
}

void sign_key_free(struct sign_key *key)
{
    secret_free(key, sizeof *key);
}

void sign_make(const struct sign_key *key, const uint8_t *msg, size_t msg_len,
               uint8_t ret[static SIGN_SIGNATURE_BYTES])
{
    crypto_sign_detached(ret, NULL, msg, msg_len, key->secret);
}

enum dl_err sign_check(const uint8_t pub[static SIGN_PUBLIC_BYTES], const uint8_t *msg,
                       size_t msg_len, const uint8_t sig[static SIGN_SIGNATURE_BYTES])
{
    return crypto_sign_verify_detached(sig, msg, msg_len, pub) == 0 ? DL_OK : DL_E_CORRUPT;
}
