/* seal.h - events sealed to the hub with keys that exist only in RAM (P2).
 *
 * A segment is a run of records under one random key. The key is never stored:
 * the header that is stored carries it sealed (libsodium crypto_box_seal,
 * X25519 + XSalsa20-Poly1305) to the hub's public key, with the boot id of the
 * machine. A record is XChaCha20-Poly1305 with a random nonce and the AAD
 * stream id (16 bytes) || seq (u64 big-endian), so that none can be moved,
 * reordered or replayed under another place.
 */
#ifndef DUNLIN_SEAL_H
#define DUNLIN_SEAL_H

#include "platform/err.h"

#include <stddef.h>
#include <stdint.h>

#define SEAL_PUBLIC_BYTES 32
#define SEAL_STREAM_BYTES 16
#define SEAL_BOOT_BYTES   16
#define SEAL_HEADER_BYTES (32 + SEAL_BOOT_BYTES + 48) /* key || boot id, sealed */
#define SEAL_OVERHEAD     (24 + 16)                   /* nonce before, tag behind */

struct seal_segment;

/* Device: draws a key, seals it to the hub's public key. */
DL_MUST_CHECK enum dl_err seal_segment_make(struct seal_segment **ret,
                                            const uint8_t hub_public[static SEAL_PUBLIC_BYTES],
                                            const uint8_t boot_id[static SEAL_BOOT_BYTES],
                                            uint8_t ret_header[static SEAL_HEADER_BYTES]);
/* Wipes the key. NULL is fine. */
void seal_segment_free(struct seal_segment *seg);

/* ret holds plain_len + SEAL_OVERHEAD. */
DL_MUST_CHECK enum dl_err seal_record(const struct seal_segment *seg,
                                      const uint8_t stream[static SEAL_STREAM_BYTES],
                                      uint64_t seq, const uint8_t *plain, size_t plain_len,
                                      uint8_t *ret);

/* Hub: its X25519 key pair. */
struct seal_key;
DL_MUST_CHECK enum dl_err seal_key_create(const char *path); /* DL_E_EXISTS */
DL_MUST_CHECK enum dl_err seal_key_load(struct seal_key **ret, const char *path);
void seal_key_public(const struct seal_key *key, uint8_t ret[static SEAL_PUBLIC_BYTES]);
void seal_key_free(struct seal_key *key);

/* DL_E_CORRUPT: not sealed to this key. */
DL_MUST_CHECK enum dl_err seal_segment_open(struct seal_segment **ret,
                                            const struct seal_key *key,
                                            const uint8_t header[static SEAL_HEADER_BYTES],
                                            uint8_t ret_boot_id[static SEAL_BOOT_BYTES]);
/* ret holds sealed_len - SEAL_OVERHEAD. DL_E_CORRUPT: altered, or another place. */
DL_MUST_CHECK enum dl_err seal_record_open(const struct seal_segment *seg,
                                           const uint8_t stream[static SEAL_STREAM_BYTES],
                                           uint64_t seq, const uint8_t *sealed,
                                           size_t sealed_len, uint8_t *ret);

#endif
