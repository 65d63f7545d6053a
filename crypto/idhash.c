#include "crypto/idhash.h"

#include "crypto/keyfile.h"
#include "crypto/secret.h"

#include <sodium.h>

#define KEYFILE_KIND "id"

struct id_key {
    uint8_t bytes[crypto_generichash_KEYBYTES];
};

_Static_assert(ID_HASH_BYTES >= crypto_generichash_BYTES_MIN, "BLAKE2b's shortest hash");

enum dl_err id_key_create(const char *path)
{
    return keyfile_create_random(path, KEYFILE_KIND, sizeof((struct id_key *)0)->bytes);
}

enum dl_err id_key_load(struct id_key **ret, const char *path)
{
    struct id_key *key = secret_make(sizeof *key);
    if (!key)
        return DL_E_NOMEM;
    enum dl_err err = keyfile_load(path, KEYFILE_KIND, key->bytes, sizeof key->bytes);
    if (err) {
        id_key_free(key);
        return err;
    }
    secret_freeze(key);
    *ret = key;
    return DL_OK;
}

void id_key_free(struct id_key *key)
{
    secret_free(key, sizeof *key);
}

void id_hash(const struct id_key *key, const uint8_t *id, size_t id_len,
             uint8_t ret[static ID_HASH_BYTES])
{
    crypto_generichash(ret, ID_HASH_BYTES, id, id_len, key->bytes, sizeof key->bytes);
}
