/* tls_server.h - one TLS 1.3 server on loopback, by Mbed TLS, that answers every
 * request with the same bytes. For tests of the uplink. */
#ifndef DUNLIN_TEST_TLS_SERVER_H
#define DUNLIN_TEST_TLS_SERVER_H

#include "crypto/pki.h"
#include "platform/thread.h"
#include "tests/unit/platform/scratch.h"

#include <arpa/inet.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>

struct tls_server {
    int listener;
    unsigned port;
    struct thread *thread;
    atomic_bool stop;
    bool plain;         /* speaks HTTP without TLS, as a portal on port 443 */
    bool silent;        /* never answers */
    const char *answer; /* all of it: status line, headers, body */
    size_t flood;       /* this many bytes of body follow it */
    char request[4096]; /* the last one's head, and what of the body came with it */
    bool client_certificate;
    unsigned connections;
    mbedtls_x509_crt cert, ca;
    mbedtls_pk_context key;
    mbedtls_ssl_config config;
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context drbg;
};

static inline bool tls_wait(const struct tls_server *t, int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    while (!atomic_load(&t->stop))
        if (poll(&p, 1, 20) > 0)
            return true;
    return false;
}

static inline void tls_answer(struct tls_server *t, mbedtls_ssl_context *ssl)
{
    static const unsigned char filler[4096] = {'x'};
    const unsigned char *at = (const unsigned char *)t->answer;
    size_t left = strlen(t->answer);
    while (left > 0) {
        int n = mbedtls_ssl_write(ssl, at, left);
        if (n <= 0)
            return;
        at += n;
        left -= (size_t)n;
    }
    for (size_t sent = 0; sent < t->flood;) {
        int n = mbedtls_ssl_write(ssl, filler, sizeof filler);
        if (n <= 0)
            return;
        sent += (size_t)n;
    }
}

static inline void tls_serve(struct tls_server *t, int fd)
{
    mbedtls_ssl_context ssl;
    mbedtls_net_context net = {.fd = fd};
    mbedtls_ssl_init(&ssl);
    assert_int_equal(mbedtls_ssl_setup(&ssl, &t->config), 0);
    mbedtls_ssl_set_bio(&ssl, &net, mbedtls_net_send, mbedtls_net_recv, NULL);
    if (mbedtls_ssl_handshake(&ssl) == 0) {
        t->client_certificate = mbedtls_ssl_get_peer_cert(&ssl) != NULL;
        while (tls_wait(t, fd)) {
            int n = mbedtls_ssl_read(&ssl, (unsigned char *)t->request, sizeof t->request - 1);
            if (n <= 0)
                break;
            t->request[n] = '\0';
            if (!t->silent)
                tls_answer(t, &ssl);
        }
    }
    mbedtls_ssl_free(&ssl);
}

static inline void tls_main(void *ctx)
{
    /* A client that hangs up must not end us. In this thread alone: that the uplink
     * itself raises no SIGPIPE is what its tests are to show. */
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, NULL);
    struct tls_server *t = ctx;
    while (tls_wait(t, t->listener)) {
        int fd = accept(t->listener, NULL, NULL);
        if (fd < 0)
            continue;
        t->connections++;
        if (t->plain) {
            static const char hello[] =
                "HTTP/1.1 302 Found\r\nLocation: http://log.in/\r\n\r\n";
            if (tls_wait(t, fd) && write(fd, hello, sizeof hello - 1) < 0)
                t->plain = true;
        } else {
            tls_serve(t, fd);
        }
        close(fd);
    }
}

static inline void tls_start(struct tls_server *t, const struct pki_pem *ca_cert,
                             const struct pki_pem *cert, const struct pki_pem *key,
                             const char *answer)
{
    memset(t, 0, sizeof *t);
    t->answer = answer;
    mbedtls_x509_crt_init(&t->cert);
    mbedtls_x509_crt_init(&t->ca);
    mbedtls_pk_init(&t->key);
    mbedtls_ssl_config_init(&t->config);
    mbedtls_entropy_init(&t->entropy);
    mbedtls_ctr_drbg_init(&t->drbg);
    const unsigned char *ct = (const unsigned char *)cert->text;
    const unsigned char *at_ca = (const unsigned char *)ca_cert->text;
    const unsigned char *kt = (const unsigned char *)key->text;
    assert_int_equal(
        mbedtls_ctr_drbg_seed(&t->drbg, mbedtls_entropy_func, &t->entropy, NULL, 0), 0);
    assert_int_equal(mbedtls_x509_crt_parse(&t->cert, ct, strlen(cert->text) + 1), 0);
    assert_int_equal(mbedtls_x509_crt_parse(&t->ca, at_ca, strlen(ca_cert->text) + 1), 0);
    assert_int_equal(mbedtls_pk_parse_key(&t->key, kt, strlen(key->text) + 1, NULL, 0,
                                          mbedtls_ctr_drbg_random, &t->drbg),
                     0);
    assert_int_equal(mbedtls_ssl_config_defaults(&t->config, MBEDTLS_SSL_IS_SERVER,
                                                 MBEDTLS_SSL_TRANSPORT_STREAM,
                                                 MBEDTLS_SSL_PRESET_DEFAULT),
                     0);
    mbedtls_ssl_conf_rng(&t->config, mbedtls_ctr_drbg_random, &t->drbg);
    mbedtls_ssl_conf_ca_chain(&t->config, &t->ca, NULL);
    mbedtls_ssl_conf_authmode(&t->config, MBEDTLS_SSL_VERIFY_OPTIONAL);
    assert_int_equal(mbedtls_ssl_conf_own_cert(&t->config, &t->cert, &t->key), 0);
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof addr;
    t->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(t->listener, (struct sockaddr *)&addr, sizeof addr), 0);
    assert_int_equal(listen(t->listener, 8), 0);
    assert_int_equal(getsockname(t->listener, (struct sockaddr *)&addr, &len), 0);
    t->port = ntohs(addr.sin_port);
}

/* After the settings of the test are made. */
static inline void tls_run(struct tls_server *t)
{
    assert_int_equal(thread_start(&t->thread, tls_main, t), DL_OK);
}

static inline void tls_stop(struct tls_server *t)
{
    atomic_store(&t->stop, true);
    thread_join(t->thread);
    close(t->listener);
    mbedtls_ssl_config_free(&t->config);
    mbedtls_pk_free(&t->key);
    mbedtls_x509_crt_free(&t->cert);
    mbedtls_x509_crt_free(&t->ca);
    mbedtls_ctr_drbg_free(&t->drbg);
    mbedtls_entropy_free(&t->entropy);
}

#endif
