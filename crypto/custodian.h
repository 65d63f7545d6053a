/* custodian.h - the custodian's half of the token key, and how devices get theirs.
 *
 * The custodian draws a0 for himself and s0 for the hub, and keeps a0 alone, so
 * that nobody ever holds k = a0 * s0. For a device he draws delta: the device
 * gets a_d = a0 * delta, the hub delta^-1, and delta is gone. At rest a0 carries
 * a check, so that a slip of the disk cannot pass for another key, and may be
 * locked with a passphrase (Argon2id, then aead.h).
 */
#ifndef DUNLIN_CUSTODIAN_H
#define DUNLIN_CUSTODIAN_H

#include "crypto/group.h"
#include "crypto/share.h"
#include "crypto/token.h"
#include "platform/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CUSTODIAN_SALT_BYTES   16
#define CUSTODIAN_CHECK_BYTES  8
#define CUSTODIAN_PLAIN_BYTES  (GROUP_SCALAR_BYTES + CUSTODIAN_CHECK_BYTES)
#define CUSTODIAN_LOCKED_BYTES (24 + CUSTODIAN_PLAIN_BYTES + 16)
/* What a keyring may ask of this machine: a file must not be able to stop it. */
#define CUSTODIAN_OPS_MAX 16
#define CUSTODIAN_MEM_MAX ((uint64_t)1024 * 1024 * 1024)

struct custodian_share;

/* Draws both halves; the hub's leaves by hub_share_save. */
DL_MUST_CHECK enum dl_err custodian_draw(struct custodian_share **ret,
                                         struct hub_share **ret_hub);
void custodian_share_free(struct custodian_share *share);

/* A key of 32 bytes for one purpose, which the caller wipes: BLAKE2b of `context`,
 * keyed with a0. */
#define CUSTODIAN_SUBKEY_BYTES 32
void custodian_subkey(const struct custodian_share *share, const char *context,
                      uint8_t ret[static CUSTODIAN_SUBKEY_BYTES]);

/* A device's key for `epoch`, and what the hub has to know; the caller wipes that. */
DL_MUST_CHECK enum dl_err custodian_enrol(const struct custodian_share *share, uint16_t epoch,
                                          struct token_key **ret_key,
                                          uint8_t ret_delta_inverse[static GROUP_SCALAR_BYTES]);

/* a0 || first 8 bytes of its BLAKE2b-256: the caller wipes it. */
void custodian_share_encode(const struct custodian_share *share,
                            uint8_t ret[static CUSTODIAN_PLAIN_BYTES]);
/* DL_E_CORRUPT: the check does not hold. */
DL_MUST_CHECK enum dl_err
custodian_share_decode(struct custodian_share **ret,
                       const uint8_t plain[static CUSTODIAN_PLAIN_BYTES]);

/* How hard a passphrase is stretched: Argon2id's passes and bytes of memory. */
struct custodian_kdf {
    uint64_t ops;
    uint64_t mem;
    uint8_t salt[CUSTODIAN_SALT_BYTES];
};

/* A fresh salt, and libsodium's MODERATE cost: a keyring is opened by a person
 * a few times a year, so most of a second and 256 MiB are well spent. */
void custodian_kdf_draw(struct custodian_kdf *ret);
/* False: outside what Argon2id takes, or past the limits above. */
bool custodian_kdf_ok(const struct custodian_kdf *kdf);

/* DL_E_NOMEM: the machine lacks kdf->mem. DL_E_INPUT: kdf is not ok. */
DL_MUST_CHECK enum dl_err custodian_share_lock(const struct custodian_share *share,
                                               const struct custodian_kdf *kdf,
                                               const char *passphrase, size_t passphrase_len,
                                               uint8_t ret[static CUSTODIAN_LOCKED_BYTES]);
/* DL_E_AUTH: the passphrase is wrong, or the bytes were altered; nobody can tell which. */
DL_MUST_CHECK enum dl_err
custodian_share_unlock(struct custodian_share **ret, const struct custodian_kdf *kdf,
                       const char *passphrase, size_t passphrase_len,
                       const uint8_t locked[static CUSTODIAN_LOCKED_BYTES]);

#endif
