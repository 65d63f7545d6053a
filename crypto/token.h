/* token.h - an identifier becomes a token on the device.
 *
 * With k = a0*s0 that nobody holds: a device computes T = a_d * H(type, x), the
 * hub C = s_d * T = k * H(type, x), which share.h does. H is group_hash with
 * the tag "DUNLIN-V01-ristretto255-SHA512-" followed by the type's name.
 *
 * token_make looks at a plain identifier for one call and keeps nothing; what
 * it leaves on the stack it wipes. Keys may be shared between threads.
 */
#ifndef DUNLIN_TOKEN_H
#define DUNLIN_TOKEN_H

#include "crypto/group.h"
#include "crypto/idhash.h"
#include "crypto/share.h"
#include "platform/err.h"

#include <stddef.h>
#include <stdint.h>

#define TOKEN_DST_PREFIX          "DUNLIN-V01-ristretto255-SHA512-"
#define TOKEN_CANONICAL_BYTES_MAX 1024

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
/* Reads and writes DIR/token.key: a key file of the epoch (u16 big-endian) and
 * the scalar. The caller frees. Load: DL_E_NOT_FOUND, DL_E_CORRUPT. Save:
 * DL_E_EXISTS, for a key is never written over. */
DL_MUST_CHECK enum dl_err token_key_load(struct token_key **ret, const char *path);
DL_MUST_CHECK enum dl_err token_key_save(const struct token_key *key, const char *path);
uint16_t token_key_epoch(const struct token_key *key);
void token_key_free(struct token_key *key);

/* T for one canonical identifier. DL_E_INPUT: unknown type, empty or too long. */
DL_MUST_CHECK enum dl_err token_make(const struct token_key *key, uint8_t type, uint8_t version,
                                     const uint8_t *canonical, size_t canonical_len,
                                     struct token *ret);

#endif
