#include "crypto/pki.h"
#include "crypto/pki_internal.h"
#include "platform/random.h"

#include <mbedtls/oid.h>
#include <mbedtls/x509_crt.h>
#include <stdio.h>
#include <string.h>

#define DAY_MS             ((int64_t)24 * 60 * 60 * 1000)
#define BACKDATE_MS        DAY_MS
#define DEVICE_BACKDATE_MS ((int64_t)5 * 60 * 1000)
#define SUBJECT_BYTES      (PKI_NAME_BYTES_MAX + 4)
#define ISSUER_BYTES       256
#define DNS_NAME_BYTES_MAX 253

#define ALPHANUMERIC "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* The CA as it signs: its key, its name as issuer, and the end of its life. */
struct issuer {
    mbedtls_pk_context key;
    char name[ISSUER_BYTES];
    int64_t not_after_ms;
};

struct spec {
    const char *common_name;
    mbedtls_pk_context *key; /* of the subject; its public part */
    int64_t not_before_ms, not_after_ms;
    bool is_ca;
    unsigned usage;
    bool is_server, is_client;          /* extended key usage */
    const mbedtls_x509_san_list *names; /* NULL: none */
};

static enum dl_err issuer_init(struct issuer *ret, const struct pki_pem *cert,
                               const struct pki_pem *key)
{
    mbedtls_x509_crt crt;
    mbedtls_x509_crt_init(&crt);
    mbedtls_pk_init(&ret->key);
    enum dl_err err = pki_key_parse(&ret->key, key);
    if (err)
        goto done;
    err = DL_E_INPUT;
    size_t len = strnlen(cert->text, sizeof cert->text);
    if (len == sizeof cert->text)
        goto done;
    err = pki_err(mbedtls_x509_crt_parse(&crt, (const unsigned char *)cert->text, len + 1));
    if (err)
        goto done;
    if (mbedtls_x509_dn_gets(ret->name, sizeof ret->name, &crt.subject) < 0)
        err = DL_E_INPUT;
    ret->not_after_ms = pki_time_ms(&crt.valid_to);
done:
    mbedtls_x509_crt_free(&crt);
    return err;
}

static void issuer_done(struct issuer *ca)
{
    mbedtls_pk_free(&ca->key);
}

/* Positive, and 16 bytes long whatever is drawn: RFC 5280 section 4.1.2.2. */
static void draw_serial(uint8_t ret[static PKI_SERIAL_BYTES])
{
    random_bytes(ret, PKI_SERIAL_BYTES);
    ret[0] = (uint8_t)((ret[0] & 0x7f) | 0x40);
}

static enum dl_err set_validity(mbedtls_x509write_cert *crt, const struct spec *spec,
                                const struct issuer *ca)
{
    char from[PKI_TIME_CHARS + 1], to[PKI_TIME_CHARS + 1];
    int64_t not_after_ms =
        spec->not_after_ms < ca->not_after_ms ? spec->not_after_ms : ca->not_after_ms;
    if (not_after_ms <= spec->not_before_ms)
        return DL_E_INPUT;
    enum dl_err err = pki_time_format(spec->not_before_ms, from);
    if (!err)
        err = pki_time_format(not_after_ms, to);
    return err ? err : pki_err(mbedtls_x509write_crt_set_validity(crt, from, to));
}

static enum dl_err set_names(mbedtls_x509write_cert *crt, const struct spec *spec,
                             const struct issuer *ca)
{
    char subject[SUBJECT_BYTES];
    snprintf(subject, sizeof subject, "CN=%s", spec->common_name);
    int rc = mbedtls_x509write_crt_set_subject_name(crt, subject);
    if (rc == 0)
        rc = mbedtls_x509write_crt_set_issuer_name(crt, ca->name);
    if (rc == 0 && spec->names)
        rc = mbedtls_x509write_crt_set_subject_alternative_name(crt, spec->names);
    return pki_err(rc);
}

static int set_extended_usage(mbedtls_x509write_cert *crt, const struct spec *spec)
{
    mbedtls_asn1_sequence server = {.buf = {.tag = MBEDTLS_ASN1_OID,
                                            .len = MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH),
                                            .p = (unsigned char *)MBEDTLS_OID_SERVER_AUTH}};
    mbedtls_asn1_sequence client = {.buf = {.tag = MBEDTLS_ASN1_OID,
                                            .len = MBEDTLS_OID_SIZE(MBEDTLS_OID_CLIENT_AUTH),
                                            .p = (unsigned char *)MBEDTLS_OID_CLIENT_AUTH},
                                    .next = spec->is_server ? &server : NULL};
    if (!spec->is_server && !spec->is_client)
        return 0;
    return mbedtls_x509write_crt_set_ext_key_usage(crt, spec->is_client ? &client : &server);
}

static enum dl_err set_usage(mbedtls_x509write_cert *crt, const struct spec *spec)
{
    int rc =
        mbedtls_x509write_crt_set_basic_constraints(crt, spec->is_ca, spec->is_ca ? 0 : -1);
    if (rc == 0)
        rc = mbedtls_x509write_crt_set_key_usage(crt, spec->usage);
    if (rc == 0)
        rc = set_extended_usage(crt, spec);
    if (rc == 0)
        rc = mbedtls_x509write_crt_set_subject_key_identifier(crt);
    if (rc == 0)
        rc = mbedtls_x509write_crt_set_authority_key_identifier(crt);
    return pki_err(rc);
}

static enum dl_err write_cert(const struct spec *spec, struct issuer *ca,
                              struct pki_pem *ret_cert,
                              uint8_t ret_serial[static PKI_SERIAL_BYTES])
{
    uint8_t serial[PKI_SERIAL_BYTES];
    struct pki_pem pem;
    draw_serial(serial);
    mbedtls_x509write_cert crt;
    mbedtls_x509write_crt_init(&crt);
    mbedtls_x509write_crt_set_version(&crt, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(&crt, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(&crt, spec->key);
    mbedtls_x509write_crt_set_issuer_key(&crt, &ca->key);
    enum dl_err err =
        pki_err(mbedtls_x509write_crt_set_serial_raw(&crt, serial, sizeof serial));
    if (!err)
        err = set_validity(&crt, spec, ca);
    if (!err)
        err = set_names(&crt, spec, ca);
    if (!err)
        err = set_usage(&crt, spec);
    if (!err)
        err = pki_err(mbedtls_x509write_crt_pem(&crt, (unsigned char *)pem.text,
                                                sizeof pem.text, pki_random, NULL));
    if (!err) {
        *ret_cert = pem;
        memcpy(ret_serial, serial, sizeof serial);
    }
    mbedtls_x509write_crt_free(&crt);
    return err;
}

/* What needs no escape in a distinguished name's text. */
static bool ca_name_ok(const char *name)
{
    size_t len = strlen(name);
    return len >= 1 && len <= PKI_NAME_BYTES_MAX && name[0] != ' ' && name[len - 1] != ' ' &&
           strspn(name, ALPHANUMERIC " ._:-") == len;
}

enum dl_err pki_ca_make(const char *name, const struct pki_pem *key, int64_t now_ms,
                        struct pki_pem *ret_cert)
{
    if (!ca_name_ok(name))
        return DL_E_INPUT;
    struct issuer self = {.not_after_ms = INT64_MAX};
    mbedtls_pk_init(&self.key);
    snprintf(self.name, sizeof self.name, "CN=%s", name);
    enum dl_err err = pki_key_parse(&self.key, key);
    if (!err) {
        struct spec spec = {.common_name = name,
                            .key = &self.key,
                            .not_before_ms = now_ms - BACKDATE_MS,
                            .not_after_ms = now_ms + PKI_CA_DAYS * DAY_MS,
                            .is_ca = true,
                            .usage = MBEDTLS_X509_KU_KEY_CERT_SIGN | MBEDTLS_X509_KU_CRL_SIGN};
        uint8_t serial[PKI_SERIAL_BYTES];
        err = write_cert(&spec, &self, ret_cert, serial);
    }
    issuer_done(&self);
    return err;
}

static bool dns_name_ok(const char *name)
{
    size_t len = strlen(name);
    return len >= 1 && len <= DNS_NAME_BYTES_MAX && name[0] != '.' && name[0] != '-' &&
           strspn(name, ALPHANUMERIC ".-") == len && !strstr(name, "..");
}

/* Address families of the name as X.509 wants it: raw bytes of an address, or
 * a DNS name. `address` is where the bytes may lie. */
static bool san_of(const char *name, uint8_t address[static 16],
                   mbedtls_x509_subject_alternative_name *ret)
{
    size_t address_len = mbedtls_x509_crt_parse_cn_inet_pton(name, address);
    if (address_len > 0) {
        ret->type = MBEDTLS_X509_SAN_IP_ADDRESS;
        ret->san.unstructured_name.p = address;
        ret->san.unstructured_name.len = address_len;
        return true;
    }
    ret->type = MBEDTLS_X509_SAN_DNS_NAME;
    ret->san.unstructured_name.p = (unsigned char *)name;
    ret->san.unstructured_name.len = strlen(name);
    return dns_name_ok(name);
}

enum dl_err pki_server_make(const struct pki_pem *ca_cert, const struct pki_pem *ca_key,
                            const struct pki_pem *key, const char *const *names,
                            size_t name_count, int64_t now_ms, struct pki_pem *ret_cert)
{
    if (name_count < 1 || name_count > PKI_NAMES_MAX)
        return DL_E_INPUT;
    mbedtls_x509_san_list sans[PKI_NAMES_MAX];
    uint8_t addresses[PKI_NAMES_MAX][16];
    memset(sans, 0, sizeof sans);
    for (size_t i = 0; i < name_count; i++) {
        if (!san_of(names[i], addresses[i], &sans[i].node))
            return DL_E_INPUT;
        sans[i].next = i + 1 < name_count ? &sans[i + 1] : NULL;
    }
    struct issuer ca;
    mbedtls_pk_context pk;
    mbedtls_pk_init(&pk);
    enum dl_err err = issuer_init(&ca, ca_cert, ca_key);
    if (!err)
        err = pki_key_parse(&pk, key);
    if (!err) {
        struct spec spec = {.common_name = "dunlin-hub", /* clients look at `names` alone */
                            .key = &pk,
                            .not_before_ms = now_ms - BACKDATE_MS,
                            .not_after_ms = now_ms + PKI_SERVER_DAYS * DAY_MS,
                            .usage = MBEDTLS_X509_KU_DIGITAL_SIGNATURE,
                            .is_server = true,
                            .names = sans};
        uint8_t serial[PKI_SERIAL_BYTES];
        err = write_cert(&spec, &ca, ret_cert, serial);
    }
    mbedtls_pk_free(&pk);
    issuer_done(&ca);
    return err;
}

enum dl_err pki_device_issue(const struct pki_pem *ca_cert, const struct pki_pem *ca_key,
                             const char *csr_pem, const char *device, int64_t now_ms,
                             int64_t lifetime_ms, struct pki_pem *ret_cert,
                             uint8_t ret_serial[static PKI_SERIAL_BYTES])
{
    if (!pki_name_ok(device) || lifetime_ms <= 0)
        return DL_E_INPUT;
    /* Whoever finds no host name in a certificate takes its CN for one: a device named
     * like the hub would pass for it. */
    char host[PKI_DEVICE_HOST_BYTES];
    pki_device_host(device, host);
    mbedtls_x509_san_list san = {
        .node = {.type = MBEDTLS_X509_SAN_DNS_NAME,
                 .san.unstructured_name = {.p = (unsigned char *)host, .len = strlen(host)}}};
    struct issuer ca;
    mbedtls_pk_context pk;
    mbedtls_pk_init(&pk);
    enum dl_err err = issuer_init(&ca, ca_cert, ca_key);
    if (!err && ca.not_after_ms <= now_ms)
        err = DL_E_INPUT;
    if (!err)
        err = pki_csr_open(&pk, csr_pem);
    if (!err) {
        struct spec spec = {.common_name = device,
                            .key = &pk,
                            .not_before_ms = now_ms - DEVICE_BACKDATE_MS,
                            .not_after_ms = now_ms + lifetime_ms,
                            .usage = MBEDTLS_X509_KU_DIGITAL_SIGNATURE,
                            .is_server = true,
                            .is_client = true,
                            .names = &san};
        err = write_cert(&spec, &ca, ret_cert, ret_serial);
    }
    mbedtls_pk_free(&pk);
    issuer_done(&ca);
    return err;
}
