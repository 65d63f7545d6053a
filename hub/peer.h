/* peer.h - whose certificate stands behind a TLS connection.
 *
 * The hub asks every client for a certificate and makes do without one. What was
 * shown is checked at a connection's first request: the chain up to our CA and the
 * purpose (client authentication); the dates at every one. Whether the device is
 * known and not revoked is the store's to say, each time.
 */
#ifndef DUNLIN_HUB_PEER_H
#define DUNLIN_HUB_PEER_H

#include "crypto/pki.h"
#include "platform/err.h"

#include <microhttpd.h>

/* For MHD_OPTION_NOTIFY_CONNECTION: keeps what a connection's certificate said. */
void peer_connection(void *ctx, struct MHD_Connection *conn, void **per_connection,
                     enum MHD_ConnectionNotificationCode code);

/* DL_E_NOT_FOUND: no certificate was shown. DL_E_AUTH: not one of ours, not a
 * device's, or outside its dates. */
DL_MUST_CHECK enum dl_err peer_check(struct MHD_Connection *conn, struct pki_info *ret);

/* The client's address as 16 bytes, IPv4 mapped and IPv6 cut to its /64, which
 * is what one household or shop has. Zeros when unknown. */
void peer_address(struct MHD_Connection *conn, uint8_t ret[static 16]);

#endif
