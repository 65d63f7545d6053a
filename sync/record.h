/* record.h - what is sealed: one event's tokens and its data, never a name.
 *
 * Plaintext of an envelope, made by the agent, read by the hub alone:
 *
 *     u8  version = 1
 *     u8  flags           bit 0: the event's `time` was given by the client
 *                         bit 1: an audience section follows the JSON
 *     i64 wall_ms         device's clock at capture
 *     u64 mono_ms         device's monotonic clock at capture, same boot as the segment
 *     u8  token_count     then each: u8 type, u8 version, u16 epoch, 32 bytes element
 *     u32 json_len        then the event as JSON without `identifiers` (UTF-8, compact)
 *
 * The audience section, which the hub keeps and cannot open (crypto/audience.h):
 *
 *     16  key id          of the custodian's key that it is sealed to
 *     u8  schemes         which the set has: AUDIENCE_BIT of each (audience_set.h)
 *     u16 sealed_len      then the set, sealed
 *
 * Big-endian. docs/PROTOCOL.md says what members the JSON has.
 */
#ifndef DUNLIN_RECORD_H
#define DUNLIN_RECORD_H

#include "crypto/audience.h"
#include "crypto/token.h"
#include "platform/err.h"
#include "sync/audience_set.h"

#include <stddef.h>
#include <stdint.h>

#define RECORD_VERSION    1
#define RECORD_TOKENS_MAX 64
#define RECORD_BYTES_MAX  ((size_t)256 * 1024)
#define RECORD_TIME_GIVEN 0x01
#define RECORD_AUDIENCE   0x02 /* set and read by whether there is a section */

#define RECORD_SEALED_BYTES_MAX (AUDIENCE_SET_BYTES_MAX + AUDIENCE_SEAL_OVERHEAD)

struct record_audience {
    uint8_t key_id[AUDIENCE_KEY_ID_BYTES];
    uint8_t schemes;
    const uint8_t *sealed; /* borrowed */
    size_t sealed_len;     /* 0: there is no section */
};

struct record {
    uint8_t flags;
    int64_t wall_ms;
    uint64_t mono_ms;
    size_t token_count;
    struct token tokens[RECORD_TOKENS_MAX];
    const char *json; /* borrowed */
    size_t json_len;
    struct record_audience audience;
};

size_t record_encoded_len(const struct record *rec);
/* DL_E_INPUT: too many tokens, a malformed audience, too long, or `cap` too small. */
DL_MUST_CHECK enum dl_err record_encode(const struct record *rec, uint8_t *ret, size_t cap,
                                        size_t *ret_len);
/* ret->json and ret->audience.sealed borrow from `bytes`. DL_E_CORRUPT. */
DL_MUST_CHECK enum dl_err record_decode(const uint8_t *bytes, size_t len, struct record *ret);

#endif
