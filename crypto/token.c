#include "crypto/token.h"

#include "crypto/keyfile.h"
#include "crypto/secret.h"
#include "crypto/token_internal.h"

#include <string.h>

#define KEYFILE_KIND "token-key"
#define DST_BYTES    64 /* the prefix's 31 and the longest name's 11, with room */

enum dl_err token_key_make(struct token_key **ret, const uint8_t *scalar, uint16_t epoch)
{
    enum dl_err err = group_scalar_check(scalar);
    if (err)
        return err;
    struct token_key *key = secret_make(sizeof *key);
    if (!key)
        return DL_E_NOMEM;
    memcpy(key->scalar, scalar, sizeof key->scalar);
    key->epoch = epoch;
    secret_freeze(key);
    *ret = key;
    return DL_OK;
}

void token_key_free(struct token_key *key)
{
    secret_free(key, sizeof *key);
}

uint16_t token_key_epoch(const struct token_key *key)
{
    return key->epoch;
}

enum dl_err token_key_load(struct token_key **ret, const char *path)
{
    uint8_t bytes[2 + GROUP_SCALAR_BYTES];
    enum dl_err err = keyfile_load(path, KEYFILE_KIND, bytes, sizeof bytes);
    if (!err)
        err = token_key_make(ret, bytes + 2, (uint16_t)(bytes[0] << 8 | bytes[1]));
    secret_wipe(bytes, sizeof bytes);
    return err == DL_E_INPUT ? DL_E_CORRUPT : err;
}

enum dl_err token_key_save(const struct token_key *key, const char *path)
{
    uint8_t bytes[2 + GROUP_SCALAR_BYTES];
    bytes[0] = (uint8_t)(key->epoch >> 8);
    bytes[1] = (uint8_t)key->epoch;
    memcpy(bytes + 2, key->scalar, sizeof key->scalar);
    enum dl_err err = keyfile_create(path, KEYFILE_KIND, bytes, sizeof bytes);
    secret_wipe(bytes, sizeof bytes);
    return err;
}

static enum dl_err hash_typed(uint8_t type, const uint8_t *canonical, size_t canonical_len,
                              uint8_t ret[static GROUP_ELEMENT_BYTES])
{
    static const char prefix[] = TOKEN_DST_PREFIX;
    size_t prefix_len = sizeof prefix - 1;
    const char *name = token_type_name(type);
    if (!name || canonical_len == 0 || canonical_len > TOKEN_CANONICAL_BYTES_MAX)
        return DL_E_INPUT;
    uint8_t dst[DST_BYTES];
    size_t name_len = strlen(name);
    if (name_len > sizeof dst - prefix_len)
        return DL_E_INPUT;
    memcpy(dst, prefix, prefix_len);
    memcpy(dst + prefix_len, name, name_len);
    return group_hash(dst, prefix_len + name_len, canonical, canonical_len, ret);
}

enum dl_err token_make(const struct token_key *key, uint8_t type, uint8_t version,
                       const uint8_t *canonical, size_t canonical_len, struct token *ret)
{
    uint8_t point[GROUP_ELEMENT_BYTES];
    struct token token = {.type = type, .version = version, .epoch = key->epoch};
    enum dl_err err = hash_typed(type, canonical, canonical_len, point);
    if (!err)
        err = group_mul(key->scalar, point, token.element);
    if (!err)
        *ret = token;
    /* H(type, x) without a key is a plain hash, as telling as the identifier. */
    secret_wipe(point, sizeof point);
    secret_wipe_stack();
    return err;
}
