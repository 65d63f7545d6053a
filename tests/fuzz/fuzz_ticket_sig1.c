/* Whatever a scanner reads, an ID card among it; and payloads as if they were signed. */
#include "agent/ticket_sig1.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t public[SIGN_PUBLIC_BYTES], secret[crypto_sign_SECRETKEYBYTES];

/* The payload signed and written as a code; returns its length. */
static size_t sign(const uint8_t *payload, size_t len, char code[static 1024])
{
    uint8_t bytes[512] = {1, 0, (uint8_t)len, 0, SIGN_SIGNATURE_BYTES};
    char text[1024];
    if (len)
        memcpy(bytes + 5, payload, len);
    crypto_sign_detached(bytes + 5 + len, NULL, payload, len, secret);
    sodium_bin2base64(text, sizeof text, bytes, 5 + len + SIGN_SIGNATURE_BYTES,
                      sodium_base64_VARIANT_ORIGINAL);
    size_t n = strlen(text);
    for (size_t i = 0; i < n; i++)
        code[i] = text[n - 1 - i];
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t seed[crypto_sign_SEEDBYTES] = {1};
    struct ticket_sig1 ticket;
    char code[1024];
    if (sodium_init() < 0)
        abort();
    crypto_sign_seed_keypair(public, secret, seed);
    if (ticket_sig1_open((const char *)data, size, public, 1, &ticket) == DL_OK)
        abort(); /* nobody has the key */
    if (size > 200)
        return 0;
    size_t len = sign(data, size, code);
    if (ticket_sig1_open(code, len, public, 1, &ticket) == DL_OK &&
        (ticket.item < 0 || ticket.valid_from_ms < 0 || ticket.valid_until_ms < 0))
        abort();
    return 0;
}
