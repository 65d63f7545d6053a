#include "crypto/roster_key.h"

#include "crypto/secret.h"

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

struct roster_key {
    uint8_t bytes[ROSTER_KEY_BYTES];
};

_Static_assert(ROSTER_HASH_BYTES >= crypto_generichash_BYTES_MIN, "BLAKE2b's shortest hash");

enum dl_err roster_key_make(struct roster_key **ret)
{
    struct roster_key *key = secret_make(sizeof *key);
    if (!key)
        return DL_E_NOMEM;
    randombytes_buf(key->bytes, sizeof key->bytes);
    secret_freeze(key);
    *ret = key;
    return DL_OK;
}

enum dl_err roster_key_from(struct roster_key **ret,
                            const uint8_t bytes[static ROSTER_KEY_BYTES])
{
    struct roster_key *key = secret_make(sizeof *key);
    if (!key)
        return DL_E_NOMEM;
    memcpy(key->bytes, bytes, sizeof key->bytes);
    secret_freeze(key);
    *ret = key;
    return DL_OK;
}

void roster_key_free(struct roster_key *key)
{
    secret_free(key, sizeof *key);
}

void roster_key_bytes(const struct roster_key *key, uint8_t ret[static ROSTER_KEY_BYTES])
{
    memcpy(ret, key->bytes, sizeof key->bytes);
}

static bool is_around(char c)
{
    return (unsigned char)c <= ' ' || (unsigned char)c == 0x7F;
}

enum dl_err roster_hash(const struct roster_key *key, const char *label, const char *text,
                        size_t len, uint8_t ret[static ROSTER_HASH_BYTES])
{
    crypto_generichash_state state;
    while (len > 0 && is_around(text[len - 1]))
        len--;
    while (len > 0 && is_around(*text))
        text++, len--;
    if (len == 0)
        return DL_E_INPUT;
    crypto_generichash_init(&state, key->bytes, sizeof key->bytes, ROSTER_HASH_BYTES);
    crypto_generichash_update(&state, (const uint8_t *)label, strlen(label) + 1);
    crypto_generichash_update(&state, (const uint8_t *)text, len);
    crypto_generichash_final(&state, ret, ROSTER_HASH_BYTES);
    secret_wipe(&state, sizeof state);
    return DL_OK;
}
