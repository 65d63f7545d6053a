/* audience_file.h - the lines of a file of sealed sets, as a hub hands it out.
 *
 * The first is a header, the others hold a set each; docs/PROTOCOL.md has the
 * members. Nothing here opens a seal. Members that are not known are a newer
 * hub's affair.
 */
#ifndef DUNLIN_KEYS_AUDIENCE_FILE_H
#define DUNLIN_KEYS_AUDIENCE_FILE_H

#include "crypto/audience.h"
#include "platform/clock.h"
#include "platform/err.h"
#include "sync/record.h"

#include <stddef.h>
#include <stdint.h>

#define AUDIENCE_FILE_HUB_BYTES 256

struct audience_head {
    char hub[AUDIENCE_FILE_HUB_BYTES];
    char made_at[CLOCK_TEXT_BYTES];
    uint64_t count; /* of the sets that follow */
    size_t key_count;
    uint8_t keys[AUDIENCE_FILE_KEYS_MAX][AUDIENCE_KEY_ID_BYTES];
};

struct audience_line {
    size_t key; /* below key_count */
    size_t sealed_len;
    uint8_t sealed[RECORD_SEALED_BYTES_MAX];
};

/* DL_E_CORRUPT: not such a line; `why` of the header names the member. */
DL_MUST_CHECK enum dl_err audience_head_parse(const char *text, size_t len,
                                              struct audience_head *ret, struct dl_why *why);
DL_MUST_CHECK enum dl_err audience_line_parse(const struct audience_head *head,
                                              const char *text, size_t len,
                                              struct audience_line *ret);

#endif
