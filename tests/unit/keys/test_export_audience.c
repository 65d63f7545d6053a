#include "tests/unit/crypto/scratch.h"

#include "keys/export_audience.h"
#include "keys/row_set.h"

#include <sodium.h>
#include <stdio.h>

#define NOW_MS INT64_C(1795503600000)

struct world {
    struct custodian_share *share;
    struct keyring *kr;
    uint8_t pub[AUDIENCE_PUBLIC_BYTES];
    FILE *in, *out;
    size_t sets;
};

static int world_open(void **state)
{
    static struct world w;
    struct hub_share *hub = NULL;
    w = (struct world){.sets = 0};
    if (crypto_start(state))
        return -1;
    assert_int_equal(custodian_draw(&w.share, &hub), DL_OK);
    hub_share_free(hub);
    assert_int_equal(keyring_make(&w.kr, w.share, NULL, NULL, 0, NOW_MS), DL_OK);
    assert_int_equal(keyring_add_audience(w.kr, w.share, NOW_MS), DL_OK);
    memcpy(w.pub, w.kr->audience[0].public, sizeof w.pub);
    w.in = tmpfile();
    w.out = tmpfile();
    assert_true(w.in && w.out);
    *state = &w;
    return 0;
}

static int world_close(void **state)
{
    struct world *w = *state;
    fclose(w->in);
    fclose(w->out);
    keyring_free(w->kr);
    custodian_share_free(w->share);
    return 0;
}

static void head(struct world *w, int count)
{
    uint8_t id[AUDIENCE_KEY_ID_BYTES];
    char hex[2 * AUDIENCE_KEY_ID_BYTES + 1];
    audience_key_id(w->pub, id);
    bytes_to_hex(hex, id, sizeof id);
    fprintf(
        w->in,
        "{\"format\":\"dunlin-audience-1\",\"hub\":\"hub.example.com\",\"made_at\":"
        "\"2026-11-24T07:00:00.000Z\",\"count\":%d,\"keys\":[{\"fingerprint\":\"%s\","
        "\"count\":1},{\"fingerprint\":\"00112233445566778899aabbccddeeff\",\"count\":1}]}\n",
        count, hex);
}

static void line(struct world *w, int key, const uint8_t *plain, size_t len)
{
    uint8_t sealed[RECORD_SEALED_BYTES_MAX];
    char base64[4096];
    assert_int_equal(audience_seal(w->pub, plain, len, sealed), DL_OK);
    sodium_bin2base64(base64, sizeof base64, sealed, len + AUDIENCE_SEAL_OVERHEAD,
                      sodium_base64_VARIANT_ORIGINAL);
    fprintf(w->in, "{\"key\":%d,\"sealed\":\"%s\"}\n", key, base64);
}

static bool add(struct audience_writer *to, uint8_t scheme, uint8_t field, const char *text)
{
    uint8_t digest[32];
    struct audience_value v = {scheme, field, AUDIENCE_CLEAR, (uint8_t)strlen(text),
                               (const uint8_t *)text};
    if (text[0] == '#') { /* its SHA-256 */
        crypto_hash_sha256(digest, (const uint8_t *)text + 1, strlen(text) - 1);
        v = (struct audience_value){scheme, field, AUDIENCE_SHA256, sizeof digest, digest};
    }
    return audience_writer_add(to, &v);
}

/* A customer of google: address columns where `zip` is not NULL. */
static void google(struct world *w, const char *email, const char *zip)
{
    uint8_t plain[AUDIENCE_SET_BYTES_MAX];
    struct audience_writer to;
    audience_writer_init(&to, plain);
    if (email)
        assert_true(add(&to, AUDIENCE_GOOGLE, AUDIENCE_EMAIL, email));
    assert_true(add(&to, AUDIENCE_GOOGLE, AUDIENCE_GIVEN_NAME, "#jane"));
    assert_true(add(&to, AUDIENCE_GOOGLE, AUDIENCE_SURNAME, "#doe"));
    assert_true(add(&to, AUDIENCE_GOOGLE, AUDIENCE_COUNTRY, "DE"));
    if (zip)
        assert_true(add(&to, AUDIENCE_GOOGLE, AUDIENCE_POSTCODE, zip));
    line(w, 0, plain, audience_writer_end(&to));
    w->sets++;
}

static enum dl_err run(struct world *w, enum upload upload, struct export_counts *ret,
                       char *ret_text, size_t cap)
{
    struct audience_head got;
    struct dl_why why = {""};
    rewind(w->in);
    enum dl_err err = export_audience(w->kr, w->share, upload, w->in, w->out, &got, ret, &why);
    rewind(w->out);
    ret_text[fread(ret_text, 1, cap - 1, w->out)] = '\0';
    assert_true(!err || why.text[0]);
    return err;
}

static void rows_are_written_once(void **state)
{
    struct world *w = *state;
    struct export_counts c;
    char text[4096];
    head(w, 3);
    google(w, "#a@x.de", "50667");
    google(w, "#a@x.de", "50667");
    google(w, "#b@x.de", NULL);
    assert_int_equal(run(w, UPLOAD_GOOGLE, &c, text, sizeof text), DL_OK);
    assert_true(c.sets == 3 && c.rows == 2 && c.repeats == 1);
    assert_non_null(strstr(text, "Email,Phone,First Name,Last Name,Country,Zip\r\n"));
    assert_non_null(strstr(text, ",DE,50667\r\n"));
    assert_non_null(strstr(text, ",,,,,\r\n")); /* half an address is none */
}

static void clear_text_cannot_leave_its_cell(void **state)
{
    static const char *const bad[] = {"=1+2", "5,6", "5\"6", "5\n6", "-56", " 56", "@x"};
    struct world *w = *state;
    struct export_counts c;
    char text[8192];
    head(w, 7);
    for (size_t i = 0; i < 7; i++) {
        char email[16];
        snprintf(email, sizeof email, "#%zu@x.de", i);
        google(w, email, bad[i]);
    }
    assert_int_equal(run(w, UPLOAD_GOOGLE, &c, text, sizeof text), DL_OK);
    assert_int_equal(c.rows, 7);
    assert_null(strstr(text, "DE"));
}

static void what_cannot_be_opened_is_counted(void **state)
{
    struct world *w = *state;
    struct export_counts c;
    char text[4096];
    uint8_t plain[AUDIENCE_SET_BLOCK] = {9}; /* no version of ours */
    head(w, 4);
    google(w, "#a@x.de", "50667");
    line(w, 0, plain, sizeof plain);
    line(w, 1, plain, sizeof plain);
    google(w, NULL, NULL); /* names, and no address */
    assert_int_equal(run(w, UPLOAD_GOOGLE, &c, text, sizeof text), DL_OK);
    assert_true(c.sets == 4 && c.rows == 1 && c.damaged == 1 && c.other_key == 1 &&
                c.nothing == 1);
}

static void a_keyring_that_opens_none_is_told_so(void **state)
{
    struct world *w = *state;
    struct export_counts c;
    char text[4096];
    uint8_t plain[AUDIENCE_SET_BLOCK] = {1};
    head(w, 1);
    line(w, 1, plain, sizeof plain);
    assert_int_equal(run(w, UPLOAD_META, &c, text, sizeof text), DL_E_AUTH);
}

static void an_older_key_of_the_keyring_still_opens(void **state)
{
    struct world *w = *state;
    struct export_counts c;
    char text[4096];
    head(w, 1);
    google(w, "#a@x.de", NULL);
    assert_int_equal(keyring_add_audience(w->kr, w->share, NOW_MS), DL_OK);
    assert_int_equal(run(w, UPLOAD_GOOGLE, &c, text, sizeof text), DL_OK);
    assert_int_equal(c.rows, 1);
}

static void a_file_that_is_none_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "{}\n",
        "no json\n",
        "{\"format\":\"dunlin-audience-2\",\"hub\":\"h\",\"made_at\":\"t\",\"count\":0,"
        "\"keys\":[]}\n",
        "{\"format\":\"dunlin-audience-1\",\"hub\":\"h\",\"made_at\":\"t\",\"count\":-1,"
        "\"keys\":[]}\n",
        "{\"format\":\"dunlin-audience-1\",\"hub\":\"h\\u001b[2J\",\"made_at\":\"t\",\"count\":"
        "0,"
        "\"keys\":[]}\n",
        "{\"format\":\"dunlin-audience-1\",\"hub\":\"h\",\"made_at\":\"t\",\"count\":0,"
        "\"keys\":[{\"fingerprint\":\"00\"}]}\n",
        "{\"format\":\"dunlin-audience-1\",\"hub\":\"h\",\"made_at\":\"t\",\"count\":1,"
        "\"keys\":[]}\n",
        "{\"format\":\"dunlin-audience-1\",\"hub\":\"h\",\"made_at\":\"t\",\"count\":1,"
        "\"keys\":[]}\n{\"key\":0,\"sealed\":\"AAAA\"}\n",
    };
    struct world *w = *state;
    struct export_counts c;
    char text[4096];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        FILE *in = tmpfile();
        fputs(bad[i], in);
        fclose(w->in);
        w->in = in;
        assert_int_equal(run(w, UPLOAD_META, &c, text, sizeof text), DL_E_CORRUPT);
    }
}

static void a_row_set_remembers_many(void **state)
{
    (void)state;
    struct row_set *set = row_set_make();
    bool is_new = false;
    for (int again = 0; again < 2; again++)
        for (int i = 0; i < 20000; i++) {
            char row[16];
            int len = snprintf(row, sizeof row, "%d", i);
            assert_int_equal(row_set_add(set, row, (size_t)len, &is_new), DL_OK);
            assert_int_equal(is_new, !again);
        }
    row_set_free(set);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_open, world_close)
    const struct CMUnitTest tests[] = {
        TEST(rows_are_written_once),
        TEST(clear_text_cannot_leave_its_cell),
        TEST(what_cannot_be_opened_is_counted),
        TEST(a_keyring_that_opens_none_is_told_so),
        TEST(an_older_key_of_the_keyring_still_opens),
        TEST(a_file_that_is_none_is_refused),
        cmocka_unit_test(a_row_set_remembers_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
