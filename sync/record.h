/* record.h - what is sealed: one event's tokens and its data, never a name.
 *
 * Plaintext of an envelope, made by the agent, read by the hub alone:
 *
 *     u8  version = 1
 *     u8  flags           bit 0: the event's `time` was given by the client
 *     i64 wall_ms         device's clock at capture
 *     u64 mono_ms         device's monotonic clock at capture, same boot as the segment
 *     u8  token_count     then each: u8 type, u8 version, u16 epoch, 32 bytes element
 *     u32 json_len        then the event as JSON without `identifiers` (UTF-8, compact)
 *
 * Big-endian. docs/PROTOCOL.md says what members the JSON has.
 */
#ifndef DUNLIN_RECORD_H
#define DUNLIN_RECORD_H

#include "crypto/token.h"
#include "platform/err.h"

#include <stddef.h>
#include <stdint.h>

#define RECORD_VERSION    1
#define RECORD_TOKENS_MAX 64
#define RECORD_BYTES_MAX  ((size_t)256 * 1024)
#define RECORD_TIME_GIVEN 0x01

struct record {
    uint8_t flags;
    int64_t wall_ms;
    uint64_t mono_ms;
    size_t token_count;
    struct token tokens[RECORD_TOKENS_MAX];
    const char *json; /* borrowed */
    size_t json_len;
};

size_t record_encoded_len(const struct record *rec);
/* DL_E_INPUT: too many tokens, too long, or `cap` too small. */
DL_MUST_CHECK enum dl_err record_encode(const struct record *rec, uint8_t *ret, size_t cap,
                                        size_t *ret_len);
/* ret->json borrows from `bytes`. DL_E_CORRUPT. */
DL_MUST_CHECK enum dl_err record_decode(const uint8_t *bytes, size_t len, struct record *ret);

#endif
