/* The running server as clients see it: TLS, who may ask, enrolment, revocation, limits. */
#include "hub/server.h"

#include "crypto/custodian.h"
#include "crypto/pki.h"
#include "crypto/secret.h"
#include "hub/devices.h"
#include "hub/hub.h"
#include "hub/init.h"
#include "hub/limiter.h"
#include "hub/tls.h"
#include "hub/tokens.h"
#include "platform/bytes.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/json.h"
#include "sync/record.h"
#include "sync/wire.h"

#include <curl/curl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define STREAM    "00112233445566778899aabbccddeeff"
#define BATCHES   "/v1/streams/" STREAM "/batches"
#define SCALAR    "0100000000000000000000000000000000000000000000000000000000000000"
#define BODY_MAX  ((size_t)64 * 1024)
#define LINES_MAX 2048

static char base[] = "/tmp/dunlin-hub-test.XXXXXX";
static char hub_dir[64];
static struct settings settings;
static struct hub *hub;
static struct server *server;
static char admin[ROLE_TOKEN_CHARS + 1], viewer[ROLE_TOKEN_CHARS + 1],
    custodian[ROLE_TOKEN_CHARS + 1];

/* ---- a client --------------------------------------------------------------------- */

struct ask {
    const char *method, *path;
    const char *token; /* NULL: none */
    const char *cert;  /* a file of base, without ".crt" and ".key"; NULL: none */
    const char *body;  /* NULL: none */
    size_t body_len;   /* 0: strlen */
    long tls;          /* CURL_SSLVERSION_...; 0: any */
};

static struct {
    long status;
    char body[BODY_MAX];
    size_t body_len;
    char headers[LINES_MAX];
    json_t *json; /* NULL: the body is none */
} answer;

static size_t on_body(char *bytes, size_t one, size_t len, void *ctx)
{
    (void)one;
    (void)ctx;
    if (answer.body_len + len < sizeof answer.body) {
        memcpy(answer.body + answer.body_len, bytes, len);
        answer.body_len += len;
    }
    return len;
}

static size_t on_header(char *bytes, size_t one, size_t len, void *ctx)
{
    size_t at = strlen(answer.headers);
    (void)one;
    (void)ctx;
    if (at + len < sizeof answer.headers)
        memcpy(answer.headers + at, bytes, len);
    return len;
}

static void path_of(char ret[static FILE_PATH_BYTES_MAX], const char *name, const char *end)
{
    snprintf(ret, FILE_PATH_BYTES_MAX, "%s/%s%s", base, name, end);
}

static void set_certificate(CURL *curl, const char *name)
{
    char path[FILE_PATH_BYTES_MAX];
    path_of(path, name, ".crt");
    curl_easy_setopt(curl, CURLOPT_SSLCERT, path);
    path_of(path, name, ".key");
    curl_easy_setopt(curl, CURLOPT_SSLKEY, path);
}

/* The status, 0 when there was no answer; the rest is in `answer`. */
static long ask(struct ask a)
{
    char url[512], ca[FILE_PATH_BYTES_MAX], bearer[ROLE_TOKEN_CHARS + 32];
    struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
    CURL *curl = curl_easy_init();
    json_decref(answer.json);
    memset(&answer, 0, sizeof answer);
    snprintf(url, sizeof url, "%s%s", server_url(server), a.path);
    path_of(ca, "hub/ca.pem", "");
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CAINFO, ca);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    if (a.tls)
        curl_easy_setopt(curl, CURLOPT_SSLVERSION, a.tls);
    if (a.cert)
        set_certificate(curl, a.cert);
    if (a.token) {
        snprintf(bearer, sizeof bearer, "Authorization: Bearer %s", a.token);
        headers = curl_slist_append(headers, bearer);
    }
    if (a.body) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE,
                         (long)(a.body_len ? a.body_len : strlen(a.body)));
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, a.body);
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, a.method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    if (curl_easy_perform(curl) == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    if (json_parse(&answer.json, answer.body, answer.body_len, NULL, NULL) != DL_OK)
        answer.json = NULL;
    return answer.status;
}

static const char *said(const char *member)
{
    const char *text = json_get_str(answer.json, member);
    return text ? text : "";
}

static bool is_problem(const char *code)
{
    char type[96];
    snprintf(type, sizeof type, "urn:dunlin:problem:%s", code);
    return strcmp(said("type"), type) == 0 &&
           json_get_int(answer.json, "status", 0) == answer.status &&
           strstr(answer.headers, "application/problem+json") != NULL;
}

/* ---- the ceremony ----------------------------------------------------------------- */

static char secret[128];
static struct pki_pem device_key;

static long announce(const char *device, int epoch)
{
    char body[512];
    snprintf(body, sizeof body,
             "{\"device\":\"%s\",\"epoch\":%d,\"delta_inverse\":\"" SCALAR "\"}", device,
             epoch);
    long status = ask((struct ask){
        .method = "POST", .path = "/v1/admin/devices", .token = custodian, .body = body});
    snprintf(secret, sizeof secret, "%s", said("secret"));
    return status;
}

static json_t *csr_with(json_t *body)
{
    struct pki_pem csr;
    assert_int_equal(pki_csr_make(&device_key, "whoever", &csr), DL_OK);
    json_object_set_new(body, "csr", json_string(csr.text));
    return body;
}

static long send_json(const char *path, const char *cert, json_t *body)
{
    char *text = json_text(body, NULL);
    long status = ask((struct ask){.method = "POST", .path = path, .cert = cert, .body = text});
    json_text_free(text);
    json_decref(body);
    return status;
}

static void save(const char *name, const char *end, const char *text)
{
    char path[FILE_PATH_BYTES_MAX];
    path_of(path, name, end);
    assert_int_equal(file_write(path, text, strlen(text)), DL_OK);
}

/* The certificate, when there is one, goes to NAME.crt and NAME.key. */
static long redeem(const char *device, const char *with, const char *name)
{
    json_t *body = json_pack("{s:s, s:s}", "device", device, "secret", with);
    long status = send_json("/v1/enroll", NULL, csr_with(body));
    if (status == 201) {
        save(name, ".crt", said("certificate"));
        save(name, ".key", device_key.text);
    }
    return status;
}

static void enrol(const char *device, int epoch, const char *name)
{
    assert_int_equal(announce(device, epoch), 201);
    assert_int_equal(redeem(device, secret, name), 201);
}

static long ping(const char *cert)
{
    return ask((struct ask){.method = "GET", .path = "/v1/device/ping", .cert = cert});
}

/* ---- set-up ----------------------------------------------------------------------- */

static void make_share(void)
{
    struct custodian_share *a0 = NULL;
    struct hub_share *s0 = NULL;
    char path[FILE_PATH_BYTES_MAX];
    path_of(path, "hub/hub.share", "");
    assert_int_equal(custodian_draw(&a0, &s0), DL_OK);
    assert_int_equal(hub_share_save(s0, path), DL_OK);
    custodian_share_free(a0);
    hub_share_free(s0);
}

static void start(void)
{
    struct dl_why why = {""};
    assert_int_equal(hub_open(&hub, hub_dir, &why), DL_OK);
    if (server_start(&server, hub, hub_dir, &settings, &why) != DL_OK)
        fail_msg("%s", why.text);
}

static void stop(void)
{
    server_stop(server);
    hub_close(hub);
    server = NULL;
    hub = NULL;
}

static int set_up(void **state)
{
    struct dl_why why = {""};
    char path[FILE_PATH_BYTES_MAX];
    (void)state;
    json_setup();
    assert_int_equal(crypto_setup(), DL_OK);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    assert_non_null(mkdtemp(base));
    snprintf(hub_dir, sizeof hub_dir, "%s/hub", base);
    struct init_order order = {
        .dir = hub_dir, .name = "hub.example.com", .listen = "127.0.0.1:0", .who = "test"};
    if (init_hub(&order, clock_wall_ms(), &why))
        fail_msg("%s", why.text);
    assert_int_equal(settings_load(&settings, hub_dir, NULL, &why), DL_OK);
    make_share();
    assert_int_equal(pki_key_make(&device_key), DL_OK);
    path_of(path, "hub/admin.token", "");
    assert_int_equal(file_read_exact(path, admin, ROLE_TOKEN_CHARS), DL_E_CORRUPT);
    uint8_t *text = NULL;
    size_t len = 0;
    assert_int_equal(file_read(path, 100, &text, &len), DL_OK);
    memcpy(admin, text, ROLE_TOKEN_CHARS);
    free(text);
    start();
    assert_int_equal(tokens_create(hub->store, "v", STORE_ROLE_VIEWER, "test", 1, viewer),
                     DL_OK);
    assert_int_equal(tokens_create(hub->store, "c", STORE_ROLE_CUSTODIAN, "test", 1, custodian),
                     DL_OK);
    return 0;
}

static enum dl_err remove_one(void *ctx, const char *name)
{
    struct file_path path;
    enum dl_err err = file_join(&path, ctx, name);
    return err ? err : file_remove(path.s);
}

static int tear_down(void **state)
{
    (void)state;
    stop();
    json_decref(answer.json);
    assert_int_equal(file_each(hub_dir, remove_one, hub_dir), DL_OK);
    assert_int_equal(file_each(base, remove_one, base), DL_OK);
    rmdir(hub_dir);
    rmdir(base);
    curl_global_cleanup();
    return 0;
}

/* A fresh server: its counts of failures start over. */
static int restart(void **state)
{
    (void)state;
    stop();
    settings.enrolment_life_ms = 3600000;
    settings.device_cert_life_ms = 3600000;
    start();
    return 0;
}

/* ---- TLS and headers -------------------------------------------------------------- */

static void health_needs_no_token(void **state)
{
    (void)state;
    assert_int_equal(ask((struct ask){.method = "GET", .path = "/healthz"}), 200);
    assert_int_equal(ask((struct ask){.method = "GET", .path = "/readyz"}), 200);
    assert_string_equal(said("status"), "ready");
}

static void every_answer_says_whose_it_is(void **state)
{
    static const char *const paths[] = {"/healthz", "/nothing", "/v1/stats", "/v1/device/ping"};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_int_not_equal(ask((struct ask){.method = "GET", .path = paths[i]}), 0);
        assert_non_null(strstr(answer.headers, "Dunlin-Hub: 1\r\n"));
        assert_non_null(strstr(answer.headers, "Cache-Control: no-store\r\n"));
        assert_non_null(strstr(answer.headers, "Date: "));
    }
}

static void tls_below_1_3_is_refused(void **state)
{
    (void)state;
    assert_int_equal(ask((struct ask){.method = "GET",
                                      .path = "/healthz",
                                      .tls = CURL_SSLVERSION_MAX_TLSv1_2}),
                     0);
}

static void what_is_not_there_is_told_from_what_is_not_taken(void **state)
{
    (void)state;
    assert_int_equal(ask((struct ask){.method = "GET", .path = "/v2"}), 404);
    assert_true(is_problem("no-path"));
    assert_int_equal(ask((struct ask){.method = "DELETE", .path = "/v1/stats"}), 405);
    assert_true(is_problem("no-method"));
    assert_non_null(strstr(answer.headers, "Allow: GET"));
}

/* ---- people ----------------------------------------------------------------------- */

static void a_role_opens_its_own_paths(void **state)
{
    (void)state;
    struct ask stats = {.method = "GET", .path = "/v1/stats"};
    assert_int_equal(ask(stats), 401);
    assert_true(is_problem("token-required"));
    stats.token = "0000000000000000000000000000000000000000000000000000000000000000";
    assert_int_equal(ask(stats), 401);
    stats.token = custodian;
    assert_int_equal(ask(stats), 403);
    assert_true(is_problem("forbidden"));
    stats.token = viewer;
    assert_int_equal(ask(stats), 200);
    stats.token = admin;
    assert_int_equal(ask(stats), 200);
    assert_true(json_is_integer(json_object_get(answer.json, "events")));
    assert_int_equal(ask((struct ask){.method = "POST",
                                      .path = "/v1/devices/till-1/revoke",
                                      .token = viewer}),
                     403);
}

static void metrics_are_prometheus_text(void **state)
{
    (void)state;
    assert_int_equal(ask((struct ask){.method = "GET", .path = "/metrics", .token = viewer}),
                     200);
    assert_non_null(strstr(answer.headers, "text/plain; version=0.0.4"));
    assert_non_null(strstr(answer.body, "\ndunlin_hub_events_total "));
    assert_non_null(strstr(answer.body, "\ndunlin_hub_requests_total{status=\"2xx\"} "));
}

static void a_token_taken_back_opens_nothing(void **state)
{
    char token[ROLE_TOKEN_CHARS + 1];
    (void)state;
    struct ask stats = {.method = "GET", .path = "/v1/stats", .token = token};
    assert_int_equal(tokens_create(hub->store, "x", STORE_ROLE_VIEWER, "test", 1, token),
                     DL_OK);
    assert_int_equal(tokens_create(hub->store, "x", STORE_ROLE_VIEWER, "test", 1, token),
                     DL_E_EXISTS);
    assert_int_equal(tokens_revoke(hub->store, "x", "test", 2), DL_OK);
    assert_int_equal(tokens_revoke(hub->store, "x", "test", 2), DL_E_NOT_FOUND);
    assert_int_equal(ask(stats), 401);
}

/* ---- enrolment -------------------------------------------------------------------- */

static void a_secret_enrols_once(void **state)
{
    char used[sizeof secret];
    (void)state;
    assert_int_equal(announce("till-1", 1), 201);
    assert_int_equal(strlen(secret), 43);
    assert_int_equal(strlen(said("seal_public")), 64);
    memcpy(used, secret, sizeof used);
    assert_int_equal(redeem("till-1", "wrong", "x"), 403);
    assert_true(is_problem("enrolment-refused"));
    assert_int_equal(redeem("nobody", used, "x"), 403);
    assert_true(is_problem("enrolment-refused"));
    assert_int_equal(redeem("till-1", used, "till-1"), 201);
    assert_int_equal(redeem("till-1", used, "x"), 403);
    assert_true(is_problem("enrolment-used"));
    assert_int_equal(ping("till-1"), 200);
    assert_string_equal(said("device"), "till-1");
    assert_int_equal(ask((struct ask){.method = "GET", .path = "/v1/audit", .token = viewer}),
                     200);
    assert_non_null(strstr(answer.body, "refused: the secret was used before"));
}

static void a_bad_request_for_a_certificate_spends_nothing(void **state)
{
    (void)state;
    assert_int_equal(announce("till-2", 1), 201);
    json_t *body = json_pack("{s:s, s:s, s:s}", "device", "till-2", "secret", secret, "csr",
                             "-----BEGIN CERTIFICATE REQUEST-----");
    assert_int_equal(send_json("/v1/enroll", NULL, body), 400);
    assert_true(is_problem("malformed"));
    assert_int_equal(redeem("till-2", secret, "till-2"), 201);
}

static void a_secret_expires(void **state)
{
    (void)state;
    settings.enrolment_life_ms = 1;
    assert_int_equal(announce("till-4", 1), 201);
    clock_sleep_ms(20);
    assert_int_equal(redeem("till-4", secret, "x"), 403);
    assert_true(is_problem("enrolment-expired"));
}

static void who_fails_too_often_has_to_wait(void **state)
{
    (void)state;
    for (int i = 0; i < LIMITER_FAILURES_MAX; i++)
        assert_int_equal(redeem("nobody", "wrong", "x"), 403);
    assert_int_equal(redeem("nobody", "wrong", "x"), 429);
    assert_true(is_problem("too-many-failures"));
    assert_non_null(strstr(answer.headers, "Retry-After: "));
}

static void a_name_in_use_is_not_announced_again_by_mistake(void **state)
{
    (void)state;
    enrol("till-5", 3, "till-5");
    assert_int_equal(announce("till-5", 4), 409);
    assert_true(is_problem("exists"));
    assert_int_equal(
        ask((struct ask){.method = "POST",
                         .path = "/v1/admin/devices",
                         .token = admin,
                         .body = "{\"device\":\"till-5\",\"epoch\":3,\"replace\":true,"
                                 "\"delta_inverse\":\"" SCALAR "\"}"}),
        409);
    assert_true(is_problem("epoch-used"));
    assert_int_equal(json_get_int(answer.json, "newest", 0), 3);
    assert_int_equal(ping("till-5"), 200);
    assert_int_equal(
        ask((struct ask){.method = "POST",
                         .path = "/v1/admin/devices",
                         .token = admin,
                         .body = "{\"device\":\"till-5\",\"epoch\":4,\"replace\":true,"
                                 "\"delta_inverse\":\"" SCALAR "\"}"}),
        201);
    assert_int_equal(ping("till-5"), 401);
}

static void an_announcement_is_checked_member_by_member(void **state)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"device\":\"till-6\"",
        "{\"device\":\"Till 6\",\"epoch\":1,\"delta_inverse\":\"" SCALAR "\"}",
        "{\"device\":\"till-6\",\"epoch\":0,\"delta_inverse\":\"" SCALAR "\"}",
        "{\"device\":\"till-6\",\"epoch\":65536,\"delta_inverse\":\"" SCALAR "\"}",
        "{\"device\":\"till-6\",\"epoch\":1,\"delta_inverse\":\"00\"}",
        "{\"device\":\"till-6\",\"epoch\":1,\"delta_inverse\":\"" SCALAR "\",\"more\":1}",
        "{\"device\":\"till-6\",\"epoch\":1,\"delta_inverse\":\"0000000000000000000000000000"
        "000000000000000000000000000000000000\"}"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(ask((struct ask){.method = "POST",
                                          .path = "/v1/admin/devices",
                                          .token = custodian,
                                          .body = bad[i]}),
                         400);
        assert_true(is_problem("malformed"));
    }
}

/* ---- devices ---------------------------------------------------------------------- */

static void a_device_without_its_certificate_is_nobody(void **state)
{
    (void)state;
    assert_int_equal(ping(NULL), 401);
    assert_true(is_problem("certificate-required"));
    assert_int_equal(
        ask((struct ask){.method = "GET", .path = "/v1/device/ping", .token = admin}), 401);
}

static void the_servers_own_certificate_is_no_devices(void **state)
{
    char from[FILE_PATH_BYTES_MAX];
    uint8_t *text = NULL;
    size_t len = 0;
    (void)state;
    path_of(from, "hub/server.pem", "");
    assert_int_equal(file_read(from, 8192, &text, &len), DL_OK);
    save("server", ".crt", (char *)text);
    free(text);
    path_of(from, "hub/server.key", "");
    assert_int_equal(file_read(from, 8192, &text, &len), DL_OK);
    save("server", ".key", (char *)text);
    free(text);
    assert_int_equal(ping("server"), 401);
    assert_true(is_problem("unknown-certificate"));
}

static void a_certificate_of_another_ca_is_unknown(void **state)
{
    struct pki_pem key, ca, csr, cert;
    uint8_t serial[PKI_SERIAL_BYTES];
    int64_t now_ms = clock_wall_ms();
    (void)state;
    assert_int_equal(pki_key_make(&key), DL_OK);
    assert_int_equal(pki_ca_make("hub.example.com hub CA", &key, now_ms, &ca), DL_OK);
    assert_int_equal(pki_csr_make(&device_key, "till-1", &csr), DL_OK);
    assert_int_equal(
        pki_device_issue(&ca, &key, csr.text, "till-1", now_ms, 60000, &cert, serial), DL_OK);
    save("foreign", ".crt", cert.text);
    save("foreign", ".key", device_key.text);
    assert_int_not_equal(ping("foreign"), 200);
}

static void our_cas_certificate_that_the_store_does_not_know_is_unknown(void **state)
{
    struct tls_ca ca;
    struct pki_pem csr, cert;
    uint8_t serial[PKI_SERIAL_BYTES];
    (void)state;
    assert_int_equal(tls_ca_load(hub_dir, &ca, NULL), DL_OK);
    assert_int_equal(pki_csr_make(&device_key, "till-1", &csr), DL_OK);
    assert_int_equal(pki_device_issue(&ca.cert, &ca.key, csr.text, "till-1", clock_wall_ms(),
                                      60000, &cert, serial),
                     DL_OK);
    save("forged", ".crt", cert.text);
    save("forged", ".key", device_key.text);
    assert_int_equal(ping("forged"), 401);
    assert_true(is_problem("unknown-certificate"));
}

static void a_certificate_is_renewed_over_the_old_one(void **state)
{
    (void)state;
    enrol("till-7", 1, "till-7");
    assert_int_equal(send_json("/v1/device/certificate", "till-7", csr_with(json_object())),
                     201);
    save("till-7b", ".crt", said("certificate"));
    save("till-7b", ".key", device_key.text);
    assert_int_equal(ping("till-7b"), 200);
    assert_string_equal(said("device"), "till-7");
    assert_int_equal(ping("till-7"), 200);
    assert_int_equal(send_json("/v1/device/certificate", NULL, csr_with(json_object())), 401);
}

static void an_expired_certificate_is_refused(void **state)
{
    (void)state;
    settings.device_cert_life_ms = 1000;
    enrol("till-8", 1, "till-8");
    clock_sleep_ms(2100);
    assert_int_not_equal(ping("till-8"), 200);
}

static void a_revoked_device_is_refused_at_once(void **state)
{
    (void)state;
    enrol("till-9", 1, "till-9");
    assert_int_equal(ping("till-9"), 200);
    assert_int_equal(
        ask((struct ask){.method = "DELETE", .path = "/v1/devices/till-9", .token = admin}),
        409);
    assert_int_equal(ask((struct ask){.method = "POST",
                                      .path = "/v1/devices/till-9/revoke",
                                      .token = admin}),
                     200);
    assert_int_equal(ping("till-9"), 403);
    assert_true(is_problem("revoked"));
    assert_int_equal(
        ask((struct ask){.method = "POST", .path = BATCHES, .cert = "till-9", .body = "DLB1"}),
        403);
    assert_true(is_problem("revoked"));
    assert_int_equal(send_json("/v1/device/certificate", "till-9", csr_with(json_object())),
                     403);
}

static void a_removed_name_is_enrolled_anew_and_the_old_certificate_stays_out(void **state)
{
    (void)state;
    enrol("till-10", 1, "till-10");
    assert_int_equal(devices_revoke(hub->store, "till-10", "test", 5), DL_OK);
    assert_int_equal(devices_remove(hub->store, "till-10", "test", 6), DL_OK);
    assert_int_equal(devices_remove(hub->store, "till-10", "test", 7), DL_E_NOT_FOUND);
    assert_int_equal(ping("till-10"), 401);
    assert_int_equal(announce("till-10", 1), 409);
    enrol("till-10", 2, "till-10b");
    assert_int_equal(ping("till-10b"), 200);
    assert_int_equal(ping("till-10"), 401);
    assert_int_equal(ask((struct ask){.method = "GET", .path = "/v1/devices", .token = viewer}),
                     200);
    assert_non_null(strstr(answer.body, "\"till-10\""));
}

static void a_batch_that_is_none_is_malformed(void **state)
{
    (void)state;
    enrol("till-11", 1, "till-11");
    assert_int_equal(
        ask((struct ask){
            .method = "POST", .path = BATCHES, .cert = "till-11", .body = "not a frame"}),
        400);
    assert_true(is_problem("malformed"));
    assert_int_equal(ask((struct ask){.method = "POST",
                                      .path = "/v1/streams/zz/batches",
                                      .cert = "till-11",
                                      .body = "DLB1"}),
                     400);
}

/* A frame of `count` visits from `first_seq` on, under a segment of its own. */
static size_t make_frame(uint64_t first_seq, size_t count, uint8_t flags,
                         uint8_t ret[static BODY_MAX])
{
    static uint8_t bodies[8][512];
    static const char json[] = "{\"type\":\"visit\",\"time\":\"2026-11-24T10:00:00Z\","
                               "\"data\":{\"store_id\":\"9\"}}";
    struct wire_head head = {.flags = flags,
                             .base_seq = 1,
                             .first_seq = first_seq,
                             .wall_ms = clock_wall_ms(),
                             .mono_ms = clock_mono_ms()};
    struct wire_segment segment;
    struct wire_record records[8];
    struct seal_segment *sealer = NULL;
    uint8_t hub_public[SEAL_PUBLIC_BYTES], plain[512];
    size_t len = 0;
    assert_true(bytes_from_hex(head.stream, sizeof head.stream, STREAM));
    memcpy(segment.stream, head.stream, sizeof segment.stream);
    memset(segment.id, (int)first_seq, sizeof segment.id);
    seal_key_public(hub->seal_key, hub_public);
    assert_int_equal(seal_segment_make(&sealer, hub_public, head.boot_id, segment.header),
                     DL_OK);
    for (size_t i = 0; i < count; i++) {
        struct record rec = {.wall_ms = head.wall_ms,
                             .mono_ms = head.mono_ms,
                             .json = json,
                             .json_len = sizeof json - 1};
        assert_int_equal(record_encode(&rec, plain, sizeof plain, &len), DL_OK);
        assert_int_equal(seal_record(sealer, head.stream, first_seq + i, plain, len, bodies[i]),
                         DL_OK);
        records[i] = (struct wire_record){.body = bodies[i], .body_len = len + SEAL_OVERHEAD};
    }
    seal_segment_free(sealer);
    assert_int_equal(wire_encode(&head, &segment, 1, records, count, ret, BODY_MAX, &len),
                     DL_OK);
    return len;
}

static long send_frame(const char *cert, uint64_t first_seq, size_t count, uint8_t flags)
{
    static uint8_t frame[BODY_MAX];
    size_t len = make_frame(first_seq, count, flags, frame);
    return ask((struct ask){.method = "POST",
                            .path = BATCHES,
                            .cert = cert,
                            .body = (const char *)frame,
                            .body_len = len});
}

static void a_batch_is_answered_with_its_receipt(void **state)
{
    (void)state;
    enrol("till-14", 1, "till-14");
    enrol("till-15", 1, "till-15");
    assert_int_equal(send_frame("till-14", 1, 3, 0), 200);
    assert_string_equal(said("stream"), STREAM);
    assert_int_equal(json_get_int(answer.json, "durable_seq", 0), 3);
    assert_int_equal(json_get_int(answer.json, "quarantined", -1), 0);
    assert_int_equal(send_frame("till-14", 6, 2, 0), 409);
    assert_true(is_problem("gap"));
    assert_int_equal(json_get_int(answer.json, "expected", 0), 4);
    assert_int_equal(send_frame("till-14", 6, 2, WIRE_FLAG_GAP), 200);
    assert_int_equal(json_get_int(answer.json, "durable_seq", 0), 7);
    assert_int_equal(send_frame("till-14", 2, 2, 0), 409);
    assert_true(is_problem("stream-forked"));
    assert_int_equal(json_get_int(answer.json, "forked_at", 0), 2);
    assert_int_equal(send_frame("till-15", 8, 1, 0), 409);
    assert_true(is_problem("stream-taken"));
    assert_int_equal(ask((struct ask){.method = "GET", .path = "/v1/stats", .token = viewer}),
                     200);
    assert_int_equal(json_get_int(answer.json, "events", 0), 5);
}

static void an_export_streams_every_event_and_is_audited(void **state)
{
    (void)state;
    assert_int_equal(
        ask((struct ask){.method = "GET", .path = "/v1/export/events", .token = viewer}), 200);
    assert_non_null(strstr(answer.headers, "application/x-ndjson"));
    size_t lines = 0;
    for (size_t i = 0; i < answer.body_len; i++)
        lines += answer.body[i] == '\n';
    assert_int_equal(lines, 5);
    assert_int_equal(ask((struct ask){.method = "GET",
                                      .path = "/v1/export/events?format=csv",
                                      .token = viewer}),
                     200);
    assert_non_null(strstr(answer.headers, "text/csv"));
    assert_int_equal(ask((struct ask){.method = "GET",
                                      .path = "/v1/export/events?format=xml",
                                      .token = viewer}),
                     400);
    assert_int_equal(
        ask((struct ask){.method = "GET", .path = "/v1/export/keys", .token = viewer}), 404);
    assert_int_equal(ask((struct ask){.method = "GET", .path = "/v1/audit", .token = viewer}),
                     200);
    assert_non_null(strstr(answer.body, "\"token v\",\"what\":\"export\""));
}

static void an_id_that_is_no_profiles_is_told_apart(void **state)
{
    (void)state;
    struct ask profile = {.method = "GET", .path = "/v1/profiles/jane", .token = viewer};
    assert_int_equal(ask(profile), 400);
    profile.path = "/v1/profiles/p_000000000000000000000000";
    assert_int_equal(ask(profile), 404);
    assert_true(is_problem("no-profile"));
}

static void a_body_past_its_limit_is_refused_and_the_connection_lives(void **state)
{
    size_t len = (size_t)5 * 1024 * 1024;
    char *big = calloc(1, len);
    (void)state;
    enrol("till-12", 1, "till-12");
    assert_int_equal(ask((struct ask){.method = "POST",
                                      .path = BATCHES,
                                      .cert = "till-12",
                                      .body = big,
                                      .body_len = len}),
                     413);
    assert_true(is_problem("too-large"));
    assert_int_equal(
        ask((struct ask){
            .method = "POST", .path = "/v1/enroll", .body = big, .body_len = 64 * 1024}),
        413);
    free(big);
}

static void without_updates_a_device_gets_204(void **state)
{
    (void)state;
    enrol("till-13", 1, "till-13");
    struct ask updates = {
        .method = "GET", .path = "/v1/device/updates?since=0", .cert = "till-13"};
    assert_int_equal(ask(updates), 204);
    updates.path = "/v1/device/updates?since=x";
    assert_int_equal(ask(updates), 400);
}

/* ---- the server's certificate ----------------------------------------------------- */

static void the_servers_certificate_is_made_anew_when_it_nears_its_end(void **state)
{
    struct tls_ca ca;
    struct address listen;
    struct dl_why why = {""};
    bool renewed = true;
    int64_t now_ms = clock_wall_ms(), day_ms = (int64_t)24 * 3600 * 1000;
    (void)state;
    assert_int_equal(tls_ca_load(hub_dir, &ca, &why), DL_OK);
    assert_int_equal(address_parse(&listen, "127.0.0.1:0", &why), DL_OK);
    assert_int_equal(
        tls_server_renew(hub_dir, &ca, "hub.example.com", &listen, now_ms, &renewed, &why),
        DL_OK);
    assert_false(renewed);
    assert_int_equal(
        tls_server_renew(hub_dir, &ca, "other.example.com", &listen, now_ms, &renewed, &why),
        DL_OK);
    assert_true(renewed);
    assert_int_equal(tls_server_renew(hub_dir, &ca, "other.example.com", &listen,
                                      now_ms + 672 * day_ms, &renewed, &why),
                     DL_OK);
    assert_true(renewed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(health_needs_no_token),
        cmocka_unit_test(every_answer_says_whose_it_is),
        cmocka_unit_test(tls_below_1_3_is_refused),
        cmocka_unit_test(what_is_not_there_is_told_from_what_is_not_taken),
        cmocka_unit_test(a_role_opens_its_own_paths),
        cmocka_unit_test(metrics_are_prometheus_text),
        cmocka_unit_test(a_token_taken_back_opens_nothing),
        cmocka_unit_test_setup(a_secret_enrols_once, restart),
        cmocka_unit_test_setup(a_bad_request_for_a_certificate_spends_nothing, restart),
        cmocka_unit_test_setup(a_secret_expires, restart),
        cmocka_unit_test_setup(who_fails_too_often_has_to_wait, restart),
        cmocka_unit_test_setup(a_name_in_use_is_not_announced_again_by_mistake, restart),
        cmocka_unit_test(an_announcement_is_checked_member_by_member),
        cmocka_unit_test(a_device_without_its_certificate_is_nobody),
        cmocka_unit_test(the_servers_own_certificate_is_no_devices),
        cmocka_unit_test(a_certificate_of_another_ca_is_unknown),
        cmocka_unit_test(our_cas_certificate_that_the_store_does_not_know_is_unknown),
        cmocka_unit_test(a_certificate_is_renewed_over_the_old_one),
        cmocka_unit_test_setup(an_expired_certificate_is_refused, restart),
        cmocka_unit_test_setup(a_revoked_device_is_refused_at_once, restart),
        cmocka_unit_test(a_removed_name_is_enrolled_anew_and_the_old_certificate_stays_out),
        cmocka_unit_test(a_batch_that_is_none_is_malformed),
        cmocka_unit_test(a_batch_is_answered_with_its_receipt),
        cmocka_unit_test(an_export_streams_every_event_and_is_audited),
        cmocka_unit_test(an_id_that_is_no_profiles_is_told_apart),
        cmocka_unit_test(a_body_past_its_limit_is_refused_and_the_connection_lives),
        cmocka_unit_test(without_updates_a_device_gets_204),
        cmocka_unit_test(the_servers_certificate_is_made_anew_when_it_nears_its_end),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
