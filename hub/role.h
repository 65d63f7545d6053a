/* role.h - who a person or program is: bearer tokens and what their role may do.
 *
 * A token is 32 random bytes as 64 hex digits, shown once and kept hashed. Its
 * role is one of three, and admin may do what the others may:
 *
 *     viewer      reads: statistics, profiles, exports, the audit log, metrics
 *     custodian   enrols devices (dunlin-keys), and nothing else
 *     admin       everything
 */
#ifndef DUNLIN_HUB_ROLE_H
#define DUNLIN_HUB_ROLE_H

#include "hub/store.h"
#include "platform/err.h"

#include <stdbool.h>
#include <stdint.h>

#define ROLE_TOKEN_CHARS      64
#define ROLE_TOKEN_HASH_BYTES STORE_HASH_BYTES

/* For masks of roles. */
#define ROLE_VIEWER    (1u << STORE_ROLE_VIEWER)
#define ROLE_CUSTODIAN (1u << STORE_ROLE_CUSTODIAN)

/* True when `have` may do what the roles of the mask `wanted` may. */
bool role_allows(enum store_role have, unsigned wanted);

/* Draws a token: its text, which the caller wipes, and what the store keeps. */
void role_token_draw(char ret[static ROLE_TOKEN_CHARS + 1],
                     uint8_t ret_hash[static ROLE_TOKEN_HASH_BYTES]);
/* False: not 64 hex digits. */
bool role_token_hash(const char *token, uint8_t ret[static ROLE_TOKEN_HASH_BYTES]);
/* The token of an `Authorization` header, borrowed; NULL: not a bearer's. */
const char *role_token_of_header(const char *header);

#endif
