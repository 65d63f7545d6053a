/* sign.h - Ed25519 (RFC 8032) for what the hub sends down to devices. */
#ifndef DUNLIN_SIGN_H
#define DUNLIN_SIGN_H

#include "platform/err.h"

#include <stddef.h>
#include <stdint.h>

#define SIGN_PUBLIC_BYTES    32
#define SIGN_SIGNATURE_BYTES 64

struct sign_key;
DL_MUST_CHECK enum dl_err sign_key_create(const char *path); /* DL_E_EXISTS */
DL_MUST_CHECK enum dl_err sign_key_load(struct sign_key **ret, const char *path);
void sign_key_public(const struct sign_key *key, uint8_t ret[static SIGN_PUBLIC_BYTES]);
void sign_key_free(struct sign_key *key);

void sign_make(const struct sign_key *key, const uint8_t *msg, size_t msg_len,
               uint8_t ret[static SIGN_SIGNATURE_BYTES]);
/* DL_E_CORRUPT: not by this key over these bytes. */
DL_MUST_CHECK enum dl_err sign_check(const uint8_t pub[static SIGN_PUBLIC_BYTES],
                                     const uint8_t *msg, size_t msg_len,
                                     const uint8_t sig[static SIGN_SIGNATURE_BYTES]);

#endif
