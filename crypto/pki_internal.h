/* pki_internal.h - what the files of pki.h share; for them and their tests alone. */
#ifndef DUNLIN_PKI_INTERNAL_H
#define DUNLIN_PKI_INTERNAL_H

#include "crypto/pki.h"

#include <mbedtls/pk.h>
#include <mbedtls/x509.h>
#include <stddef.h>
#include <stdint.h>

#define PKI_TIME_CHARS 14 /* YYYYMMDDhhmmss */

/* Random bytes as Mbed TLS asks for them. */
int pki_random(void *ctx, unsigned char *ret, size_t len);

/* DL_E_NOMEM, or DL_E_INPUT for everything else that Mbed TLS may say. */
enum dl_err pki_err(int mbedtls_rc);

DL_MUST_CHECK enum dl_err pki_key_parse(mbedtls_pk_context *ret, const struct pki_pem *key);
bool pki_key_is_p256(const mbedtls_pk_context *key);

/* Times before 1970 become 1970; DL_E_INPUT: past the year 9999. */
DL_MUST_CHECK enum dl_err pki_time_format(int64_t ms, char ret[static PKI_TIME_CHARS + 1]);
int64_t pki_time_ms(const mbedtls_x509_time *t);

/* Checks a request and its own signature and takes its public key, which the
 * caller mbedtls_pk_free()s. */
DL_MUST_CHECK enum dl_err pki_csr_open(mbedtls_pk_context *ret_key, const char *csr_pem);

#endif
