/* token_internal.h - the inside of a token key, for crypto/ alone: the bundle
 * that carries it to its device, and the custodian who makes it. */
#ifndef DUNLIN_TOKEN_INTERNAL_H
#define DUNLIN_TOKEN_INTERNAL_H

#include "crypto/token.h"

struct token_key {
    uint8_t scalar[GROUP_SCALAR_BYTES];
    uint16_t epoch;
};

#endif
