#include "crypto/pki.h"

#include "crypto/pki_internal.h"
#include "platform/random.h"

#include <mbedtls/asn1.h>
#include <mbedtls/bignum.h>
#include <mbedtls/ecp.h>
#include <mbedtls/oid.h>
#include <mbedtls/pem.h>
#include <mbedtls/x509_crt.h>
#include <stdio.h>
#include <string.h>

int pki_random(void *ctx, unsigned char *ret, size_t len)
{
    (void)ctx;
    random_bytes(ret, len);
    return 0;
}

enum dl_err pki_err(int mbedtls_rc)
{
    if (mbedtls_rc == 0)
        return DL_OK;
    /* An error is the sum of a module's code and that of what it stood on. */
    int low = -(-mbedtls_rc & 0x7f), high = -(-mbedtls_rc & 0xff80);
    bool no_memory =
        low == MBEDTLS_ERR_ASN1_ALLOC_FAILED || low == MBEDTLS_ERR_MPI_ALLOC_FAILED ||
        high == MBEDTLS_ERR_X509_ALLOC_FAILED || high == MBEDTLS_ERR_PK_ALLOC_FAILED ||
        high == MBEDTLS_ERR_ECP_ALLOC_FAILED || high == MBEDTLS_ERR_PEM_ALLOC_FAILED;
    return no_memory ? DL_E_NOMEM : DL_E_INPUT;
}

bool pki_name_ok(const char *name)
{
    size_t len = strlen(name);
    return len >= 1 && len <= PKI_NAME_BYTES_MAX && strchr("._-", name[0]) == NULL &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

void pki_device_host(const char *device, char ret[static PKI_DEVICE_HOST_BYTES])
{
    snprintf(ret, PKI_DEVICE_HOST_BYTES, "%s" PKI_DEVICE_HOST_SUFFIX, device);
}

enum dl_err pki_key_make(struct pki_pem *ret_key)
{
    mbedtls_pk_context pk;
    mbedtls_pk_init(&pk);
    int rc = mbedtls_pk_setup(&pk, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
    if (rc == 0)
        rc = mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(pk), pki_random, NULL);
    if (rc == 0)
        rc =
            mbedtls_pk_write_key_pem(&pk, (unsigned char *)ret_key->text, sizeof ret_key->text);
    mbedtls_pk_free(&pk);
    return pki_err(rc);
}

enum dl_err pki_key_parse(mbedtls_pk_context *ret, const struct pki_pem *key)
{
    size_t len = strnlen(key->text, sizeof key->text);
    if (len == sizeof key->text)
        return DL_E_INPUT;
    return pki_err(mbedtls_pk_parse_key(ret, (const unsigned char *)key->text, len + 1, NULL, 0,
                                        pki_random, NULL));
}

bool pki_key_is_p256(const mbedtls_pk_context *key)
{
    return mbedtls_pk_get_type(key) == MBEDTLS_PK_ECKEY &&
           mbedtls_ecp_keypair_get_group_id(mbedtls_pk_ec(*key)) == MBEDTLS_ECP_DP_SECP256R1;
}

/* The one CN of a subject, which has to fit and hold no NUL. */
static enum dl_err common_name_of(const mbedtls_x509_name *subject, char *ret, size_t cap)
{
    for (const mbedtls_x509_name *n = subject; n; n = n->next) {
        if (MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &n->oid) != 0)
            continue;
        if (n->val.len >= cap || memchr(n->val.p, 0, n->val.len))
            return DL_E_CORRUPT;
        memcpy(ret, n->val.p, n->val.len);
        ret[n->val.len] = 0;
        return DL_OK;
    }
    return DL_E_CORRUPT;
}

static enum dl_err info_of(const mbedtls_x509_crt *cert, struct pki_info *ret)
{
    struct pki_info info = {.not_before_ms = pki_time_ms(&cert->valid_from),
                            .not_after_ms = pki_time_ms(&cert->valid_to)};
    if (cert->serial.len > PKI_SERIAL_BYTES)
        return DL_E_CORRUPT;
    memcpy(info.serial + PKI_SERIAL_BYTES - cert->serial.len, cert->serial.p, cert->serial.len);
    enum dl_err err = common_name_of(&cert->subject, info.common_name, sizeof info.common_name);
    if (!err)
        *ret = info;
    return err;
}

static enum dl_err info_or_err(const mbedtls_x509_crt *cert, int rc, struct pki_info *ret)
{
    enum dl_err err = rc > 0 ? DL_E_INPUT : pki_err(rc); /* > 0: some of a chain failed */
    if (!err)
        err = info_of(cert, ret);
    return err == DL_E_INPUT ? DL_E_CORRUPT : err;
}

enum dl_err pki_cert_info(const char *cert_pem, struct pki_info *ret)
{
    mbedtls_x509_crt cert;
    mbedtls_x509_crt_init(&cert);
    int rc =
        mbedtls_x509_crt_parse(&cert, (const unsigned char *)cert_pem, strlen(cert_pem) + 1);
    enum dl_err err = info_or_err(&cert, rc, ret);
    mbedtls_x509_crt_free(&cert);
    return err;
}

enum dl_err pki_cert_info_der(const uint8_t *der, size_t der_len, struct pki_info *ret)
{
    mbedtls_x509_crt cert;
    mbedtls_x509_crt_init(&cert);
    int rc = mbedtls_x509_crt_parse_der(&cert, der, der_len);
    enum dl_err err = info_or_err(&cert, rc, ret);
    mbedtls_x509_crt_free(&cert);
    return err;
}

bool pki_key_fits(const struct pki_pem *key, const char *cert_pem)
{
    mbedtls_pk_context pk;
    mbedtls_x509_crt cert;
    mbedtls_pk_init(&pk);
    mbedtls_x509_crt_init(&cert);
    bool fits = pki_key_parse(&pk, key) == DL_OK &&
                mbedtls_x509_crt_parse(&cert, (const unsigned char *)cert_pem,
                                       strlen(cert_pem) + 1) == 0 &&
                mbedtls_pk_check_pair(&cert.pk, &pk, pki_random, NULL) == 0;
    mbedtls_x509_crt_free(&cert);
    mbedtls_pk_free(&pk);
    return fits;
}

int64_t pki_renew_ms(const struct pki_info *info)
{
    return info->not_before_ms + (info->not_after_ms - info->not_before_ms) / 3 * 2;
}
