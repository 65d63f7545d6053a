/* phone_read.h - from the way a telephone number is written to its digits, by the
 * rules of libphonenumber.
 *
 * Digits of every script count, and so do the full-width forms; gaps, dashes, dots,
 * slashes and brackets fall away wherever they stand. Three letters or more are the
 * keys they stand on (E.161). The parameters of RFC 3966 are understood, and an
 * extension is left out. Any thread.
 *
 * What libphonenumber passes over in silence is named in `doubt`: the number is read,
 * but it may be another person's. A desk behind a switchboard is not the next desk, and
 * a letter among digits may be a digit mistyped.
 */
#ifndef DUNLIN_PHONE_READ_H
#define DUNLIN_PHONE_READ_H

#include "agent/normalise/normalise.h"

#include <stdbool.h>

#define PHONE_DIGITS_MAX     40  /* prefix, code, carrier and the longest national number */
#define PHONE_CODEPOINTS_MAX 250 /* of the number as written */

struct phone_text {
    char digits[PHONE_DIGITS_MAX]; /* '0' to '9' */
    size_t len;
    bool plus; /* written with a + */
    enum normalise_reason doubt;
};

/* Unless NORMALISE_OK is answered, *ret holds pieces of the number: wipe it. */
enum normalise_reason phone_read(const char *text, size_t len, struct phone_text *ret);

#endif
