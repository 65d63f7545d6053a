#include "crypto/tls.h"

#include "crypto/pki_internal.h"
#include "crypto/secret.h"
#include "platform/file.h"
#include "platform/net.h"

#include <mbedtls/oid.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#include <stdlib.h>
#include <string.h>

#define PEM_FILE_BYTES_MAX (64 * 1024)

struct tls {
    local_socket socket;
    mbedtls_x509_crt ca, cert;
    mbedtls_pk_context key;
    mbedtls_ssl_config config;
    mbedtls_ssl_context ssl;
    const char *expected; /* in device_asked; NULL: a server */
    char device_asked[PKI_NAME_BYTES_MAX + 1];
    bool (*admit)(void *ctx, const char *device);
    void *admit_ctx;
    struct pki_info peer;
    bool is_over; /* no goodbye is possible */
};

/* ---- the socket ---------------------------------------------------------------------- */

static int on_send(void *ctx, const unsigned char *bytes, size_t len)
{
    ptrdiff_t n = net_send(((struct tls *)ctx)->socket, bytes, len);
    if (n >= 0)
        return (int)n;
    return n == NET_AGAIN ? MBEDTLS_ERR_SSL_WANT_WRITE : MBEDTLS_ERR_SSL_CONN_EOF;
}

static int on_receive(void *ctx, unsigned char *ret, size_t cap)
{
    ptrdiff_t n = net_receive(((struct tls *)ctx)->socket, ret, cap);
    if (n > 0)
        return (int)n;
    return n == NET_AGAIN ? MBEDTLS_ERR_SSL_WANT_READ : MBEDTLS_ERR_SSL_CONN_EOF;
}

/* ---- the certificate of the other end ------------------------------------------------- */

static bool has_purpose(const mbedtls_x509_crt *crt, const char *oid, size_t len)
{
    return mbedtls_x509_crt_has_ext_type(crt, MBEDTLS_X509_EXT_EXTENDED_KEY_USAGE) &&
           mbedtls_x509_crt_check_extended_key_usage(crt, oid, len) == 0;
}

/* The hub's own certificate is of the same CA, and has one purpose only. */
static bool is_device(const mbedtls_x509_crt *crt)
{
    return has_purpose(crt, MBEDTLS_OID_CLIENT_AUTH,
                       MBEDTLS_OID_SIZE(MBEDTLS_OID_CLIENT_AUTH)) &&
           has_purpose(crt, MBEDTLS_OID_SERVER_AUTH, MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH));
}

/* Adds what Mbed TLS does not look at; takes nothing from its verdict. */
static int on_verify(void *ctx, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
    struct tls *t = ctx;
    if (depth > 0)
        return 0;
    if (pki_cert_info_der(crt->raw.p, crt->raw.len, &t->peer) != DL_OK || !is_device(crt))
        *flags |= MBEDTLS_X509_BADCERT_EXT_KEY_USAGE;
    else if (*flags == 0 && !(t->expected ? strcmp(t->expected, t->peer.common_name) == 0
                                          : t->admit(t->admit_ctx, t->peer.common_name)))
        *flags |= MBEDTLS_X509_BADCERT_OTHER;
    return 0;
}

/* ---- opening -------------------------------------------------------------------------- */

static enum dl_err parse_file(const char *path, bool is_key, void *ret)
{
    uint8_t *text = NULL;
    size_t len = 0;
    enum dl_err err = file_read(path, PEM_FILE_BYTES_MAX, &text, &len);
    if (err)
        return err;
    int rc = is_key ? mbedtls_pk_parse_key(ret, text, len + 1, NULL, 0, pki_random, NULL)
                    : mbedtls_x509_crt_parse(ret, text, len + 1);
    secret_wipe(text, len);
    free(text);
    err = rc > 0 ? DL_E_INPUT : pki_err(rc); /* > 0: some of the certificates failed */
    return err == DL_E_INPUT ? DL_E_CORRUPT : err;
}

static enum dl_err configure(struct tls *t)
{
    mbedtls_ssl_config *c = &t->config;
    int rc = mbedtls_ssl_config_defaults(
        c, t->expected ? MBEDTLS_SSL_IS_CLIENT : MBEDTLS_SSL_IS_SERVER,
        MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
    if (rc != 0)
        return pki_err(rc);
    mbedtls_ssl_conf_rng(c, pki_random, NULL);
    mbedtls_ssl_conf_min_tls_version(c, MBEDTLS_SSL_VERSION_TLS1_3);
    mbedtls_ssl_conf_max_tls_version(c, MBEDTLS_SSL_VERSION_TLS1_3);
    mbedtls_ssl_conf_authmode(c, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_ca_chain(c, &t->ca, NULL);
    mbedtls_ssl_conf_verify(c, on_verify, t);
#if defined(MBEDTLS_SSL_SESSION_TICKETS) && defined(MBEDTLS_SSL_CLI_C)
    mbedtls_ssl_conf_session_tickets(c, MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
#endif
    rc = mbedtls_ssl_conf_own_cert(c, &t->cert, &t->key);
    if (rc == 0)
        rc = mbedtls_ssl_setup(&t->ssl, c);
    char host[PKI_DEVICE_HOST_BYTES];
    if (rc == 0 && t->expected) {
        pki_device_host(t->expected, host);
        rc = mbedtls_ssl_set_hostname(&t->ssl, host);
    }
    mbedtls_ssl_set_bio(&t->ssl, t, on_send, on_receive, NULL);
    return rc == 0 ? DL_OK : DL_E_NOMEM;
}

enum dl_err tls_open(struct tls **ret, const struct tls_options *opt)
{
    if (opt->peer ? !pki_name_ok(opt->peer) : !opt->admit)
        return DL_E_INPUT;
    struct tls *t = calloc(1, sizeof *t);
    if (!t)
        return DL_E_NOMEM;
    t->socket = opt->socket;
    t->admit = opt->admit;
    t->admit_ctx = opt->admit_ctx;
    t->is_over = true;
    if (opt->peer) {
        strcpy(t->device_asked, opt->peer);
        t->expected = t->device_asked;
    }
    mbedtls_x509_crt_init(&t->ca);
    mbedtls_x509_crt_init(&t->cert);
    mbedtls_pk_init(&t->key);
    mbedtls_ssl_config_init(&t->config);
    mbedtls_ssl_init(&t->ssl);
    enum dl_err err = parse_file(opt->ca_path, false, &t->ca);
    if (!err)
        err = parse_file(opt->cert_path, false, &t->cert);
    if (!err)
        err = parse_file(opt->key_path, true, &t->key);
    if (!err)
        err = configure(t);
    if (err)
        goto done;
    *ret = t;
    t = NULL; /* the caller's now */
done:
    tls_close(t);
    return err;
}

void tls_close(struct tls *t)
{
    if (!t)
        return;
    if (!t->is_over)
        (void)mbedtls_ssl_close_notify(&t->ssl);
    mbedtls_ssl_free(&t->ssl);
    mbedtls_ssl_config_free(&t->config);
    mbedtls_pk_free(&t->key);
    mbedtls_x509_crt_free(&t->cert);
    mbedtls_x509_crt_free(&t->ca);
    free(t);
}

/* ---- talking -------------------------------------------------------------------------- */

static enum tls_state state_of(struct tls *t, int rc)
{
    if (rc == MBEDTLS_ERR_SSL_WANT_READ || rc == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET)
        return TLS_WANTS_READ;
    if (rc == MBEDTLS_ERR_SSL_WANT_WRITE)
        return TLS_WANTS_WRITE;
    t->is_over = true;
    switch (rc) {
    case 0: /* mbedtls_ssl_read's end */
    case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
    case MBEDTLS_ERR_SSL_CONN_EOF:
        return TLS_ENDED;
    case MBEDTLS_ERR_X509_CERT_VERIFY_FAILED:
    case MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE:
    case MBEDTLS_ERR_SSL_BAD_CERTIFICATE:
    case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE: /* TLS 1.3 has little else to complain of */
        return TLS_REFUSED;
    default:
        return TLS_BROKEN;
    }
}

enum tls_state tls_handshake(struct tls *t)
{
    int rc = mbedtls_ssl_handshake(&t->ssl);
    if (rc != 0)
        return state_of(t, rc);
    /* Mbed TLS has done so already: a second look costs nothing. */
    if (mbedtls_ssl_get_verify_result(&t->ssl) != 0 || !t->peer.common_name[0])
        return TLS_REFUSED;
    t->is_over = false;
    return TLS_DONE;
}

enum tls_state tls_read(struct tls *t, uint8_t *ret, size_t cap, size_t *ret_len)
{
    int n = mbedtls_ssl_read(&t->ssl, ret, cap);
    if (n <= 0)
        return state_of(t, n);
    *ret_len = (size_t)n;
    return TLS_DONE;
}

enum tls_state tls_write(struct tls *t, const uint8_t *bytes, size_t len, size_t *ret_len)
{
    int n = mbedtls_ssl_write(&t->ssl, bytes, len);
    if (n < 0)
        return state_of(t, n);
    *ret_len = (size_t)n;
    return TLS_DONE;
}

const char *tls_device(const struct tls *t)
{
    return t->peer.common_name;
}

int64_t tls_not_after_ms(const struct tls *t)
{
    return t->peer.not_after_ms;
}
