#include "crypto/secret.h"

#include <psa/crypto.h>
#include <sodium.h>
#include <stdalign.h>
#include <stdint.h>

#define STACK_BURN_BYTES ((size_t)16 * 1024)

enum dl_err crypto_setup(void)
{
    if (sodium_init() < 0)
        return DL_E_IO; /* no source of random bytes */
    return psa_crypto_init() == PSA_SUCCESS ? DL_OK : DL_E_IO;
}

/* sodium_malloc puts the end of the memory against the guard page, so only a
 * length that is a multiple of the alignment gives an aligned start. */
static size_t rounded(size_t len)
{
    size_t align = alignof(max_align_t);
    return (len + align - 1) / align * align;
}

void *secret_make(size_t len)
{
    if (len > SIZE_MAX / 2)
        return NULL;
    void *secret = sodium_malloc(rounded(len ? len : 1));
    if (secret)
        sodium_memzero(secret, rounded(len ? len : 1));
    return secret;
}

void secret_freeze(void *secret)
{
    (void)sodium_mprotect_readonly(secret); /* fails where pages cannot be guarded */
}

void secret_free(void *secret, size_t len)
{
    if (!secret)
        return;
    (void)sodium_mprotect_readwrite(secret);
    sodium_memzero(secret, len);
    sodium_free(secret);
}

void secret_wipe(void *bytes, size_t len)
{
    sodium_memzero(bytes, len);
}

static void burn(void)
{
    uint8_t frame[STACK_BURN_BYTES];
    sodium_memzero(frame, sizeof frame);
}

/* Read at each call, so that burn cannot be inlined into the caller's frame,
 * where its array would lie beside the leftovers and not over them. */
static void (*volatile burn_stack)(void) = burn;

void secret_wipe_stack(void)
{
    burn_stack();
}
