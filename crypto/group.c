#include "crypto/group.h"

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#define MSG_BYTES_MAX 65535
#define SHA512_BLOCK  128
#define UNIFORM_BYTES crypto_core_ristretto255_HASHBYTES /* 64: one block of output */

_Static_assert(UNIFORM_BYTES == crypto_hash_sha512_BYTES, "expand_message_xmd with ell = 1");

static void hash_dst_prime(crypto_hash_sha512_state *st, const uint8_t *dst, size_t dst_len)
{
    uint8_t len = (uint8_t)dst_len;
    crypto_hash_sha512_update(st, dst, dst_len);
    crypto_hash_sha512_update(st, &len, 1);
}

/* RFC 9380 section 5.3.1 for the 64 bytes that ristretto255 wants, so that
 * there is one b_i only:
 *   b_0 = H(Z_pad || msg || I2OSP(64, 2) || 0 || DST_prime)
 *   b_1 = H(b_0 || 1 || DST_prime) */
static void expand_message_xmd(const uint8_t *dst, size_t dst_len, const uint8_t *msg,
                               size_t msg_len, uint8_t ret[static UNIFORM_BYTES])
{
    static const uint8_t z_pad[SHA512_BLOCK] = {0};
    static const uint8_t len_and_zero[3] = {0, UNIFORM_BYTES, 0};
    static const uint8_t one = 1;
    crypto_hash_sha512_state st;
    uint8_t b0[crypto_hash_sha512_BYTES];

    crypto_hash_sha512_init(&st);
    crypto_hash_sha512_update(&st, z_pad, sizeof z_pad);
    crypto_hash_sha512_update(&st, msg, msg_len);
    crypto_hash_sha512_update(&st, len_and_zero, sizeof len_and_zero);
    hash_dst_prime(&st, dst, dst_len);
    crypto_hash_sha512_final(&st, b0);

    crypto_hash_sha512_init(&st);
    crypto_hash_sha512_update(&st, b0, sizeof b0);
    crypto_hash_sha512_update(&st, &one, 1);
    hash_dst_prime(&st, dst, dst_len);
    crypto_hash_sha512_final(&st, ret);

    sodium_memzero(&st, sizeof st);
    sodium_memzero(b0, sizeof b0);
}

enum dl_err group_hash(const uint8_t *dst, size_t dst_len, const uint8_t *msg, size_t msg_len,
                       uint8_t ret[static GROUP_ELEMENT_BYTES])
{
    if (dst_len > GROUP_DST_BYTES_MAX || msg_len > MSG_BYTES_MAX)
        return DL_E_INPUT;
    uint8_t uniform[UNIFORM_BYTES];
    expand_message_xmd(dst, dst_len, msg, msg_len, uniform);
    crypto_core_ristretto255_from_hash(ret, uniform);
    sodium_memzero(uniform, sizeof uniform);
    return DL_OK;
}

enum dl_err group_mul(const uint8_t scalar[static GROUP_SCALAR_BYTES],
                      const uint8_t element[static GROUP_ELEMENT_BYTES],
                      uint8_t ret[static GROUP_ELEMENT_BYTES])
{
    uint8_t product[GROUP_ELEMENT_BYTES];
    if (crypto_scalarmult_ristretto255(product, scalar, element) != 0)
        return DL_E_INPUT;
    memcpy(ret, product, sizeof product);
    sodium_memzero(product, sizeof product);
    return DL_OK;
}

enum dl_err group_add(const uint8_t a[static GROUP_ELEMENT_BYTES],
                      const uint8_t b[static GROUP_ELEMENT_BYTES],
                      uint8_t ret[static GROUP_ELEMENT_BYTES])
{
    uint8_t sum[GROUP_ELEMENT_BYTES];
    if (crypto_core_ristretto255_add(sum, a, b) != 0 || sodium_is_zero(sum, sizeof sum))
        return DL_E_INPUT;
    memcpy(ret, sum, sizeof sum);
    return DL_OK;
}

void group_scalar_random(uint8_t ret[static GROUP_SCALAR_BYTES])
{
    crypto_core_ristretto255_scalar_random(ret); /* never zero */
}

enum dl_err group_scalar_check(const uint8_t scalar[static GROUP_SCALAR_BYTES])
{
    uint8_t wide[crypto_core_ristretto255_NONREDUCEDSCALARBYTES] = {0};
    uint8_t reduced[GROUP_SCALAR_BYTES];
    memcpy(wide, scalar, GROUP_SCALAR_BYTES);
    crypto_core_ristretto255_scalar_reduce(reduced, wide);
    bool canonical = sodium_memcmp(reduced, scalar, sizeof reduced) == 0;
    bool zero = sodium_is_zero(scalar, GROUP_SCALAR_BYTES) == 1;
    sodium_memzero(wide, sizeof wide);
    sodium_memzero(reduced, sizeof reduced);
    return canonical && !zero ? DL_OK : DL_E_INPUT;
}

void group_scalar_mul(const uint8_t a[static GROUP_SCALAR_BYTES],
                      const uint8_t b[static GROUP_SCALAR_BYTES],
                      uint8_t ret[static GROUP_SCALAR_BYTES])
{
    crypto_core_ristretto255_scalar_mul(ret, a, b);
}

enum dl_err group_scalar_invert(const uint8_t a[static GROUP_SCALAR_BYTES],
                                uint8_t ret[static GROUP_SCALAR_BYTES])
{
    enum dl_err err = group_scalar_check(a);
    if (err)
        return err;
    return crypto_core_ristretto255_scalar_invert(ret, a) == 0 ? DL_OK : DL_E_INPUT;
}
