/* idhash.h - a client's event id, remembered without being readable.
 *
 * Client ids may be speaking (a receipt number, a phone number by mistake), so
 * the outbox and the hub keep a keyed hash. Keys may be shared between threads.
 */
#ifndef DUNLIN_IDHASH_H
#define DUNLIN_IDHASH_H

#include "platform/err.h"

#include <stddef.h>
#include <stdint.h>

/* A keyed hash (BLAKE2b) of a client's event id, for outbox and hub: 16 bytes. */
#define ID_HASH_BYTES 16
struct id_key;
DL_MUST_CHECK enum dl_err id_key_create(const char *path); /* DL_E_EXISTS */
DL_MUST_CHECK enum dl_err id_key_load(struct id_key **ret, const char *path);
void id_key_free(struct id_key *key);
void id_hash(const struct id_key *key, const uint8_t *id, size_t id_len,
             uint8_t ret[static ID_HASH_BYTES]);

#endif
