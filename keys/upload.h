/* upload.h - a row of what each platform takes in an upload file.
 *
 * google  Customer Match, a CSV in UTF-8 with the headers Email, Phone, First Name,
 *         Last Name, Country, Zip; all but the last two hashed, in hex. An address
 *         counts only with all four of its columns.
 *         support.google.com/google-ads/answer/7659867 and 7476159
 * meta    customer list for a custom audience, a CSV with the headers email, phone,
 *         fn, ln, zip, ct, country, dob, gen; all hashed, in hex.
 *         facebook.com/business/help/2082575038703844
 * uid2    what goes into email_hash or phone_hash of POST /identity/map: base64 of
 *         the digest's bytes, a line each, one of the two kinds a file.
 *         github.com/IABTechLab/uid2docs, docs/endpoints/post-identity-map.md
 *
 * Rows are as good as plain personal data: the caller wipes them.
 */
#ifndef DUNLIN_KEYS_UPLOAD_H
#define DUNLIN_KEYS_UPLOAD_H

#include "sync/audience_set.h"

#include <stdbool.h>
#include <stddef.h>

#define UPLOAD_ROW_BYTES 1024

enum upload { UPLOAD_GOOGLE, UPLOAD_META, UPLOAD_UID2_EMAIL, UPLOAD_UID2_PHONE };

/* False: no such platform; `field` is "email" or "phone". */
bool upload_from_name(const char *name, const char *field, enum upload *ret);

/* The first line with its end; "" where the platform wants none. */
const char *upload_header(enum upload upload);

/* The set's row with its end. False: it has nothing for this platform. */
bool upload_row(enum upload upload, const struct audience_set *set,
                char ret[static UPLOAD_ROW_BYTES], size_t *ret_len);

#endif
