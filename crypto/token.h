/* token.h - identifiers become tokens on the device, and canonical at the hub.
 *
 * With k = a0*s0 that nobody holds: a device computes T = a_d * H(type, x), the
 * hub C = s_d * T = k * H(type, x); see DESIGN section 3. H is group_hash with
 * the tag "DUNLIN-V01-ristretto255-SHA512-" followed by the type's name.
 *
 * token_make looks at a plain identifier for one call and keeps nothing; what
 * it leaves on the stack it wipes. Keys may be shared between threads.
 */
#ifndef DUNLIN_TOKEN_H
#define DUNLIN_TOKEN_H

#include "crypto/group.h"
#include "platform/err.h"

#include <stddef.h>
#include <stdint.h>

#define TOKEN_DST_PREFIX "DUNLIN-V01-ristretto255-SHA512-"

/* Identifier types. The numbers travel on the wire and lie in databases:
 * they never change and are never used again. */
enum token_type {
    TOKEN_TYPE_NONE = 0,
    TOKEN_TYPE_EMAIL = 1,
    TOKEN_TYPE_PHONE = 2,
    TOKEN_TYPE_LOYALTY_ID = 3,
    TOKEN_TYPE_ACCOUNT_ID = 4,
    TOKEN_TYPE_PAYMENT_REF = 5,
    TOKEN_TYPE_TICKET = 6,
    TOKEN_TYPE_NATIONAL_ID = 7,
    TOKEN_TYPE_COOKIE_ID = 8,
    TOKEN_TYPE_DEVICE_ID = 9,
    TOKEN_TYPE_IP = 10,
    /* 64..127 are linkage recipes: composite tokens, a table in agent/. */
    TOKEN_TYPE_RECIPE_FIRST = 64,
    TOKEN_TYPE_RECIPE_LAST = 127,
};

struct token {
    uint8_t type;    /* enum token_type */
    uint8_t version; /* of the canonical form or recipe, from 1 */
    uint16_t epoch;  /* of the device's key */
    uint8_t element[GROUP_ELEMENT_BYTES];
};

/* Lower-case name as in the API and in H's tag, "recipe-64" for recipes;
 * NULL for a number that has none. */
const char *token_type_name(uint8_t type);
/* TOKEN_TYPE_NONE when unknown. */
uint8_t token_type_from_name(const char *name);

/* A device's share a_d with its epoch. */
struct token_key;
/* Takes a scalar of GROUP_SCALAR_BYTES; DL_E_INPUT: zero or not reduced. */
DL_MUST_CHECK enum dl_err token_key_make(struct token_key **ret, const uint8_t *scalar,
                                         uint16_t epoch);
/* Reads and writes DIR/token.key; the caller frees. DL_E_NOT_FOUND, DL_E_CORRUPT. */
DL_MUST_CHECK enum dl_err token_key_load(struct token_key **ret, const char *path);
DL_MUST_CHECK enum dl_err token_key_save(const struct token_key *key, const char *path);
uint16_t token_key_epoch(const struct token_key *key);
void token_key_free(struct token_key *key);

/* T for one canonical identifier. DL_E_INPUT: unknown type, empty or too long. */
DL_MUST_CHECK enum dl_err token_make(const struct token_key *key, uint8_t type,
                                     uint8_t version, const uint8_t *canonical,
                                     size_t canonical_len, struct token *ret);

/* The hub's share s_d for one device and epoch. */
struct hub_share;
DL_MUST_CHECK enum dl_err hub_share_make(struct hub_share **ret, const uint8_t *scalar);
void hub_share_free(struct hub_share *share);
/* s_d = s0 * delta_inverse. */
DL_MUST_CHECK enum dl_err hub_share_derive(struct hub_share **ret, const struct hub_share *s0,
                                           const uint8_t delta_inverse[static 32]);
/* C = s_d * T. DL_E_INPUT: not an element. */
DL_MUST_CHECK enum dl_err hub_share_convert(const struct hub_share *share,
                                            const uint8_t element[static 32],
                                            uint8_t ret[static 32]);

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
/* DIR/hub.share, the custodian's half for the hub, kept as a key file. */
DL_MUST_CHECK enum dl_err hub_share_load(struct hub_share **ret, const char *path);
DL_MUST_CHECK enum dl_err hub_share_save(const struct hub_share *share, const char *path);

/* A keyed hash (BLAKE2b) of a client's event id, for outbox and hub: 16 bytes. */
#define ID_HASH_BYTES 16
struct id_key;
DL_MUST_CHECK enum dl_err id_key_create(const char *path); /* DL_E_EXISTS */
DL_MUST_CHECK enum dl_err id_key_load(struct id_key **ret, const char *path);
void id_key_free(struct id_key *key);
void id_hash(const struct id_key *key, const uint8_t *id, size_t id_len,
             uint8_t ret[static ID_HASH_BYTES]);

#endif
