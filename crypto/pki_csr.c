#include "crypto/pki.h"
#include "crypto/pki_internal.h"

#include <mbedtls/asn1.h>
#include <mbedtls/oid.h>
#include <mbedtls/sha256.h>
#include <mbedtls/x509_csr.h>
#include <stdio.h>
#include <string.h>

#define SUBJECT_BYTES (PKI_NAME_BYTES_MAX + 4)

enum dl_err pki_csr_make(const struct pki_pem *key, const char *device, struct pki_pem *ret_csr)
{
    if (!pki_name_ok(device))
        return DL_E_INPUT;
    char subject[SUBJECT_BYTES];
    snprintf(subject, sizeof subject, "CN=%s", device);
    mbedtls_pk_context pk;
    mbedtls_x509write_csr csr;
    mbedtls_pk_init(&pk);
    mbedtls_x509write_csr_init(&csr);
    enum dl_err err = pki_key_parse(&pk, key);
    if (err)
        goto done;
    mbedtls_x509write_csr_set_md_alg(&csr, MBEDTLS_MD_SHA256);
    mbedtls_x509write_csr_set_key(&csr, &pk);
    err = pki_err(mbedtls_x509write_csr_set_subject_name(&csr, subject));
    if (err)
        goto done;
    err = pki_err(mbedtls_x509write_csr_pem(&csr, (unsigned char *)ret_csr->text,
                                            sizeof ret_csr->text, pki_random, NULL));
done:
    mbedtls_x509write_csr_free(&csr);
    mbedtls_pk_free(&pk);
    return err;
}

/* Mbed TLS parses a request without checking that the sender holds the key
 * (RFC 2986 section 4): AlgorithmIdentifier and BIT STRING follow the part that
 * is signed. */
static bool signature_holds(mbedtls_x509_csr *csr)
{
    unsigned char *at = csr->cri.p + csr->cri.len;
    const unsigned char *end = csr->raw.p + csr->raw.len;
    mbedtls_asn1_buf alg, params;
    size_t sig_len = 0;
    uint8_t hash[32];
    if (mbedtls_asn1_get_alg(&at, end, &alg, &params) != 0 ||
        MBEDTLS_OID_CMP(MBEDTLS_OID_ECDSA_SHA256, &alg) != 0 ||
        mbedtls_asn1_get_bitstring_null(&at, end, &sig_len) != 0 ||
        mbedtls_sha256(csr->cri.p, csr->cri.len, hash, 0) != 0)
        return false;
    return mbedtls_pk_verify(&csr->pk, MBEDTLS_MD_SHA256, hash, sizeof hash, at, sig_len) == 0;
}

enum dl_err pki_csr_open(mbedtls_pk_context *ret_key, const char *csr_pem)
{
    size_t len = strlen(csr_pem);
    if (len >= PKI_PEM_BYTES_MAX)
        return DL_E_INPUT;
    mbedtls_x509_csr csr;
    mbedtls_x509_csr_init(&csr);
    enum dl_err err =
        pki_err(mbedtls_x509_csr_parse(&csr, (const unsigned char *)csr_pem, len + 1));
    if (!err && (!pki_key_is_p256(&csr.pk) || !signature_holds(&csr)))
        err = DL_E_INPUT;
    if (!err) {
        *ret_key = csr.pk; /* the caller's now */
        mbedtls_pk_init(&csr.pk);
    }
    mbedtls_x509_csr_free(&csr);
    return err;
}
