#include "crypto/custodian.h"

#include "crypto/aead.h"
#include "crypto/secret.h"
#include "platform/random.h"

#include <sodium.h>
#include <string.h>

/* Binds a locked share to its format. */
static const uint8_t aad[] = "dunlin-keyring-1";

struct custodian_share {
    uint8_t scalar[GROUP_SCALAR_BYTES];
};

_Static_assert(CUSTODIAN_SALT_BYTES == crypto_pwhash_argon2id_SALTBYTES, "salt");
_Static_assert(CUSTODIAN_LOCKED_BYTES == CUSTODIAN_PLAIN_BYTES + AEAD_OVERHEAD, "locked share");

static enum dl_err share_of(struct custodian_share **ret, const uint8_t *scalar)
{
    struct custodian_share *share = secret_make(sizeof *share);
    if (!share)
        return DL_E_NOMEM;
    memcpy(share->scalar, scalar, sizeof share->scalar);
    secret_freeze(share);
    *ret = share;
    return DL_OK;
}

enum dl_err custodian_draw(struct custodian_share **ret, struct hub_share **ret_hub)
{
    uint8_t a0[GROUP_SCALAR_BYTES], s0[GROUP_SCALAR_BYTES];
    struct custodian_share *share = NULL;
    struct hub_share *hub = NULL;
    group_scalar_random(a0);
    group_scalar_random(s0);
    enum dl_err err = share_of(&share, a0);
    if (!err)
        err = hub_share_make(&hub, s0);
    secret_wipe(a0, sizeof a0);
    secret_wipe(s0, sizeof s0);
    if (err) {
        custodian_share_free(share);
        return err;
    }
    *ret = share;
    *ret_hub = hub;
    return DL_OK;
}

void custodian_share_free(struct custodian_share *share)
{
    secret_free(share, sizeof *share);
}

void custodian_subkey(const struct custodian_share *share, const char *context,
                      uint8_t ret[static CUSTODIAN_SUBKEY_BYTES])
{
    crypto_generichash(ret, CUSTODIAN_SUBKEY_BYTES, (const uint8_t *)context, strlen(context),
                       share->scalar, sizeof share->scalar);
}

enum dl_err custodian_enrol(const struct custodian_share *share, uint16_t epoch,
                            struct token_key **ret_key,
                            uint8_t ret_delta_inverse[static GROUP_SCALAR_BYTES])
{
    uint8_t delta[GROUP_SCALAR_BYTES], inverse[GROUP_SCALAR_BYTES], a_d[GROUP_SCALAR_BYTES];
    group_scalar_random(delta);
    group_scalar_mul(share->scalar, delta, a_d);
    enum dl_err err = group_scalar_invert(delta, inverse);
    if (!err)
        err = token_key_make(ret_key, a_d, epoch);
    if (!err)
        memcpy(ret_delta_inverse, inverse, sizeof inverse);
    secret_wipe(delta, sizeof delta);
    secret_wipe(inverse, sizeof inverse);
    secret_wipe(a_d, sizeof a_d);
    return err;
}

static void check_of(const uint8_t *scalar, uint8_t ret[static CUSTODIAN_CHECK_BYTES])
{
    uint8_t hash[crypto_generichash_BYTES];
    crypto_generichash(hash, sizeof hash, scalar, GROUP_SCALAR_BYTES, NULL, 0);
    memcpy(ret, hash, CUSTODIAN_CHECK_BYTES);
    secret_wipe(hash, sizeof hash);
}

void custodian_share_encode(const struct custodian_share *share,
                            uint8_t ret[static CUSTODIAN_PLAIN_BYTES])
{
    memcpy(ret, share->scalar, GROUP_SCALAR_BYTES);
    check_of(share->scalar, ret + GROUP_SCALAR_BYTES);
}

enum dl_err custodian_share_decode(struct custodian_share **ret,
                                   const uint8_t plain[static CUSTODIAN_PLAIN_BYTES])
{
    uint8_t check[CUSTODIAN_CHECK_BYTES];
    check_of(plain, check);
    if (sodium_memcmp(check, plain + GROUP_SCALAR_BYTES, sizeof check) != 0 ||
        group_scalar_check(plain) != DL_OK)
        return DL_E_CORRUPT;
    return share_of(ret, plain);
}

void custodian_kdf_draw(struct custodian_kdf *ret)
{
    ret->ops = crypto_pwhash_argon2id_OPSLIMIT_MODERATE;
    ret->mem = crypto_pwhash_argon2id_MEMLIMIT_MODERATE;
    random_bytes(ret->salt, sizeof ret->salt);
}

bool custodian_kdf_ok(const struct custodian_kdf *kdf)
{
    return kdf->ops >= crypto_pwhash_argon2id_OPSLIMIT_MIN && kdf->ops <= CUSTODIAN_OPS_MAX &&
           kdf->mem >= crypto_pwhash_argon2id_MEMLIMIT_MIN && kdf->mem <= CUSTODIAN_MEM_MAX;
}

static enum dl_err stretch(const struct custodian_kdf *kdf, const char *passphrase,
                           size_t passphrase_len, uint8_t ret[static AEAD_KEY_BYTES])
{
    if (!custodian_kdf_ok(kdf))
        return DL_E_INPUT;
    int rc = crypto_pwhash(ret, AEAD_KEY_BYTES, passphrase, passphrase_len, kdf->salt, kdf->ops,
                           (size_t)kdf->mem, crypto_pwhash_ALG_ARGON2ID13);
    return rc == 0 ? DL_OK : DL_E_NOMEM;
}

enum dl_err custodian_share_lock(const struct custodian_share *share,
                                 const struct custodian_kdf *kdf, const char *passphrase,
                                 size_t passphrase_len,
                                 uint8_t ret[static CUSTODIAN_LOCKED_BYTES])
{
    uint8_t key[AEAD_KEY_BYTES], plain[CUSTODIAN_PLAIN_BYTES];
    enum dl_err err = stretch(kdf, passphrase, passphrase_len, key);
    if (!err) {
        custodian_share_encode(share, plain);
        aead_seal(key, aad, sizeof aad - 1, plain, sizeof plain, ret);
        secret_wipe(plain, sizeof plain);
    }
    secret_wipe(key, sizeof key);
    return err;
}

enum dl_err custodian_share_unlock(struct custodian_share **ret,
                                   const struct custodian_kdf *kdf, const char *passphrase,
                                   size_t passphrase_len,
                                   const uint8_t locked[static CUSTODIAN_LOCKED_BYTES])
{
    uint8_t key[AEAD_KEY_BYTES], plain[CUSTODIAN_PLAIN_BYTES];
    enum dl_err err = stretch(kdf, passphrase, passphrase_len, key);
    if (!err && aead_open(key, aad, sizeof aad - 1, locked, CUSTODIAN_LOCKED_BYTES, plain))
        err = DL_E_AUTH;
    if (!err)
        err = custodian_share_decode(ret, plain);
    secret_wipe(plain, sizeof plain);
    secret_wipe(key, sizeof key);
    return err;
}
