/* tls.h - the hub's certificate authority and its own certificate, as files.
 *
 * DIR/ca.pem and ca.key are made once by init. DIR/server.pem and server.key
 * carry the name devices use; serve makes new ones when fewer than 60 days are
 * left or when a name or address was added, so nobody has to remember. Devices
 * trust the CA alone and notice nothing.
 */
#ifndef DUNLIN_HUB_TLS_H
#define DUNLIN_HUB_TLS_H

#include "crypto/pki.h"
#include "hub/address.h"
#include "platform/err.h"

#include <stdbool.h>
#include <stdint.h>

#define TLS_RENEW_BEFORE_MS ((int64_t)60 * 24 * 3600 * 1000)

/* The CA that signs devices; the caller wipes it. */
struct tls_ca {
    struct pki_pem cert, key;
};

/* CN = "NAME hub CA". DL_E_INPUT: not a name. DL_E_EXISTS. */
DL_MUST_CHECK enum dl_err tls_ca_create(const char *dir, const char *name, int64_t now_ms,
                                        struct tls_ca *ret);
DL_MUST_CHECK enum dl_err tls_ca_load(const char *dir, struct tls_ca *ret, struct dl_why *why);

/* New key and certificate for the hub's name and, where they are addresses of
 * its own, what it listens on. DL_E_INPUT: `name` is no DNS name. */
DL_MUST_CHECK enum dl_err tls_server_make(const char *dir, const struct tls_ca *ca,
                                          const char *name, const struct address *listen,
                                          int64_t now_ms);

/* The same, if it is time. DL_E_CORRUPT: the files there are no certificate and key. */
DL_MUST_CHECK enum dl_err tls_server_renew(const char *dir, const struct tls_ca *ca,
                                           const char *name, const struct address *listen,
                                           int64_t now_ms, bool *ret_renewed,
                                           struct dl_why *why);

#endif
