/* pki.h - the hub's own certificate authority and the device's certificate.
 *
 * ECDSA P-256 with SHA-256, X.509 v3 by Mbed TLS (RFC 5280). The CA lives ten
 * years with pathlen 0; the hub's server certificate two years with its DNS
 * names and addresses, for server authentication; a device's 30 days, CN =
 * device name, for client authentication, and for server authentication under a
 * host name that only other devices ask for. Serials are 16 random bytes.
 * CA and server certificates are valid from a day before they were made and a
 * device's from five minutes before, since clocks differ; nothing outlives the
 * CA that signed it. Everything is PEM text, NUL-terminated, times are Unix
 * milliseconds. Safe from any thread.
 */
#ifndef DUNLIN_PKI_H
#define DUNLIN_PKI_H

#include "platform/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PKI_PEM_BYTES_MAX  4096
#define PKI_SERIAL_BYTES   16
#define PKI_NAME_BYTES_MAX 64
#define PKI_NAMES_MAX      16
#define PKI_DEVICE_DAYS    30
#define PKI_SERVER_DAYS    730
#define PKI_CA_DAYS        3650

struct pki_pem {
    char text[PKI_PEM_BYTES_MAX];
};

/* Draws a P-256 key; SEC1 PEM. The caller wipes it. */
DL_MUST_CHECK enum dl_err pki_key_make(struct pki_pem *ret_key);

/* A self-signed CA, CN = `name`: 1 to PKI_NAME_BYTES_MAX of letters, digits,
 * space . _ : - ; DL_E_INPUT otherwise. */
DL_MUST_CHECK enum dl_err pki_ca_make(const char *name, const struct pki_pem *key,
                                      int64_t now_ms, struct pki_pem *ret_cert);

/* The hub's certificate for 1 to PKI_NAMES_MAX DNS names and literal addresses.
 * DL_E_INPUT: one is neither. */
DL_MUST_CHECK enum dl_err pki_server_make(const struct pki_pem *ca_cert,
                                          const struct pki_pem *ca_key,
                                          const struct pki_pem *key, const char *const *names,
                                          size_t name_count, int64_t now_ms,
                                          struct pki_pem *ret_cert);

/* Device: a signing request for its key. */
DL_MUST_CHECK enum dl_err pki_csr_make(const struct pki_pem *key, const char *device,
                                       struct pki_pem *ret_csr);

/* Hub: checks the request's own signature, takes nothing but its public key,
 * and issues a certificate whose CN is `device`, whatever the request says.
 * DL_E_INPUT: not a request, bad signature, not P-256, or the CA has expired. */
DL_MUST_CHECK enum dl_err pki_device_issue(const struct pki_pem *ca_cert,
                                           const struct pki_pem *ca_key, const char *csr_pem,
                                           const char *device, int64_t now_ms,
                                           int64_t lifetime_ms, struct pki_pem *ret_cert,
                                           uint8_t ret_serial[static PKI_SERIAL_BYTES]);

struct pki_info {
    char common_name[PKI_NAME_BYTES_MAX + 1];
    int64_t not_before_ms, not_after_ms;
    uint8_t serial[PKI_SERIAL_BYTES];
};
/* Of the first certificate in the text. DL_E_CORRUPT: not a certificate, or not
 * one that this module would make. */
DL_MUST_CHECK enum dl_err pki_cert_info(const char *cert_pem, struct pki_info *ret);
/* The same from DER, as TLS hands a peer's certificate over. */
DL_MUST_CHECK enum dl_err pki_cert_info_der(const uint8_t *der, size_t der_len,
                                            struct pki_info *ret);
/* True when key and certificate belong together. */
bool pki_key_fits(const struct pki_pem *key, const char *cert_pem);

/* When a device renews: at two thirds of the certificate's life. */
int64_t pki_renew_ms(const struct pki_info *info);

/* The host name of a device's certificate, which no resolver knows (RFC 6761 section
 * 6.4): what another device asks for when it connects. */
#define PKI_DEVICE_HOST_SUFFIX ".device.invalid"
#define PKI_DEVICE_HOST_BYTES  (PKI_NAME_BYTES_MAX + sizeof PKI_DEVICE_HOST_SUFFIX)
void pki_device_host(const char *device, char ret[static PKI_DEVICE_HOST_BYTES]);

/* Device names: 1 to 64 of a-z 0-9 . _ - , beginning with a letter or digit. */
bool pki_name_ok(const char *name);

#endif
