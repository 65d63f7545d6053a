/* group.h - ristretto255 (RFC 9496) by libsodium, and hashing to it.
 *
 * group_hash is RFC 9497's HashToGroup for ristretto255-SHA512: 64 bytes of
 * expand_message_xmd (RFC 9380 section 5.3.1, SHA-512) through the one-way map.
 * Elements and scalars are 32 bytes, little-endian, canonical.
 */
#ifndef DUNLIN_GROUP_H
#define DUNLIN_GROUP_H

#include "platform/err.h"

#include <stddef.h>
#include <stdint.h>

#define GROUP_ELEMENT_BYTES 32
#define GROUP_SCALAR_BYTES  32
#define GROUP_DST_BYTES_MAX 255

/* DL_E_INPUT: dst longer than GROUP_DST_BYTES_MAX or msg longer than 65,535. */
DL_MUST_CHECK enum dl_err group_hash(const uint8_t *dst, size_t dst_len, const uint8_t *msg,
                                     size_t msg_len, uint8_t ret[static GROUP_ELEMENT_BYTES]);

/* ret = scalar * element. DL_E_INPUT: not a canonical element, or the result
 * is the identity. */
DL_MUST_CHECK enum dl_err group_mul(const uint8_t scalar[static GROUP_SCALAR_BYTES],
                                    const uint8_t element[static GROUP_ELEMENT_BYTES],
                                    uint8_t ret[static GROUP_ELEMENT_BYTES]);

/* ret = a + b. DL_E_INPUT: not canonical elements, or the sum is the identity. */
DL_MUST_CHECK enum dl_err group_add(const uint8_t a[static GROUP_ELEMENT_BYTES],
                                    const uint8_t b[static GROUP_ELEMENT_BYTES],
                                    uint8_t ret[static GROUP_ELEMENT_BYTES]);

/* A uniform scalar that is not zero. */
void group_scalar_random(uint8_t ret[static GROUP_SCALAR_BYTES]);
/* DL_E_INPUT: zero, or not reduced. */
DL_MUST_CHECK enum dl_err group_scalar_check(const uint8_t scalar[static GROUP_SCALAR_BYTES]);
void group_scalar_mul(const uint8_t a[static GROUP_SCALAR_BYTES],
                      const uint8_t b[static GROUP_SCALAR_BYTES],
                      uint8_t ret[static GROUP_SCALAR_BYTES]);
DL_MUST_CHECK enum dl_err group_scalar_invert(const uint8_t a[static GROUP_SCALAR_BYTES],
                                              uint8_t ret[static GROUP_SCALAR_BYTES]);

#endif
