/* export_audience.h - sealed sets in, a platform's upload file out.
 *
 * The one place where what devices sealed for the custodian is opened. A set that
 * cannot be opened is counted and passed over. One thread.
 */
#ifndef DUNLIN_KEYS_EXPORT_AUDIENCE_H
#define DUNLIN_KEYS_EXPORT_AUDIENCE_H

#include "crypto/custodian.h"
#include "keys/audience_file.h"
#include "keys/keyring.h"
#include "keys/upload.h"
#include "platform/err.h"

#include <stdint.h>
#include <stdio.h>

struct export_counts {
    uint64_t sets;      /* that the file has */
    uint64_t other_key; /* sealed to a key that is not in the keyring */
    uint64_t damaged;   /* altered, or not such a set */
    uint64_t nothing;   /* opened, without a value for this platform */
    uint64_t repeats;   /* the same row again */
    uint64_t rows;      /* written */
};

/* Reads `in` to its end. DL_E_CORRUPT: not an audience, or cut off; `why` names the
 * line. DL_E_AUTH: there are sets, and the keyring opens none. DL_E_IO. */
DL_MUST_CHECK enum dl_err export_audience(const struct keyring *kr,
                                          const struct custodian_share *share,
                                          enum upload upload, FILE *in, FILE *out,
                                          struct audience_head *ret_head,
                                          struct export_counts *ret, struct dl_why *why);

#endif
