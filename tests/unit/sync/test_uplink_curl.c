#include "crypto/secret.h"
#include "platform/clock.h"
#include "sync/uplink.h"
#include "tests/unit/sync/tls_server.h"

#define YEAR INT64_C(365) * 86400000
#define OK   "HTTP/1.1 200 OK\r\nDunlin-Hub: 1\r\nContent-Length: 2\r\n\r\nhi"

static struct pki_pem ca_key, ca_cert, server_key, server_cert;
static struct tls_server server;

/* The hub's CA in the device's folder, and a server certificate for `name`. */
static void make_hub(const char *name, int64_t from_ms)
{
    assert_int_equal(pki_key_make(&ca_key), DL_OK);
    assert_int_equal(pki_ca_make("hub", &ca_key, clock_wall_ms() - 8 * YEAR, &ca_cert), DL_OK);
    assert_int_equal(pki_key_make(&server_key), DL_OK);
    assert_int_equal(
        pki_server_make(&ca_cert, &ca_key, &server_key, &name, 1, from_ms, &server_cert),
        DL_OK);
    scratch_put("hub-ca.pem", ca_cert.text);
}

static void make_device(void)
{
    struct pki_pem key, csr, cert;
    uint8_t serial[PKI_SERIAL_BYTES];
    assert_int_equal(pki_key_make(&key), DL_OK);
    assert_int_equal(pki_csr_make(&key, "till-3", &csr), DL_OK);
    assert_int_equal(pki_device_issue(&ca_cert, &ca_key, csr.text, "till-3", clock_wall_ms(),
                                      86400000, &cert, serial),
                     DL_OK);
    scratch_put("device.key", key.text);
    scratch_put("device.crt", cert.text);
}

static void start(const char *answer)
{
    tls_start(&server, &ca_cert, &server_cert, &server_key, answer);
}

static struct uplink *open_to(const char *host, unsigned port, bool with_certificate)
{
    char url[128];
    struct uplink *up = NULL;
    snprintf(url, sizeof url, "https://%s:%u/", host, port);
    struct uplink_options opt = {.hub_url = url,
                                 .ca_path = at("hub-ca.pem"),
                                 .proxy = "none",
                                 .connect_ms = 5000,
                                 .total_ms = 20000};
    if (with_certificate) {
        opt.cert_path = at("device.crt");
        opt.key_path = at("device.key");
    }
    assert_int_equal(uplink_curl_open(&up, &opt, NULL), DL_OK);
    return up;
}

static enum dl_err get(struct uplink *up, struct uplink_answer *ret)
{
    struct uplink_request req = {.method = "GET", .path = "/v1/device/ping"};
    return up->send(up, &req, ret);
}

/* One GET against what is set up; the answer's body is dropped. */
static enum dl_err try_once(struct uplink_answer *ret)
{
    struct uplink *up = open_to("127.0.0.1", server.port, false);
    tls_run(&server);
    enum dl_err err = get(up, ret);
    uplink_answer_done(ret);
    up->close(up);
    tls_stop(&server);
    return err;
}

static void the_hub_answers_over_mutual_tls_on_one_connection(void **state)
{
    (void)state;
    struct uplink_answer a;
    make_hub("127.0.0.1", clock_wall_ms());
    make_device();
    start(OK);
    struct uplink *up = open_to("127.0.0.1", server.port, true);
    tls_run(&server);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(get(up, &a), DL_OK);
        assert_int_equal(a.status, 200);
        assert_int_equal(a.state, UPLINK_ONLINE);
        assert_string_equal((const char *)a.body, "hi");
        assert_true(a.retry_after_ms == -1 && a.date_ms == 0);
        uplink_answer_done(&a);
    }
    struct uplink_request req = {.method = "POST",
                                 .path = "/v1/x",
                                 .content_type = "a/b",
                                 .body = (const uint8_t *)"body",
                                 .body_len = 4,
                                 .bearer = "secret"};
    assert_int_equal(up->send(up, &req, &a), DL_OK);
    uplink_answer_done(&a);
    assert_int_equal(server.connections, 1);
    up->reload(up);
    assert_int_equal(get(up, &a), DL_OK);
    uplink_answer_done(&a);
    up->close(up);
    tls_stop(&server);
    assert_int_equal(server.connections, 2);
    assert_true(server.client_certificate);
}

static void a_request_has_what_the_caller_gave(void **state)
{
    (void)state;
    struct uplink_answer a;
    make_hub("localhost", clock_wall_ms());
    start(OK);
    struct uplink *up = open_to("localhost", server.port, false);
    tls_run(&server);
    struct uplink_request req = {.method = "POST",
                                 .path = "/v1/x",
                                 .content_type = "a/b",
                                 .body = (const uint8_t *)"",
                                 .body_len = 0,
                                 .bearer = "secret"};
    assert_int_equal(up->send(up, &req, &a), DL_OK);
    uplink_answer_done(&a);
    up->close(up);
    tls_stop(&server);
    assert_contains(server.request, "POST /v1/x HTTP/1.1\r\n");
    assert_contains(server.request, "Content-Type: a/b\r\n");
    assert_contains(server.request, "Content-Length: 0\r\n");
    assert_contains(server.request, "Authorization: Bearer secret\r\n");
    assert_false(server.client_certificate);
}

static void headers_of_the_hub_are_read(void **state)
{
    (void)state;
    struct uplink_answer a;
    make_hub("127.0.0.1", clock_wall_ms());
    start("HTTP/1.1 503 Busy\r\ndunlin-hub:1\r\nDate: Tue, 24 Nov 2026 01:00:00 GMT\r\n"
          "Retry-After: 17\r\nContent-Length: 0\r\n\r\n");
    assert_int_equal(try_once(&a), DL_OK);
    assert_int_equal(a.status, 503);
    assert_int_equal(a.retry_after_ms, 17000);
    assert_true(a.date_ms == INT64_C(1795482000000));
    start("HTTP/1.1 429 Slow\r\nDunlin-Hub: 1\r\nDate: Tue, 24 Nov 2026 01:00:00 GMT\r\n"
          "Retry-After: Tue, 24 Nov 2026 01:02:00 GMT\r\nContent-Length: 0\r\n\r\n");
    assert_int_equal(try_once(&a), DL_OK);
    assert_int_equal(a.retry_after_ms, 120000);
}

static void an_answer_without_our_header_is_a_portals(void **state)
{
    (void)state;
    struct uplink_answer a;
    make_hub("127.0.0.1", clock_wall_ms());
    start("HTTP/1.1 302 Found\r\nLocation: http://log.in/\r\nContent-Length: 2\r\n\r\nhi");
    assert_int_equal(try_once(&a), DL_E_NET);
    assert_int_equal(a.state, UPLINK_PORTAL);
    assert_int_equal(server.connections, 1); /* not followed */
    start("HTTP/1.1 502 Bad\r\nContent-Length: 2\r\n\r\nhi");
    assert_int_equal(try_once(&a), DL_E_NET);
    assert_int_equal(a.state, UPLINK_OFFLINE);
    assert_contains(a.why.text, "502");
}

static void a_certificate_of_another_ca_is_a_portals(void **state)
{
    (void)state;
    struct uplink_answer a;
    make_hub("127.0.0.1", clock_wall_ms());
    start(OK);
    make_hub("127.0.0.1", clock_wall_ms()); /* the device trusts this one */
    assert_int_equal(try_once(&a), DL_E_NET);
    assert_int_equal(a.state, UPLINK_PORTAL);
    assert_string_equal(server.request, "");
}

static void plain_http_where_tls_should_be_is_a_portals(void **state)
{
    (void)state;
    struct uplink_answer a;
    make_hub("127.0.0.1", clock_wall_ms());
    start(OK);
    server.plain = true;
    assert_int_equal(try_once(&a), DL_E_NET);
    assert_int_equal(a.state, UPLINK_PORTAL);
}

static void words_tell_expired_from_early_from_another_name(void **state)
{
    (void)state;
    struct uplink_answer a;
    make_hub("127.0.0.1", clock_wall_ms() - 5 * YEAR);
    start(OK);
    assert_int_equal(try_once(&a), DL_E_NET);
    assert_int_equal(a.state, UPLINK_TLS);
    assert_contains(a.why.text, "expired");
    make_hub("127.0.0.1", clock_wall_ms() + YEAR);
    start(OK);
    assert_int_equal(try_once(&a), DL_E_NET);
    assert_int_equal(a.state, UPLINK_TLS);
    assert_contains(a.why.text, "clock");
    make_hub("hub.example.com", clock_wall_ms());
    start(OK);
    assert_int_equal(try_once(&a), DL_E_NET);
    assert_int_equal(a.state, UPLINK_TLS);
    assert_contains(a.why.text, "host name");
    assert_string_equal(server.request, "");
}

static void an_older_tls_is_refused(void **state)
{
    (void)state;
    struct uplink_answer a;
    make_hub("127.0.0.1", clock_wall_ms());
    start(OK);
    mbedtls_ssl_conf_max_tls_version(&server.config, MBEDTLS_SSL_VERSION_TLS1_2);
    assert_int_equal(try_once(&a), DL_E_NET);
    assert_int_equal(a.state, UPLINK_TLS);
    assert_string_equal(server.request, "");
}

static void an_endless_answer_is_cut(void **state)
{
    (void)state;
    struct uplink_answer a;
    make_hub("127.0.0.1", clock_wall_ms());
    start("HTTP/1.1 200 OK\r\nDunlin-Hub: 1\r\nConnection: close\r\n\r\n");
    server.flood = UPLINK_ANSWER_BYTES_MAX + 65536;
    assert_int_equal(try_once(&a), DL_E_NET);
    assert_contains(a.why.text, "longer");
}

static void nobody_there_is_offline_and_no_name_is_dns(void **state)
{
    (void)state;
    struct uplink_answer a;
    make_hub("127.0.0.1", clock_wall_ms());
    struct uplink *up = open_to("127.0.0.1", 1, false);
    assert_int_equal(get(up, &a), DL_E_NET);
    assert_int_equal(a.state, UPLINK_OFFLINE);
    up->close(up);
    up = open_to("no-such-host.invalid", 443, false);
    assert_int_equal(get(up, &a), DL_E_NET);
    assert_int_equal(a.state, UPLINK_DNS);
    up->close(up);
}

static void cancel_in_a_moment(void *ctx)
{
    struct uplink *up = ctx;
    clock_sleep_ms(200);
    up->cancel(up);
}

static void a_cancelled_request_ends_soon(void **state)
{
    (void)state;
    struct uplink_answer a;
    struct thread *t = NULL;
    make_hub("127.0.0.1", clock_wall_ms());
    start(OK);
    server.silent = true;
    struct uplink *up = open_to("127.0.0.1", server.port, false);
    tls_run(&server);
    uint64_t began = clock_mono_ms();
    assert_int_equal(thread_start(&t, cancel_in_a_moment, up), DL_OK);
    assert_int_equal(get(up, &a), DL_E_NET);
    assert_true(clock_mono_ms() - began < 5000);
    thread_join(t);
    up->close(up);
    tls_stop(&server);
}

static void only_https_is_spoken(void **state)
{
    (void)state;
    struct uplink *up = NULL;
    struct dl_why why = {.text = ""};
    struct uplink_options opt = {.hub_url = "http://127.0.0.1:1", .ca_path = "x"};
    assert_int_equal(uplink_curl_open(&up, &opt, &why), DL_E_INPUT);
    assert_contains(why.text, "https://");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_make, scratch_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_hub_answers_over_mutual_tls_on_one_connection),
        TEST(a_request_has_what_the_caller_gave),
        TEST(headers_of_the_hub_are_read),
        TEST(an_answer_without_our_header_is_a_portals),
        TEST(a_certificate_of_another_ca_is_a_portals),
        TEST(plain_http_where_tls_should_be_is_a_portals),
        TEST(words_tell_expired_from_early_from_another_name),
        TEST(an_older_tls_is_refused),
        TEST(an_endless_answer_is_cut),
        TEST(nobody_there_is_offline_and_no_name_is_dns),
        TEST(a_cancelled_request_ends_soon),
        TEST(only_https_is_spoken),
    };
    if (crypto_setup() != DL_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
