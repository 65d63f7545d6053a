/* enrol.h - how a name becomes a device: announced, redeemed once, renewed.
 *
 * The custodian announces a device and gets a secret for its bundle; the device
 * redeems it, once and in time, for its first certificate; later it renews over
 * the one it has. Each is one transaction with its line in the audit log,
 * refusals too. The secret is kept hashed.
 */
#ifndef DUNLIN_HUB_ENROL_H
#define DUNLIN_HUB_ENROL_H

#include "crypto/group.h"
#include "crypto/pki.h"
#include "hub/hub.h"
#include "hub/tls.h"
#include "platform/err.h"

#include <stdbool.h>
#include <stdint.h>

#define ENROL_SECRET_BYTES 32
#define ENROL_SECRET_CHARS 43 /* base64url without padding */

enum enrol_result {
    ENROL_OK,
    ENROL_EXISTS,     /* announce: the name is in use, and `replace` was not said */
    ENROL_EPOCH_USED, /* announce: the hub has this epoch or a later one of the device */
    ENROL_NO_SHARE,   /* announce: no hub.share was imported */
    ENROL_BAD_SCALAR, /* announce: delta_inverse is no scalar */
    ENROL_REFUSED,    /* redeem: no such device or another secret; nobody learns which */
    ENROL_USED,       /* redeem: the secret is right, and was used before */
    ENROL_EXPIRED,    /* redeem */
    ENROL_BAD_CSR,    /* redeem, renew: no request with a P-256 key; nothing is spent */
    ENROL_FAILED,     /* see *ret_err */
};

struct enrol_order {
    const char *device; /* pki_name_ok */
    uint16_t epoch;
    uint8_t delta_inverse[GROUP_SCALAR_BYTES];
    bool replace;
    int64_t life_ms; /* of the secret */
    const char *who;
};

/* The caller wipes the secret. `ret_newest`: at ENROL_EPOCH_USED, the hub's. */
enum enrol_result enrol_announce(struct hub *hub, const struct enrol_order *order,
                                 int64_t now_ms, char ret_secret[static ENROL_SECRET_CHARS + 1],
                                 int64_t *ret_expires_ms, uint16_t *ret_newest,
                                 enum dl_err *ret_err);

struct enrol_certificate {
    struct pki_pem pem;
    int64_t not_after_ms;
};

enum enrol_result enrol_redeem(struct hub *hub, const struct tls_ca *ca, const char *device,
                               const char *secret, const char *csr_pem, int64_t life_ms,
                               int64_t now_ms, struct enrol_certificate *ret,
                               enum dl_err *ret_err);

/* For a device whose certificate was just checked. */
enum enrol_result enrol_renew(struct hub *hub, const struct tls_ca *ca,
                              const struct store_device *device, const char *csr_pem,
                              int64_t life_ms, int64_t now_ms, struct enrol_certificate *ret,
                              enum dl_err *ret_err);

#endif
