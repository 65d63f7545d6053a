#include "tests/unit/agent/accept_case.h"

#include "agent/audience.h"
#include "agent/settings.h"
#include "sync/audience_set.h"

#include <sodium.h>

#define YES "'consent':{'profiling':true,'ad_user_data':true}"
#define WHO "'identifiers':{'email':'Jane.Doe@Example.com','phone':'0171 2345678'}"

static struct audience_key *key;

static int open_all(void **state)
{
    if (house_open(state))
        return -1;
    struct house *h = *state;
    assert_int_equal(audience_key_draw(&key), DL_OK);
    audience_key_public(key, h->settings.audience_public);
    h->settings.audience_schemes = AUDIENCE_BITS_ALL;
    house_reopen(h);
    return 0;
}

static int close_all(void **state)
{
    audience_key_free(key);
    return house_close(state);
}

/* The record of the event, read; `plain` holds the opened set. */
struct opened {
    struct record rec;
    uint8_t plain[AUDIENCE_SET_BYTES_MAX];
    struct audience_set set; /* count 0: there is no section */
};

static void take(struct house *h, const char *json, struct opened *ret)
{
    size_t at = h->writer.count;
    assert_taken(h, json);
    ret->set.count = 0;
    assert_int_equal(record_decode(h->writer.plain[at], h->writer.plain_len[at], &ret->rec),
                     DL_OK);
    const struct record_audience *a = &ret->rec.audience;
    if (!a->sealed_len)
        return;
    assert_int_equal(audience_key_open(key, a->sealed, a->sealed_len, ret->plain), DL_OK);
    assert_int_equal(
        audience_set_decode(ret->plain, a->sealed_len - AUDIENCE_SEAL_OVERHEAD, &ret->set),
        DL_OK);
}

static const struct audience_value *find(const struct opened *o, uint8_t scheme, uint8_t field)
{
    for (size_t i = 0; i < o->set.count; i++)
        if (o->set.values[i].scheme == scheme && o->set.values[i].field == field)
            return &o->set.values[i];
    return NULL;
}

static void is_digest_of(const struct opened *o, uint8_t scheme, uint8_t field,
                         const char *form)
{
    const struct audience_value *v = find(o, scheme, field);
    uint8_t want[crypto_hash_sha256_BYTES];
    assert_non_null(v);
    crypto_hash_sha256(want, (const uint8_t *)form, strlen(form));
    assert_int_equal(v->form, AUDIENCE_SHA256);
    assert_memory_equal(v->bytes, want, sizeof want);
}

static void each_platform_gets_what_it_prescribes(void **state)
{
    struct opened o;
    take(*state,
         "{'type':'visit','data':{'store_id':'9'}," YES ",'identifiers':{"
         "'email':'J.Doe@GoogleMail.com','phone':'0171 2345678','given_name':'Jane','surname':"
         "'Doe','postcode':'50667','city':'Bonn','date_of_birth':'1980-02-01','sex':'f'}}",
         &o);
    assert_int_equal(o.rec.audience.schemes, AUDIENCE_BITS_ALL);
    is_digest_of(&o, AUDIENCE_UID2, AUDIENCE_EMAIL, "j.doe@googlemail.com");
    is_digest_of(&o, AUDIENCE_GOOGLE, AUDIENCE_EMAIL, "jdoe@googlemail.com");
    is_digest_of(&o, AUDIENCE_META, AUDIENCE_PHONE, "491712345678");
    is_digest_of(&o, AUDIENCE_TIKTOK, AUDIENCE_PHONE, "+491712345678");
    is_digest_of(&o, AUDIENCE_SNAP, AUDIENCE_DATE_OF_BIRTH, "19800201");
    is_digest_of(&o, AUDIENCE_META, AUDIENCE_SEX, "f");
    is_digest_of(&o, AUDIENCE_META, AUDIENCE_COUNTRY, "de");
    assert_null(find(&o, AUDIENCE_UID2, AUDIENCE_SURNAME));
    assert_null(find(&o, AUDIENCE_GOOGLE, AUDIENCE_CITY));
    const struct audience_value *zip = find(&o, AUDIENCE_GOOGLE, AUDIENCE_POSTCODE);
    assert_int_equal(zip->form, AUDIENCE_CLEAR); /* Google compares these as they are */
    assert_memory_equal(zip->bytes, "50667", 5);
    assert_memory_equal(find(&o, AUDIENCE_GOOGLE, AUDIENCE_COUNTRY)->bytes, "DE", 2);
}

static void only_both_consents_of_the_event_itself_will_do(void **state)
{
    struct house *h = *state;
    struct opened o;
    static const char *const no[] = {
        "",
        "'consent':{'profiling':true},",
        "'consent':{'profiling':true,'ad_user_data':false},",
        "'consent':{'profiling':false,'ad_user_data':true},",
        "'consent':{'profiling':true,'marketing':true},",
    };
    h->settings.consent_default = true;
    house_reopen(h);
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
        char json[512];
        snprintf(json, sizeof json, "{'type':'visit','data':{'store_id':'9'},%s" WHO "}",
                 no[i]);
        take(h, json, &o);
        assert_int_equal(o.set.count, 0);
    }
    take(h, "{'type':'visit','data':{'store_id':'9'},'consent':{'ad_user_data':true}," WHO "}",
         &o);
    assert_true(o.set.count > 0); /* the site's default is for profiling */
    h->settings.consent_default = false;
    house_reopen(h);
    take(h, "{'type':'visit','data':{'store_id':'9'},'consent':{'ad_user_data':true}," WHO "}",
         &o);
    assert_int_equal(o.set.count, 0);
}

static void only_events_of_a_customer_have_them(void **state)
{
    struct house *h = *state;
    struct opened o;
    take(h, "{'type':'consent'," YES "," WHO "}", &o);
    assert_true(o.set.count > 0);
    take(h, "{'type':'consent','consent':{'ad_user_data':true}," WHO "}", &o);
    assert_int_equal(o.set.count, 0); /* it is found, without consent to profiling */
    take(h, "{'type':'erase'," YES "," WHO "}", &o);
    assert_int_equal(o.set.count, 0);
    take(h, "{'type':'checkin.annulled','data':{'event':'e'}," YES "," WHO "}", &o);
    assert_int_equal(o.set.count, 0);
    take(h, "{'type':'custom.x'," YES "," WHO "}", &o);
    assert_true(o.set.count > 0);
}

static void what_names_nobody_is_not_sealed(void **state)
{
    struct opened o;
    take(*state,
         "{'type':'visit','data':{'store_id':'9'}," YES
         ",'identifiers':{'loyalty_id':'42','city':'Bonn','surname':'Doe'}}",
         &o);
    assert_int_equal(o.set.count, 0);
}

static void only_what_the_site_turned_on_is_computed(void **state)
{
    struct house *h = *state;
    struct opened o;
    h->settings.audience_schemes = AUDIENCE_BIT(AUDIENCE_META);
    house_reopen(h);
    take(h, "{'type':'visit','data':{'store_id':'9'}," YES "," WHO "}", &o);
    assert_int_equal(o.rec.audience.schemes, AUDIENCE_BIT(AUDIENCE_META));
    assert_int_equal(o.set.count, 2);
    h->settings.audience_schemes = 0;
    house_reopen(h);
    take(h, "{'type':'visit','data':{'store_id':'9'}," YES "," WHO "}", &o);
    assert_int_equal(o.set.count, 0);
}

static void the_length_of_the_seal_tells_little(void **state)
{
    struct opened a, b;
    take(*state,
         "{'type':'visit','data':{'store_id':'9'}," YES
         ",'identifiers':{'email':'a@example.com','postcode':'1'}}",
         &a);
    take(
        *state,
        "{'type':'visit','data':{'store_id':'9'}," YES
        ",'identifiers':{'email':'a.much.longer.name@of.some.example.com','postcode':'12345'}}",
        &b);
    assert_int_equal(a.rec.audience.sealed_len % AUDIENCE_SET_BLOCK,
                     AUDIENCE_SEAL_OVERHEAD % AUDIENCE_SET_BLOCK);
    assert_true(b.rec.audience.sealed_len - a.rec.audience.sealed_len <=
                AUDIENCE_SET_BLOCK * 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_all, close_all)
        TEST(each_platform_gets_what_it_prescribes),
        TEST(only_both_consents_of_the_event_itself_will_do),
        TEST(only_events_of_a_customer_have_them),
        TEST(what_names_nobody_is_not_sealed),
        TEST(only_what_the_site_turned_on_is_computed),
        TEST(the_length_of_the_seal_tells_little),
    };
    json_setup();
    if (crypto_setup() != DL_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
