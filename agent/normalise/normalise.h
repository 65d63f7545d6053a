/* normalise.h - one canonical form for each kind of identifier.
 *
 * Two spellings of one identifier must give one token, and two people never
 * the same: what is doubtful is refused, not guessed. The forms are versioned
 * (it travels with the token), because a token cannot be made again.
 *
 * Input and output are plain personal data: the caller provides the buffer and
 * wipes it. Nothing is allocated but by libidn2, for a domain name that is not
 * ASCII, and that is wiped. Any thread.
 */
#ifndef DUNLIN_NORMALISE_H
#define DUNLIN_NORMALISE_H

#include <stddef.h>
#include <stdint.h>

#define NORMALISE_VERSION        1
#define NORMALISE_BYTES_MAX      1024 /* of a canonical form */
#define NORMALISE_CODEPOINTS_MAX 1024 /* of an input, decomposed */

/* Why there is no canonical form. */
enum normalise_reason {
    NORMALISE_OK,
    NORMALISE_NO_FORM, /* no canonical form for this type in this version */
    NORMALISE_EMPTY,
    NORMALISE_TOO_LONG,
    NORMALISE_NOT_UTF8,
    NORMALISE_BAD_CHARACTER,  /* control, invisible, or not allowed in this type */
    NORMALISE_NO_AT,          /* e-mail: no @, or more than one */
    NORMALISE_BAD_LOCAL_PART, /* e-mail: before the @ */
    NORMALISE_BAD_DOMAIN,     /* e-mail: after the @ */
    NORMALISE_NO_REGION,      /* phone: a national number, and no region is set */
    NORMALISE_BAD_COUNTRY,    /* phone: no such country code, or region not in the table */
    NORMALISE_BAD_LENGTH,     /* phone: too short or too long for its country, or for E.164 */
    NORMALISE_NO_AREA,        /* phone: can only be dialled within an area */
    NORMALISE_BAD_NUMBER,     /* phone: none of its country, or one that reads two ways */
    NORMALISE_PLACEHOLDER,    /* an id of nothing but zeros: nobody */
    NORMALISE_CARD_NUMBER,    /* a payment_ref that is a card number */
    NORMALISE_REASON_COUNT,
};

/* "bad_local_part": a stable word for the command line and tests. */
const char *normalise_reason_name(enum normalise_reason reason);

/* Brings `value` (UTF-8) of type enum token_type to its form in out[0..cap), no
 * NUL after it. `region` is ISO 3166 or "", for national phone numbers. Unless
 * NORMALISE_OK is answered, `out` may hold pieces of the value all the same. */
enum normalise_reason normalise(uint8_t type, const char *value, size_t len, const char *region,
                                char *out, size_t cap, size_t *ret_len);

#endif
