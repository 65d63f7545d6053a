/* Certificates and signing requests from the other side: PEM, DER, and a request that
 * the hub's CA is asked to sign. */
#include "crypto/pki.h"
#include "crypto/secret.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define NOW_MS INT64_C(1764000000000)

static struct pki_pem ca_key, ca;

static void look(enum dl_err err, const struct pki_info *info)
{
    if (err == DL_OK && memchr(info->common_name, '\0', sizeof info->common_name) == NULL)
        abort();
}

static void request(const char *pem)
{
    struct pki_pem cert;
    struct pki_info info;
    uint8_t serial[PKI_SERIAL_BYTES];
    if (pki_device_issue(&ca, &ca_key, pem, "till-3", NOW_MS, 86400000, &cert, serial))
        return;
    if (pki_cert_info(cert.text, &info) || strcmp(info.common_name, "till-3") != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct pki_info info;
    if (!ca.text[0] &&
        (crypto_setup() || pki_key_make(&ca_key) || pki_ca_make("fuzz", &ca_key, NOW_MS, &ca)))
        abort();
    char *text = malloc(len + 1);
    if (!text)
        abort();
    memcpy(text, bytes, len);
    text[len] = '\0';
    look(pki_cert_info(text, &info), &info);
    look(pki_cert_info_der(bytes, len, &info), &info);
    request(text);
    free(text);
    return 0;
}
