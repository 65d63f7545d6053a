#include "crypto/aead.h"

#include "platform/random.h"

#include <sodium.h>

_Static_assert(AEAD_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key");
_Static_assert(AEAD_NONCE_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
_Static_assert(AEAD_OVERHEAD == AEAD_NONCE_BYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES,
               "overhead");

void aead_seal(const uint8_t key[static AEAD_KEY_BYTES], const uint8_t *aad, size_t aad_len,
               const uint8_t *plain, size_t plain_len, uint8_t *ret)
{
    random_bytes(ret, AEAD_NONCE_BYTES);
    /* Fails only past 2^38 bytes of plaintext, which no caller's limit comes near. */
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(ret + AEAD_NONCE_BYTES, NULL, plain,
                                                     plain_len, aad, aad_len, NULL, ret, key);
}

enum dl_err aead_open(const uint8_t key[static AEAD_KEY_BYTES], const uint8_t *aad,
                      size_t aad_len, const uint8_t *sealed, size_t sealed_len, uint8_t *ret)
{
    if (sealed_len < AEAD_OVERHEAD)
        return DL_E_CORRUPT;
    int rc = crypto_aead_xchacha20poly1305_ietf_decrypt(
        ret, NULL, NULL, sealed + AEAD_NONCE_BYTES, sealed_len - AEAD_NONCE_BYTES, aad, aad_len,
        sealed, key);
    return rc ? DL_E_CORRUPT : DL_OK;
}
