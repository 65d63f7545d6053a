/* enrolment.h - who this device is: DIR/enrolment.json.
 *
 * Written last when a device enrols, so that a folder with this file is whole.
 * Public facts only; keys lie in files of their own (crypto/).
 */
#ifndef DUNLIN_ENROLMENT_H
#define DUNLIN_ENROLMENT_H

#include "crypto/bundle.h"
#include "platform/clock.h"
#include "platform/err.h"

#include <stdbool.h>
#include <stdint.h>

#define ENROLMENT_FILE       "enrolment.json"
#define ENROLMENT_MARK_BYTES 16

/* Names of a device's other files. */
#define ENROLMENT_TOKEN_KEY "token.key"
#define ENROLMENT_ID_KEY    "id.key"
#define ENROLMENT_API_KEY   "api.key"
#define ENROLMENT_TLS_KEY   "device.key"
#define ENROLMENT_TLS_CERT  "device.crt"
#define ENROLMENT_HUB_CA    "hub-ca.pem"
#define ENROLMENT_OUTBOX    "outbox.db"

struct enrolment {
    char device[PKI_NAME_BYTES_MAX + 1];
    char hub_url[BUNDLE_URL_BYTES];
    uint8_t seal_public[SEAL_PUBLIC_BYTES];
    uint8_t sign_public[SIGN_PUBLIC_BYTES];
    bool has_audience; /* the custodian's key, which its bundle brought */
    uint8_t audience_public[AUDIENCE_PUBLIC_BYTES];
    uint16_t epoch;
    char enrolled_at[CLOCK_TEXT_BYTES];
    uint8_t machine[ENROLMENT_MARK_BYTES]; /* file_machine_mark where it enrolled */
};

/* DL_E_NOT_FOUND: the folder is not enrolled. DL_E_CORRUPT. `why` may be NULL. */
DL_MUST_CHECK enum dl_err enrolment_load(struct enrolment *ret, const char *dir,
                                         struct dl_why *why);
/* Atomic and durable. */
DL_MUST_CHECK enum dl_err enrolment_save(const struct enrolment *e, const char *dir);

/* The fingerprint of the audience key, in hex; "" where there is none. */
#define ENROLMENT_FINGERPRINT_BYTES (2 * AUDIENCE_KEY_ID_BYTES + 1)
void enrolment_fingerprint(const struct enrolment *e,
                           char ret[static ENROLMENT_FINGERPRINT_BYTES]);

/* True when the folder now lies on another machine than where it enrolled;
 * false where either machine has no mark. */
bool enrolment_is_cloned(const struct enrolment *e);

#endif
