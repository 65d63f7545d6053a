/* enrol.h - one device's new key: drawn here, told to the hub, put in a bundle.
 *
 * Draws delta, writes the epoch into the keyring, gives the hub delta^-1, and
 * fills a bundle with a_d and what the hub answered. delta itself is never seen
 * outside custodian.c. The hub stands behind sync/uplink.h.
 */
#ifndef DUNLIN_ENROL_H
#define DUNLIN_ENROL_H

#include "crypto/bundle.h"
#include "keys/keyring.h"
#include "platform/err.h"
#include "sync/uplink.h"

#include <stdbool.h>

struct enrol_order {
    const char *device;
    const char *hub_url;
    const struct pki_pem *hub_ca;
    const char *admin_token;
    const uint8_t *audience_public; /* AUDIENCE_PUBLIC_BYTES; NULL: none for the device */
    bool replace;                   /* the hub may have an active device of this name */
};

/* On DL_OK the caller owns *ret. The keyring file has the new epoch from before
 * the hub was asked; it is confirmed there after the hub's yes.
 * DL_E_EXISTS: the hub has an active device of this name.  DL_E_AUTH: it does
 * not take the token.  DL_E_NET: it was not reached.  DL_E_REJECTED: it will
 * not, as things are. `why` tells what to do. */
DL_MUST_CHECK enum dl_err enrol_device(struct keyring *kr, const char *keyring_path,
                                       const struct custodian_share *share, struct uplink *up,
                                       const struct enrol_order *order, struct bundle **ret,
                                       struct dl_why *why);

#endif
