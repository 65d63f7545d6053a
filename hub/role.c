#include "hub/role.h"

#include "crypto/secret.h"
#include "platform/bytes.h"
#include "platform/random.h"

#include <sodium.h>
#include <string.h>
#include <strings.h>

#define TOKEN_BYTES (ROLE_TOKEN_CHARS / 2)
#define SCHEME      "Bearer "

bool role_allows(enum store_role have, unsigned wanted)
{
    return have == STORE_ROLE_ADMIN || ((1u << have) & wanted) != 0;
}

static void hash_bytes(const uint8_t token[static TOKEN_BYTES],
                       uint8_t ret[static ROLE_TOKEN_HASH_BYTES])
{
    /* A random 256-bit token needs no slow hash. */
    crypto_generichash(ret, ROLE_TOKEN_HASH_BYTES, token, TOKEN_BYTES, NULL, 0);
}

void role_token_draw(char ret[static ROLE_TOKEN_CHARS + 1],
                     uint8_t ret_hash[static ROLE_TOKEN_HASH_BYTES])
{
    uint8_t token[TOKEN_BYTES];
    random_bytes(token, sizeof token);
    bytes_to_hex(ret, token, sizeof token);
    hash_bytes(token, ret_hash);
    secret_wipe(token, sizeof token);
}

bool role_token_hash(const char *token, uint8_t ret[static ROLE_TOKEN_HASH_BYTES])
{
    uint8_t bytes[TOKEN_BYTES];
    bool ok = token && bytes_from_hex(bytes, sizeof bytes, token);
    if (ok)
        hash_bytes(bytes, ret);
    secret_wipe(bytes, sizeof bytes);
    return ok;
}

const char *role_token_of_header(const char *header)
{
    size_t len = sizeof SCHEME - 1;
    return header && strncasecmp(header, SCHEME, len) == 0 ? header + len : NULL;
}
