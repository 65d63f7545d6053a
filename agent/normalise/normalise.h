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
    NORMALISE_EXTENSION,      /* phone: of a switchboard, and a desk behind it */
    NORMALISE_PLACEHOLDER,    /* an id of nothing but zeros: nobody */
    NORMALISE_CARD_NUMBER,    /* a payment_ref that is a card number */
    NORMALISE_BAD_DATE,       /* birth date: no such day, or not written as a date */
    NORMALISE_AMBIGUOUS_DATE, /* birth date: which is the month? see privacy.date_order */
    NORMALISE_FUTURE_DATE,
    NORMALISE_BAD_FORMAT,      /* not written as this type is */
    NORMALISE_BAD_CHECK_DIGIT, /* national_id: the check digit is wrong */
    NORMALISE_REASON_COUNT,
};

/* What is only ever tokenised together with another (agent/recipes): these
 * numbers lie beyond crypto/token.h's types, so that token_make refuses them. */
enum normalise_field {
    NORMALISE_FIELD_FIRST = 160,
    NORMALISE_GIVEN_NAME = NORMALISE_FIELD_FIRST,
    NORMALISE_SURNAME,
    NORMALISE_DATE_OF_BIRTH,
    NORMALISE_POSTCODE,
    NORMALISE_STREET,
    NORMALISE_CITY,
    NORMALISE_COUNTRY,
    NORMALISE_SEX,
    NORMALISE_FIELD_END,
};

enum normalise_date_order {
    NORMALISE_DATE_AUTO, /* only where one reading is possible; dots mean day first */
    NORMALISE_DATE_DAY_FIRST,
    NORMALISE_DATE_MONTH_FIRST,
};

/* What the site or the event settles. Zeroes are the defaults. */
struct normalise_site {
    const char *region; /* ISO 3166, "" or NULL: none. For phone, postcode, national_id */
    enum normalise_date_order date_order;
};

/* The number of a token type or field by its name in the API; 0: unknown. */
uint8_t normalise_type_from_name(const char *name);
/* NULL: unknown. */
const char *normalise_type_name(uint8_t type);

/* "bad_local_part": a stable word for the command line and tests. */
const char *normalise_reason_name(enum normalise_reason reason);
/* The same in words for a person, with what to do where something can be done. */
const char *normalise_reason_text(enum normalise_reason reason);

/* Brings `value` (UTF-8) of type enum token_type or normalise_field to its form in
 * out[0..cap), no NUL after it. Unless NORMALISE_OK is answered, `out` may hold
 * pieces of the value all the same. The form of a form is itself. */
enum normalise_reason normalise_for(const struct normalise_site *site, uint8_t type,
                                    const char *value, size_t len, char *out, size_t cap,
                                    size_t *ret_len);

/* The same, but what is legible and yet may be another person's is read: a telephone
 * number with an extension is its switchboard's, letters are its keys. *ret_doubt is
 * why normalise_for refuses it, or NORMALISE_OK. For the eye; never for a token. */
enum normalise_reason normalise_legible(const struct normalise_site *site, uint8_t type,
                                        const char *value, size_t len, char *out, size_t cap,
                                        size_t *ret_len, enum normalise_reason *ret_doubt);

/* normalise_for, for a site that has a region alone. */
enum normalise_reason normalise(uint8_t type, const char *value, size_t len, const char *region,
                                char *out, size_t cap, size_t *ret_len);

/* Of a street's form: how many bytes are its name; the house number, if there is
 * one, begins one byte behind them and reaches to the end. */
size_t normalise_street_name_len(const char *form, size_t len);

#endif
