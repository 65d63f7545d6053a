/* aead.h - the box everything small is kept in, and the one place nonces come from.
 *
 * XChaCha20-Poly1305 (IETF): 24 bytes of random nonce, the ciphertext, 16 bytes
 * of tag. Random nonces of this length never meet, so no counter has to survive
 * a restart.
 */
#ifndef DUNLIN_AEAD_H
#define DUNLIN_AEAD_H

#include "platform/err.h"

#include <stddef.h>
#include <stdint.h>

#define AEAD_KEY_BYTES   32
#define AEAD_NONCE_BYTES 24
#define AEAD_OVERHEAD    (AEAD_NONCE_BYTES + 16)

/* ret holds plain_len + AEAD_OVERHEAD and does not overlap `plain`. */
void aead_seal(const uint8_t key[static AEAD_KEY_BYTES], const uint8_t *aad, size_t aad_len,
               const uint8_t *plain, size_t plain_len, uint8_t *ret);

/* ret holds sealed_len - AEAD_OVERHEAD. DL_E_CORRUPT: another key, other
 * associated data, or altered. */
DL_MUST_CHECK enum dl_err aead_open(const uint8_t key[static AEAD_KEY_BYTES],
                                    const uint8_t *aad, size_t aad_len, const uint8_t *sealed,
                                    size_t sealed_len, uint8_t *ret);

#endif
