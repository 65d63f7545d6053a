/* audience_set.h - the plaintext of what is sealed to the custodian.
 *
 * One event's values, as advertising platforms compare them; made by the agent,
 * read by `dunlin-keys export-audience` alone. Numbers are big-endian:
 *
 *     u8  version = 1
 *     u8  count           then each:
 *     u8  scheme          enum audience_scheme
 *     u8  field           enum audience_field
 *     u8  form            0: clear text (UTF-8)   1: SHA-256, 32 bytes
 *     u8  len             then the value, 1 to AUDIENCE_SET_VALUE_BYTES_MAX bytes
 *
 * and zeros up to the next multiple of 64 bytes, so that the length of the seal
 * tells little of the values. Numbers are never used again. Values are as good as
 * plain personal data: the owner of the buffer wipes it.
 */
#ifndef DUNLIN_AUDIENCE_SET_H
#define DUNLIN_AUDIENCE_SET_H

#include "platform/bytes.h"
#include "platform/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AUDIENCE_SET_VERSION         1
#define AUDIENCE_SET_VALUES_MAX      64
#define AUDIENCE_SET_VALUE_BYTES_MAX 32
#define AUDIENCE_SET_BLOCK           64
#define AUDIENCE_SET_BYTES_MAX       2368 /* 2 + 64 * (4 + 32), in whole blocks */
#define AUDIENCE_SET_DIGEST_BYTES    32

/* The file in which a hub hands sealed sets to the custodian (docs/PROTOCOL.md). */
#define AUDIENCE_FILE_FORMAT         "dunlin-audience-1"
#define AUDIENCE_FILE_KEYS_MAX       64
#define AUDIENCE_FILE_LINE_BYTES_MAX 8192

enum audience_scheme {
    AUDIENCE_UID2 = 1,
    AUDIENCE_GOOGLE,
    AUDIENCE_META,
    AUDIENCE_TIKTOK,
    AUDIENCE_SNAP,
    AUDIENCE_SCHEMES_END,
};

/* Which schemes a set has: AUDIENCE_BIT of each, in one byte. */
#define AUDIENCE_BIT(scheme) ((uint8_t)(1U << ((scheme)-1)))
#define AUDIENCE_BITS_ALL    ((uint8_t)((1U << (AUDIENCE_SCHEMES_END - 1)) - 1))

enum audience_field {
    AUDIENCE_EMAIL = 1,
    AUDIENCE_PHONE,
    AUDIENCE_GIVEN_NAME,
    AUDIENCE_SURNAME,
    AUDIENCE_DATE_OF_BIRTH,
    AUDIENCE_SEX,
    AUDIENCE_CITY,
    AUDIENCE_POSTCODE,
    AUDIENCE_COUNTRY,
    AUDIENCE_FIELDS_END,
};

enum audience_form { AUDIENCE_CLEAR, AUDIENCE_SHA256 };

struct audience_value {
    uint8_t scheme, field, form;
    uint8_t len;
    const uint8_t *bytes; /* borrowed */
};

struct audience_set {
    size_t count;
    struct audience_value values[AUDIENCE_SET_VALUES_MAX];
};

/* Built value by value in the caller's buffer. */
struct audience_writer {
    uint8_t *bytes; /* AUDIENCE_SET_BYTES_MAX */
    size_t len;
    uint8_t count;
    uint8_t schemes; /* AUDIENCE_BIT of those that have a value */
};

void audience_writer_init(struct audience_writer *w,
                          uint8_t bytes[static AUDIENCE_SET_BYTES_MAX]);
/* False: too long, empty, or no room; nothing was added. */
bool audience_writer_add(struct audience_writer *w, const struct audience_value *value);
/* Pads; the length of the whole. */
size_t audience_writer_end(struct audience_writer *w);

/* Values borrow from `bytes`. Schemes and fields of a later version come back as
 * they are, to be passed over. DL_E_CORRUPT. */
DL_MUST_CHECK enum dl_err audience_set_decode(const uint8_t *bytes, size_t len,
                                              struct audience_set *ret);

/* "uid2", "google", ... 0 and NULL: unknown. */
uint8_t audience_scheme_from_name(const char *name, size_t len);
const char *audience_scheme_name(uint8_t scheme);
/* "uid2, google": at most AUDIENCE_NAMES_BYTES with the NUL; "none" for 0. */
#define AUDIENCE_NAMES_BYTES 64
void audience_schemes_text(uint8_t bits, char ret[static AUDIENCE_NAMES_BYTES]);

#endif
