/* ticket_sig1.h - tickets that carry their own proof: pretix's scheme pretix_sig1.
 *
 * The code, reversed, is base64 of 01, the lengths of payload and signature (16 bits
 * each, big-endian), a protobuf message and an Ed25519 signature over it. A gate
 * that has the event's public key knows such a ticket for good without ever having
 * heard of it; whether it was revoked is the roster's to say. A ticket has one code
 * alone: base64 and signature are taken in their canonical form only, so that a code
 * of other characters is no second ticket. What was decoded is wiped. Any thread.
 */
#ifndef DUNLIN_TICKET_SIG1_H
#define DUNLIN_TICKET_SIG1_H

#include "crypto/sign.h"
#include "platform/err.h"

#include <stddef.h>
#include <stdint.h>

#define TICKET_SIG1_CODE_BYTES_MAX 1024

/* Numbers are those of the ticket shop; 0: the ticket does not say. */
struct ticket_sig1 {
    int64_t item, variation, subevent;
    int64_t valid_from_ms, valid_until_ms;
};

/* `keys` are key_count public keys, one behind the other. Space and control
 * characters around the code do not count.
 * DL_E_INPUT: no signed ticket at all.  DL_E_CORRUPT: none of the keys made it;
 * *ret keeps what it had. */
DL_MUST_CHECK enum dl_err ticket_sig1_open(const char *code, size_t len, const uint8_t *keys,
                                           size_t key_count, struct ticket_sig1 *ret);

#endif
