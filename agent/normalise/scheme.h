/* scheme.h - what advertising platforms prescribe before they compare hashes.
 *
 * Each platform has rules of its own that cannot be derived from another's, and
 * none of them is ours (normalise.h): a value hashed by the wrong rule matches
 * nobody. Where a vendor's page and its library differ, the library is followed.
 * No platform wants Unicode normalised, so none is. Plain personal data in and
 * out, as in normalise.h: the caller wipes. A plain SHA-256 is no pseudonym at
 * all; it may leave this module sealed to the custodian only.
 */
#ifndef DUNLIN_NORMALISE_SCHEME_H
#define DUNLIN_NORMALISE_SCHEME_H

#include "agent/normalise/normalise.h"

#include <stdbool.h>

enum scheme {
    SCHEME_NONE,
    SCHEME_UID2,
    SCHEME_GOOGLE,
    SCHEME_META,
    SCHEME_TIKTOK,
    SCHEME_SNAP,
    SCHEME_COUNT,
};

enum scheme_field {
    SCHEME_FIELD_NONE,
    SCHEME_EMAIL,
    SCHEME_PHONE,
    SCHEME_PHONE_AS_IS,   /* uid2: already E.164, or refused */
    SCHEME_PHONE_NO_PLUS, /* tiktok takes it without the + too */
    SCHEME_GIVEN_NAME,
    SCHEME_SURNAME,
    SCHEME_NAME, /* either */
    SCHEME_DATE_OF_BIRTH,
    SCHEME_SEX,
    SCHEME_CITY,
    SCHEME_STATE,
    SCHEME_POSTCODE,
    SCHEME_COUNTRY,
    SCHEME_EXTERNAL_ID,
    SCHEME_DEVICE_ID,
    SCHEME_FIELD_COUNT,
};

#define SCHEME_HASH_TEXT_BYTES 65 /* 64 of hex or 44 of base64, and NUL */

/* "uid2", ... SCHEME_NONE: not offered. */
enum scheme scheme_from_name(const char *name);
const char *scheme_name(enum scheme scheme);

/* Our names (given_name) and the platforms' (first_name); SCHEME_FIELD_NONE: unknown. */
enum scheme_field scheme_field_from_name(const char *name);

/* NORMALISE_NO_FORM: the platform has no such identifier. */
enum normalise_reason scheme_form(enum scheme scheme, enum scheme_field field,
                                  const struct normalise_site *site, const char *value,
                                  size_t len, char *out, size_t cap, size_t *ret_len);

/* The platform compares this one in clear text, and would not know its SHA-256. */
bool scheme_wants_clear(enum scheme scheme, enum scheme_field field);

/* SHA-256 of a form: it is no pseudonym, and the caller wipes it. */
#define SCHEME_DIGEST_BYTES 32
void scheme_digest(const char *form, size_t len, uint8_t ret[static SCHEME_DIGEST_BYTES]);

/* SHA-256 of a form as the platform writes it: base64 for uid2, else lower hex. */
void scheme_hash(enum scheme scheme, const char *form, size_t len,
                 char ret[static SCHEME_HASH_TEXT_BYTES]);

#endif
