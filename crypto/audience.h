/* audience.h - what is sealed to the custodian and to nobody else.
 *
 * What advertising platforms compare (SHA-256 of an e-mail) is no pseudonym:
 * whoever holds it can guess it. So a device seals it (libsodium crypto_box_seal,
 * X25519 + XSalsa20-Poly1305) to a key of the custodian's whose secret half lies
 * in the keyring alone; the hub keeps and hands out what it cannot open. The
 * public half reaches a device in its bundle, and by no other way.
 *
 * At rest the secret half is locked under a key derived from the custodian's
 * share, with the public half as associated data: a passphrase on the share
 * covers it, and nobody can exchange the public half in the file.
 */
#ifndef DUNLIN_AUDIENCE_H
#define DUNLIN_AUDIENCE_H

#include "crypto/custodian.h"
#include "platform/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AUDIENCE_PUBLIC_BYTES  32
#define AUDIENCE_KEY_ID_BYTES  16
#define AUDIENCE_SEAL_OVERHEAD 48             /* an ephemeral key before, a tag within */
#define AUDIENCE_LOCKED_BYTES  (24 + 32 + 16) /* nonce, secret, tag */

struct audience_key;

/* A fresh pair. */
DL_MUST_CHECK enum dl_err audience_key_draw(struct audience_key **ret);
/* Wipes and frees. NULL is fine. */
void audience_key_free(struct audience_key *key);
void audience_key_public(const struct audience_key *key,
                         uint8_t ret[static AUDIENCE_PUBLIC_BYTES]);

/* For the keyring, and back. DL_E_CORRUPT: not this share's, or altered, or
 * `pub` is another key's. */
void audience_key_lock(const struct audience_key *key, const struct custodian_share *share,
                       uint8_t ret[static AUDIENCE_LOCKED_BYTES]);
DL_MUST_CHECK enum dl_err
audience_key_unlock(struct audience_key **ret, const struct custodian_share *share,
                    const uint8_t pub[static AUDIENCE_PUBLIC_BYTES],
                    const uint8_t locked[static AUDIENCE_LOCKED_BYTES]);

/* Names a public key: the first 16 bytes of its BLAKE2b-256, its fingerprint. */
void audience_key_id(const uint8_t pub[static AUDIENCE_PUBLIC_BYTES],
                     uint8_t ret[static AUDIENCE_KEY_ID_BYTES]);

/* False: a point of small order, to which anybody's seal could be opened. */
bool audience_public_ok(const uint8_t pub[static AUDIENCE_PUBLIC_BYTES]);
/* ret holds plain_len + AUDIENCE_SEAL_OVERHEAD. DL_E_INPUT: not a key one can seal to. */
DL_MUST_CHECK enum dl_err audience_seal(const uint8_t pub[static AUDIENCE_PUBLIC_BYTES],
                                        const uint8_t *plain, size_t plain_len, uint8_t *ret);
/* ret holds sealed_len - AUDIENCE_SEAL_OVERHEAD, which the caller wipes.
 * DL_E_CORRUPT: not sealed to this key, or altered. */
DL_MUST_CHECK enum dl_err audience_key_open(const struct audience_key *key,
                                            const uint8_t *sealed, size_t sealed_len,
                                            uint8_t *ret);

#endif
