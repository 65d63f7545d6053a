/* share.h - the hub's half of every token key, and how it lies in its database.
 *
 * The custodian gives the hub s0 once. For each device and epoch the hub keeps
 * s_d = s0 * delta^-1, sealed under its store key, and turns the device's tokens
 * T into canonical ones: C = s_d * T. Deleting s_d revokes the device. A share
 * may be used by many threads at once.
 */
#ifndef DUNLIN_SHARE_H
#define DUNLIN_SHARE_H

#include "crypto/group.h"
#include "platform/err.h"

#include <stddef.h>
#include <stdint.h>

/* The hub's share s_d for one device and epoch. */
struct hub_share;
DL_MUST_CHECK enum dl_err hub_share_make(struct hub_share **ret, const uint8_t *scalar);
void hub_share_free(struct hub_share *share);
/* s_d = s0 * delta_inverse. */
DL_MUST_CHECK enum dl_err
hub_share_derive(struct hub_share **ret, const struct hub_share *s0,
                 const uint8_t delta_inverse[static GROUP_SCALAR_BYTES]);
/* C = s_d * T. DL_E_INPUT: not an element. */
DL_MUST_CHECK enum dl_err hub_share_convert(const struct hub_share *share,
                                            const uint8_t element[static GROUP_SCALAR_BYTES],
                                            uint8_t ret[static GROUP_SCALAR_BYTES]);

/* For a re-key: a random factor, a share times it (or any two multiplied), and what
 * takes it back. */
DL_MUST_CHECK enum dl_err hub_share_draw(struct hub_share **ret);
DL_MUST_CHECK enum dl_err hub_share_product(struct hub_share **ret, const struct hub_share *a,
                                            const struct hub_share *b);
DL_MUST_CHECK enum dl_err hub_share_inverse(struct hub_share **ret, const struct hub_share *a);
/* Tells two shares apart without telling either: a hash of 252 random bits. */
#define HUB_SHARE_MARK_BYTES 16
void hub_share_mark(const struct hub_share *share, uint8_t ret[static HUB_SHARE_MARK_BYTES]);

/* A share sealed under a store key, as it lies in the hub's database: nonce and
 * XChaCha20-Poly1305 with the device id and epoch as AAD. */
#define HUB_SHARE_SEALED_BYTES (24 + 32 + 16)
struct store_key;
DL_MUST_CHECK enum dl_err store_key_create(const char *path); /* DL_E_EXISTS */
DL_MUST_CHECK enum dl_err store_key_load(struct store_key **ret, const char *path);
void store_key_free(struct store_key *key);
DL_MUST_CHECK enum dl_err hub_share_seal(const struct hub_share *share,
                                         const struct store_key *key, const uint8_t *aad,
                                         size_t aad_len,
                                         uint8_t ret[static HUB_SHARE_SEALED_BYTES]);
DL_MUST_CHECK enum dl_err hub_share_open(struct hub_share **ret, const struct store_key *key,
                                         const uint8_t *aad, size_t aad_len,
                                         const uint8_t sealed[static HUB_SHARE_SEALED_BYTES]);
/* 32 bytes that are no share, as a roster's key, kept in the same way. */
#define STORE_SECRET_BYTES        32
#define STORE_SECRET_SEALED_BYTES (24 + STORE_SECRET_BYTES + 16)
void store_key_seal(const struct store_key *key, const uint8_t *aad, size_t aad_len,
                    const uint8_t plain[static STORE_SECRET_BYTES],
                    uint8_t ret[static STORE_SECRET_SEALED_BYTES]);
/* The caller wipes. DL_E_CORRUPT: another key, other associated data, or altered. */
DL_MUST_CHECK enum dl_err store_key_open(const struct store_key *key, const uint8_t *aad,
                                         size_t aad_len,
                                         const uint8_t sealed[static STORE_SECRET_SEALED_BYTES],
                                         uint8_t ret[static STORE_SECRET_BYTES]);

/* DIR/hub.share, the custodian's half for the hub, kept as a key file. */
DL_MUST_CHECK enum dl_err hub_share_load(struct hub_share **ret, const char *path);
DL_MUST_CHECK enum dl_err hub_share_save(const struct hub_share *share, const char *path);

#endif
