#include "tests/unit/crypto/scratch.h"

#include "crypto/pki.h"
#include "crypto/pki_internal.h"

#include <mbedtls/ecp.h>
#include <mbedtls/oid.h>
#include <mbedtls/x509_crt.h>
#include <sodium.h>
#include <stdio.h>

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)
#define NOW_MS INT64_C(1795503600000) /* 2026-11-24 */

/* Every test may use a CA; a key costs two milliseconds. */
static struct pki_pem ca_key, ca_cert, device_key, csr;
static uint8_t serial[PKI_SERIAL_BYTES];

static int make_ca(void **state)
{
    if (crypto_start(state))
        return -1;
    assert_int_equal(pki_key_make(&ca_key), DL_OK);
    assert_int_equal(pki_ca_make("hub.example.com CA", &ca_key, NOW_MS, &ca_cert), DL_OK);
    assert_int_equal(pki_key_make(&device_key), DL_OK);
    assert_int_equal(pki_csr_make(&device_key, "till-3", &csr), DL_OK);
    return 0;
}

static mbedtls_x509_crt *parsed(const struct pki_pem *cert)
{
    static mbedtls_x509_crt crt;
    mbedtls_x509_crt_init(&crt);
    assert_int_equal(
        mbedtls_x509_crt_parse(&crt, (const unsigned char *)cert->text, strlen(cert->text) + 1),
        0);
    return &crt;
}

/* Flags of Mbed TLS's own chain check; `host` NULL: any. */
static uint32_t flags_of(const struct pki_pem *cert, const struct pki_pem *ca, const char *host)
{
    uint32_t flags = 0;
    mbedtls_x509_crt trusted;
    mbedtls_x509_crt_init(&trusted);
    assert_int_equal(
        mbedtls_x509_crt_parse(&trusted, (const unsigned char *)ca->text, strlen(ca->text) + 1),
        0);
    mbedtls_x509_crt *crt = parsed(cert);
    (void)mbedtls_x509_crt_verify(crt, &trusted, NULL, host, &flags, NULL, NULL);
    mbedtls_x509_crt_free(crt);
    mbedtls_x509_crt_free(&trusted);
    /* The machine's own clock is not what these tests ask about. */
    return flags & ~(uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE);
}

static void a_ca_says_its_name_and_lives_ten_years(void **state)
{
    (void)state;
    struct pki_info info;
    assert_int_equal(pki_cert_info(ca_cert.text, &info), DL_OK);
    assert_string_equal(info.common_name, "hub.example.com CA");
    assert_int_equal(info.not_before_ms, NOW_MS - DAY_MS);
    assert_int_equal(info.not_after_ms, NOW_MS + PKI_CA_DAYS * DAY_MS);
    mbedtls_x509_crt *crt = parsed(&ca_cert);
    assert_true(mbedtls_x509_crt_get_ca_istrue(crt));
    assert_int_equal(mbedtls_x509_crt_check_key_usage(crt, MBEDTLS_X509_KU_KEY_CERT_SIGN), 0);
    mbedtls_x509_crt_free(crt);
    assert_int_equal(flags_of(&ca_cert, &ca_cert, NULL), 0);
}

static void a_ca_name_that_a_dn_would_read_otherwise_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",     "a,O=b", "a+b", "a=b",         "#a",  "a\\b",
                                      "a\"b", " a",    "a ",  "K\xc3\xa4se", "a\nb"};
    struct pki_pem cert;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(pki_ca_make(bad[i], &ca_key, NOW_MS, &cert), DL_E_INPUT);
}

static void a_server_answers_to_each_of_its_names_and_no_other(void **state)
{
    (void)state;
    static const char *const names[] = {"hub.example.com", "localhost", "127.0.0.1", "::1"};
    struct pki_pem key, cert;
    struct pki_info info;
    assert_int_equal(pki_key_make(&key), DL_OK);
    assert_int_equal(pki_server_make(&ca_cert, &ca_key, &key, names, 4, NOW_MS, &cert), DL_OK);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(flags_of(&cert, &ca_cert, names[i]), 0);
    assert_int_equal(flags_of(&cert, &ca_cert, "127.0.0.2"), MBEDTLS_X509_BADCERT_CN_MISMATCH);
    assert_int_equal(flags_of(&cert, &ca_cert, "dunlin-hub"), MBEDTLS_X509_BADCERT_CN_MISMATCH);
    assert_int_equal(pki_cert_info(cert.text, &info), DL_OK);
    assert_int_equal(info.not_after_ms, NOW_MS + PKI_SERVER_DAYS * DAY_MS);
    assert_true(pki_key_fits(&key, cert.text));
    assert_false(pki_key_fits(&device_key, cert.text));
}

static void a_server_is_no_client_and_a_device_is_both(void **state)
{
    (void)state;
    static const char *const names[] = {"localhost"};
    struct pki_pem cert;
    assert_int_equal(pki_server_make(&ca_cert, &ca_key, &device_key, names, 1, NOW_MS, &cert),
                     DL_OK);
    const char *const client = MBEDTLS_OID_CLIENT_AUTH, *const server = MBEDTLS_OID_SERVER_AUTH;
    size_t len = MBEDTLS_OID_SIZE(MBEDTLS_OID_CLIENT_AUTH);
    mbedtls_x509_crt *crt = parsed(&cert);
    assert_int_equal(mbedtls_x509_crt_check_extended_key_usage(crt, server, len), 0);
    assert_int_not_equal(mbedtls_x509_crt_check_extended_key_usage(crt, client, len), 0);
    mbedtls_x509_crt_free(crt);

    assert_int_equal(pki_device_issue(&ca_cert, &ca_key, csr.text, "till-3", NOW_MS,
                                      30 * DAY_MS, &cert, serial),
                     DL_OK);
    crt = parsed(&cert);
    assert_int_equal(mbedtls_x509_crt_check_extended_key_usage(crt, client, len), 0);
    assert_int_equal(mbedtls_x509_crt_check_extended_key_usage(crt, server, len), 0);
    assert_int_not_equal(mbedtls_x509_crt_check_key_usage(crt, MBEDTLS_X509_KU_KEY_CERT_SIGN),
                         0);
    assert_false(mbedtls_x509_crt_get_ca_istrue(crt));
    mbedtls_x509_crt_free(crt);
}

static void a_name_that_is_neither_host_nor_address_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",   "a b", "http://a", "a..b",   ".a",
                                      "-a", "*.a", "a/b",      "a:8443", "K\xc3\xa4se"};
    struct pki_pem cert;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(
            pki_server_make(&ca_cert, &ca_key, &device_key, &bad[i], 1, NOW_MS, &cert),
            DL_E_INPUT);
    assert_int_equal(pki_server_make(&ca_cert, &ca_key, &device_key, bad, 0, NOW_MS, &cert),
                     DL_E_INPUT);
}

static void a_device_certificate_is_for_the_name_the_hub_gives(void **state)
{
    (void)state;
    struct pki_pem cert;
    struct pki_info info;
    assert_int_equal(pki_device_issue(&ca_cert, &ca_key, csr.text, "kiosk-9", NOW_MS,
                                      PKI_DEVICE_DAYS * DAY_MS, &cert, serial),
                     DL_OK);
    assert_int_equal(pki_cert_info(cert.text, &info), DL_OK);
    assert_string_equal(info.common_name, "kiosk-9"); /* the request says till-3 */
    assert_int_equal(info.not_before_ms, NOW_MS - 5 * 60 * 1000);
    assert_int_equal(info.not_after_ms, NOW_MS + PKI_DEVICE_DAYS * DAY_MS);
    assert_memory_equal(info.serial, serial, sizeof serial);
    assert_int_equal(flags_of(&cert, &ca_cert, NULL), 0);
    assert_true(pki_key_fits(&device_key, cert.text));
}

static void a_device_named_like_the_hub_does_not_pass_for_it(void **state)
{
    (void)state;
    static const char *const hubs[] = {"hub.example.com", "localhost", "127.0.0.1"};
    struct pki_pem cert;
    for (size_t i = 0; i < sizeof hubs / sizeof hubs[0]; i++) {
        char host[PKI_DEVICE_HOST_BYTES];
        assert_int_equal(pki_device_issue(&ca_cert, &ca_key, csr.text, hubs[i], NOW_MS, DAY_MS,
                                          &cert, serial),
                         DL_OK);
        assert_int_equal(flags_of(&cert, &ca_cert, hubs[i]), MBEDTLS_X509_BADCERT_CN_MISMATCH);
        pki_device_host(hubs[i], host);
        assert_int_equal(flags_of(&cert, &ca_cert, host), 0);
        assert_int_equal(flags_of(&cert, &ca_cert, "till-3.device.invalid"),
                         MBEDTLS_X509_BADCERT_CN_MISMATCH);
    }
}

static void a_certificate_of_another_ca_is_not_trusted(void **state)
{
    (void)state;
    struct pki_pem key, other, cert;
    assert_int_equal(pki_key_make(&key), DL_OK);
    assert_int_equal(pki_ca_make("hub.example.com CA", &key, NOW_MS, &other), DL_OK);
    assert_int_equal(
        pki_device_issue(&other, &key, csr.text, "till-3", NOW_MS, DAY_MS, &cert, serial),
        DL_OK);
    assert_int_equal(flags_of(&cert, &ca_cert, NULL), MBEDTLS_X509_BADCERT_NOT_TRUSTED);
}

static void serials_are_sixteen_bytes_and_positive(void **state)
{
    (void)state;
    uint8_t last[PKI_SERIAL_BYTES] = {0};
    struct pki_pem cert;
    for (int i = 0; i < 8; i++) {
        assert_int_equal(pki_device_issue(&ca_cert, &ca_key, csr.text, "till-3", NOW_MS, DAY_MS,
                                          &cert, serial),
                         DL_OK);
        assert_int_equal(serial[0] & 0x80, 0);
        assert_int_not_equal(serial[0], 0);
        assert_memory_not_equal(serial, last, sizeof last);
        memcpy(last, serial, sizeof last);
    }
}

static void nothing_outlives_its_ca(void **state)
{
    (void)state;
    struct pki_pem cert;
    struct pki_info info;
    int64_t end = NOW_MS + PKI_CA_DAYS * DAY_MS;
    assert_int_equal(pki_device_issue(&ca_cert, &ca_key, csr.text, "till-3", end - DAY_MS,
                                      30 * DAY_MS, &cert, serial),
                     DL_OK);
    assert_int_equal(pki_cert_info(cert.text, &info), DL_OK);
    assert_int_equal(info.not_after_ms, end);
    assert_int_equal(pki_device_issue(&ca_cert, &ca_key, csr.text, "till-3", end, 30 * DAY_MS,
                                      &cert, serial),
                     DL_E_INPUT);
}

/* DER of the request, and a request made of DER. */
static size_t der_of(const struct pki_pem *pem, uint8_t *ret, size_t cap)
{
    const char *begin = strchr(pem->text, '\n') + 1, *end = strstr(pem->text, "-----END");
    size_t len = 0;
    assert_int_equal(sodium_base642bin(ret, cap, begin, (size_t)(end - begin), "\n", &len, NULL,
                                       sodium_base64_VARIANT_ORIGINAL),
                     0);
    return len;
}

static struct pki_pem request_of(const uint8_t *der, size_t len)
{
    struct pki_pem pem;
    char base64[2048];
    sodium_bin2base64(base64, sizeof base64, der, len, sodium_base64_VARIANT_ORIGINAL);
    snprintf(pem.text, sizeof pem.text,
             "-----BEGIN CERTIFICATE REQUEST-----\n%s\n-----END CERTIFICATE REQUEST-----\n",
             base64);
    return pem;
}

static enum dl_err issue_for(const char *csr_pem)
{
    struct pki_pem cert;
    return pki_device_issue(&ca_cert, &ca_key, csr_pem, "till-3", NOW_MS, DAY_MS, &cert,
                            serial);
}

/* Somebody asks for a certificate over a key that he does not hold. */
static void a_request_with_another_key_slipped_in_is_refused(void **state)
{
    (void)state;
    struct pki_pem key, other_csr;
    uint8_t mine[2048], theirs[2048];
    assert_int_equal(pki_key_make(&key), DL_OK);
    assert_int_equal(pki_csr_make(&key, "till-3", &other_csr), DL_OK);
    size_t mine_len = der_of(&csr, mine, sizeof mine);
    size_t theirs_len = der_of(&other_csr, theirs, sizeof theirs);
    struct pki_pem same = request_of(mine, mine_len);
    assert_int_equal(issue_for(same.text), DL_OK);

    static const uint8_t point_head[] = {0x03, 0x42, 0x00, 0x04}; /* BIT STRING of a point */
    size_t at = 0;
    while (at + 68 <= mine_len && memcmp(mine + at, point_head, 4) != 0)
        at++;
    size_t from = 0;
    while (from + 68 <= theirs_len && memcmp(theirs + from, point_head, 4) != 0)
        from++;
    assert_true(at + 68 <= mine_len && from + 68 <= theirs_len);
    memcpy(mine + at, theirs + from, 68);
    struct pki_pem forged = request_of(mine, mine_len);
    assert_int_equal(issue_for(forged.text), DL_E_INPUT);
}

static void a_request_with_an_altered_byte_is_refused(void **state)
{
    (void)state;
    uint8_t der[2048];
    size_t len = der_of(&csr, der, sizeof der);
    for (size_t i = 0; i < len; i++) {
        der[i] ^= 1;
        struct pki_pem forged = request_of(der, len);
        assert_int_equal(issue_for(forged.text), DL_E_INPUT);
        der[i] ^= 1;
    }
}

static void what_is_no_request_is_refused(void **state)
{
    (void)state;
    static char huge[PKI_PEM_BYTES_MAX + 16];
    memset(huge, 'A', sizeof huge - 1);
    assert_int_equal(issue_for(""), DL_E_INPUT);
    assert_int_equal(issue_for("hello"), DL_E_INPUT);
    assert_int_equal(issue_for(ca_cert.text), DL_E_INPUT);
    assert_int_equal(issue_for(device_key.text), DL_E_INPUT);
    assert_int_equal(issue_for(huge), DL_E_INPUT);
}

static void a_key_on_another_curve_is_refused(void **state)
{
    (void)state;
    struct pki_pem key, request;
    mbedtls_pk_context pk;
    mbedtls_pk_init(&pk);
    assert_int_equal(mbedtls_pk_setup(&pk, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)), 0);
    assert_int_equal(
        mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP384R1, mbedtls_pk_ec(pk), pki_random, NULL), 0);
    assert_int_equal(mbedtls_pk_write_key_pem(&pk, (unsigned char *)key.text, sizeof key.text),
                     0);
    mbedtls_pk_free(&pk);
    assert_int_equal(pki_csr_make(&key, "till-3", &request), DL_OK);
    assert_int_equal(issue_for(request.text), DL_E_INPUT);
}

static void device_names_are_plain(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "till-3", "9", "store.9_kiosk-2"};
    static const char *const bad[] = {"",    "-a",  ".a",  "_a",  "Till",     "a b",
                                      "a/b", "a,b", "a=b", "a\n", "\xc3\xa4", ".."};
    char longest[PKI_NAME_BYTES_MAX + 2] = {0};
    memset(longest, 'a', PKI_NAME_BYTES_MAX);
    assert_true(pki_name_ok(longest));
    longest[PKI_NAME_BYTES_MAX] = 'a';
    assert_false(pki_name_ok(longest));
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(pki_name_ok(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(pki_name_ok(bad[i]));
    struct pki_pem ret;
    assert_int_equal(pki_csr_make(&device_key, "a,b", &ret), DL_E_INPUT);
    assert_int_equal(
        pki_device_issue(&ca_cert, &ca_key, csr.text, "a,b", NOW_MS, DAY_MS, &ret, serial),
        DL_E_INPUT);
}

static void renewal_is_due_at_two_thirds(void **state)
{
    (void)state;
    struct pki_info info = {.not_before_ms = 1000, .not_after_ms = 1000 + 30 * DAY_MS};
    assert_int_equal(pki_renew_ms(&info), 1000 + 20 * DAY_MS);
}

static void what_is_no_certificate_has_no_info(void **state)
{
    (void)state;
    struct pki_info info;
    assert_int_equal(pki_cert_info("", &info), DL_E_CORRUPT);
    assert_int_equal(pki_cert_info(csr.text, &info), DL_E_CORRUPT);
    assert_int_equal(pki_cert_info_der((const uint8_t *)"\x30\x03\x02\x01", 4, &info),
                     DL_E_CORRUPT);
    assert_false(pki_key_fits(&device_key, "nothing"));
}

static void der_tells_the_same_as_pem(void **state)
{
    (void)state;
    uint8_t der[2048];
    struct pki_info a, b;
    size_t len = der_of(&ca_cert, der, sizeof der);
    assert_int_equal(pki_cert_info(ca_cert.text, &a), DL_OK);
    assert_int_equal(pki_cert_info_der(der, len, &b), DL_OK);
    assert_string_equal(a.common_name, b.common_name);
    assert_memory_equal(a.serial, b.serial, sizeof a.serial);
    assert_int_equal(a.not_after_ms, b.not_after_ms);
}

static void times_survive_the_calendar(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } days[] = {
        {0, "19700101000000"},
        {INT64_C(951782400000), "20000229000000"},
        {INT64_C(951868800000), "20000301000000"},
        {INT64_C(1795503600999), "20261124070000"},
        {INT64_C(4107542399000), "21000228235959"},
        {INT64_C(4107542400000), "21000301000000"},
        {INT64_C(253402300799000), "99991231235959"},
        {-1, "19700101000000"},
    };
    char text[PKI_TIME_CHARS + 1];
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        assert_int_equal(pki_time_format(days[i].ms, text), DL_OK);
        assert_string_equal(text, days[i].text);
    }
    assert_int_equal(pki_time_format(INT64_C(253402300800000), text), DL_E_INPUT);
    for (int64_t day = 0; day < 200 * 366; day++) {
        mbedtls_x509_time t = {.sec = 1};
        assert_int_equal(pki_time_format(day * DAY_MS, text), DL_OK);
        assert_int_equal(sscanf(text, "%4d%2d%2d", &t.year, &t.mon, &t.day), 3);
        assert_int_equal(pki_time_ms(&t), day * DAY_MS + 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ca_says_its_name_and_lives_ten_years),
        cmocka_unit_test(a_ca_name_that_a_dn_would_read_otherwise_is_refused),
        cmocka_unit_test(a_server_answers_to_each_of_its_names_and_no_other),
        cmocka_unit_test(a_server_is_no_client_and_a_device_is_both),
        cmocka_unit_test(a_name_that_is_neither_host_nor_address_is_refused),
        cmocka_unit_test(a_device_certificate_is_for_the_name_the_hub_gives),
        cmocka_unit_test(a_device_named_like_the_hub_does_not_pass_for_it),
        cmocka_unit_test(a_certificate_of_another_ca_is_not_trusted),
        cmocka_unit_test(serials_are_sixteen_bytes_and_positive),
        cmocka_unit_test(nothing_outlives_its_ca),
        cmocka_unit_test(a_request_with_another_key_slipped_in_is_refused),
        cmocka_unit_test(a_request_with_an_altered_byte_is_refused),
        cmocka_unit_test(what_is_no_request_is_refused),
        cmocka_unit_test(a_key_on_another_curve_is_refused),
        cmocka_unit_test(device_names_are_plain),
        cmocka_unit_test(renewal_is_due_at_two_thirds),
        cmocka_unit_test(what_is_no_certificate_has_no_info),
        cmocka_unit_test(der_tells_the_same_as_pem),
        cmocka_unit_test(times_survive_the_calendar),
    };
    return cmocka_run_group_tests(tests, make_ca, NULL);
}
