#include "tests/unit/crypto/scratch.h"

#include "keys/enrol.h"

#include <stdio.h>

#define SECRET "abcdefghijABCDEFGHIJ0123456789-_abcdefghijk"
#define HEX_A  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_B  "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define GOOD                                                                                   \
    "{\"device\":\"till-3\",\"epoch\":%d,\"secret\":\"" SECRET "\","                           \
    "\"expires_at\":\"2026-11-27T07:00:00Z\",\"seal_public\":\"" HEX_A "\","                   \
    "\"sign_public\":\"" HEX_B "\"}"

/* A hub that answers what it is told to, and remembers what it was asked. */
struct fake_hub {
    struct uplink up; /* first: the code under test sees only this */
    enum dl_err err;
    int status;
    const char *answer; /* "%d" in it is the epoch that was asked for */
    const char *keyring_path;
    unsigned asked;
    bool epoch_was_on_disk, replace;
    int epoch;
    char path[64], bearer[64], device[65];
    uint8_t delta_inverse[32];
};

static void remember(struct fake_hub *hub, const struct uplink_request *req)
{
    json_t *obj = NULL;
    assert_int_equal(json_parse(&obj, (const char *)req->body, req->body_len, NULL, NULL),
                     DL_OK);
    hub->asked++;
    hub->epoch = (int)json_get_int(obj, "epoch", 0);
    hub->replace = json_get_bool(obj, "replace", false);
    assert_int_equal(json_object_size(obj), hub->replace ? 4 : 3);
    snprintf(hub->path, sizeof hub->path, "%s %s", req->method, req->path);
    snprintf(hub->bearer, sizeof hub->bearer, "%s", req->bearer);
    snprintf(hub->device, sizeof hub->device, "%s", json_get_str(obj, "device"));
    assert_true(bytes_from_hex(hub->delta_inverse, 32, json_get_str(obj, "delta_inverse")));
    json_decref(obj);

    struct keyring *kr = NULL;
    assert_int_equal(keyring_load(&kr, hub->keyring_path, NULL), DL_OK);
    const struct keyring_device *d = keyring_find(kr, hub->device);
    hub->epoch_was_on_disk = d && d->epoch == hub->epoch && d->enrolled_at[0] == 0;
    keyring_free(kr);
}

static enum dl_err fake_send(struct uplink *up, const struct uplink_request *req,
                             struct uplink_answer *ret)
{
    struct fake_hub *hub = (struct fake_hub *)up;
    remember(hub, req);
    ret->state = hub->err ? UPLINK_DNS : UPLINK_ONLINE;
    ret->status = hub->status;
    if (hub->answer) {
        char epoch[8];
        const char *hole = strstr(hub->answer, "%d");
        size_t before = hole ? (size_t)(hole - hub->answer) : strlen(hub->answer);
        snprintf(epoch, sizeof epoch, "%d", hub->epoch);
        size_t cap = strlen(hub->answer) + sizeof epoch;
        ret->body = malloc(cap);
        assert_non_null(ret->body);
        ret->body_len = (size_t)snprintf((char *)ret->body, cap, "%.*s%s%s", (int)before,
                                         hub->answer, hole ? epoch : "", hole ? hole + 2 : "");
    }
    return hub->err;
}

struct world {
    struct fake_hub hub;
    struct custodian_share *a0;
    struct hub_share *s0;
    struct keyring *kr;
    struct pki_pem ca;
    struct file_path keyring_path;
};

static int world_open(void **state)
{
    static struct world w;
    struct pki_pem key;
    memset(&w, 0, sizeof w);
    assert_int_equal(scratch_open(state), 0);
    assert_int_equal(file_join(&w.keyring_path, ((struct file_path *)*state)->s, "kr"), DL_OK);
    assert_int_equal(custodian_draw(&w.a0, &w.s0), DL_OK);
    assert_int_equal(keyring_make(&w.kr, w.a0, NULL, NULL, 0, clock_wall_ms()), DL_OK);
    assert_int_equal(keyring_create(w.kr, w.keyring_path.s), DL_OK);
    assert_int_equal(pki_key_make(&key), DL_OK);
    assert_int_equal(pki_ca_make("CA", &key, clock_wall_ms(), &w.ca), DL_OK);
    w.hub.up.send = fake_send;
    w.hub.keyring_path = w.keyring_path.s;
    w.hub.status = 201;
    w.hub.answer = GOOD;
    *state = &w;
    return 0;
}

static int world_close(void **state)
{
    struct world *w = *state;
    struct file_path dir = w->keyring_path;
    *strrchr(dir.s, '/') = 0;
    custodian_share_free(w->a0);
    hub_share_free(w->s0);
    keyring_free(w->kr);
    void *dir_state = &dir;
    return scratch_close(&dir_state);
}

static enum dl_err enrol(struct world *w, bool replace, struct bundle **ret, struct dl_why *why)
{
    const struct enrol_order order = {.device = "till-3",
                                      .hub_url = "https://127.0.0.1:8443",
                                      .hub_ca = &w->ca,
                                      .admin_token = "admin-token",
                                      .replace = replace};
    return enrol_device(w->kr, w->keyring_path.s, w->a0, &w->hub.up, &order, ret, why);
}

/* What the hub makes of a token of this bundle, with what it was told. */
static void canonical(struct world *w, const struct bundle *b, uint8_t ret[static 32])
{
    struct hub_share *s_d = NULL;
    struct token t;
    assert_int_equal(hub_share_derive(&s_d, w->s0, w->hub.delta_inverse), DL_OK);
    assert_int_equal(
        token_make(b->token_key, TOKEN_TYPE_EMAIL, 1, (const uint8_t *)"jane", 4, &t), DL_OK);
    assert_int_equal(hub_share_convert(s_d, t.element, ret), DL_OK);
    hub_share_free(s_d);
}

/* P3: what devices seal for the custodian, no hub may have sealed to itself. */
static void a_hub_cannot_put_its_own_audience_key_in(void **state)
{
    struct world *w = *state;
    static const uint8_t ours[AUDIENCE_PUBLIC_BYTES] = {0xc0, 0x01};
    struct enrol_order order = {.device = "till-3",
                                .hub_url = "https://127.0.0.1:8443",
                                .hub_ca = &w->ca,
                                .admin_token = "admin-token",
                                .audience_public = ours};
    w->hub.answer = "{\"audience_public\":\"" HEX_A "\",\"device\":\"till-3\",\"epoch\":%d,"
                    "\"secret\":\"" SECRET "\",\"expires_at\":\"2026-11-27T07:00:00Z\","
                    "\"seal_public\":\"" HEX_A "\",\"sign_public\":\"" HEX_B "\"}";
    for (int with = 1; with >= 0; with--) {
        struct bundle *b = NULL;
        order.audience_public = with ? ours : NULL;
        order.replace = !with;
        assert_int_equal(
            enrol_device(w->kr, w->keyring_path.s, w->a0, &w->hub.up, &order, &b, NULL), DL_OK);
        assert_int_equal(b->has_audience, with);
        if (with)
            assert_memory_equal(b->audience_public, ours, sizeof ours);
        bundle_free(b);
    }
}

static void an_enrolment_fills_a_bundle_and_confirms_the_epoch(void **state)
{
    struct world *w = *state;
    struct bundle *b = NULL;
    assert_int_equal(enrol(w, false, &b, NULL), DL_OK);
    assert_string_equal(w->hub.path, "POST /v1/admin/devices");
    assert_string_equal(w->hub.bearer, "admin-token");
    assert_string_equal(w->hub.device, "till-3");
    assert_int_equal(w->hub.epoch, 1);
    assert_false(w->hub.replace);
    assert_true(w->hub.epoch_was_on_disk);
    assert_string_equal(b->device, "till-3");
    assert_string_equal(b->secret, SECRET);
    assert_int_equal(b->seal_public[31], 0xaa);
    assert_int_equal(b->sign_public[0], 0xbb);
    assert_int_equal(token_key_epoch(b->token_key), 1);
    bundle_free(b);
    struct keyring *kr = NULL;
    assert_int_equal(keyring_load(&kr, w->keyring_path.s, NULL), DL_OK);
    assert_true(keyring_find(kr, "till-3")->enrolled_at[0] != 0);
    keyring_free(kr);
}

static void a_rotated_device_keeps_its_customers_at_the_hub(void **state)
{
    struct world *w = *state;
    struct bundle *first = NULL, *second = NULL;
    uint8_t before[32], after[32];
    assert_int_equal(enrol(w, false, &first, NULL), DL_OK);
    canonical(w, first, before);
    assert_int_equal(enrol(w, true, &second, NULL), DL_OK);
    canonical(w, second, after);
    assert_true(w->hub.replace);
    assert_int_equal(w->hub.epoch, 2);
    assert_memory_equal(before, after, 32);
    bundle_free(first);
    bundle_free(second);
}

static void a_refusal_says_what_to_do(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum dl_err err;
        const char *words;
    } refusals[] = {
        {409, "{\"type\":\"urn:dunlin:problem:exists\"}", DL_E_EXISTS, "rotate"},
        {409, "{\"type\":\"urn:dunlin:problem:no-share\"}", DL_E_REJECTED, "keys import"},
        {409, "{\"type\":\"urn:dunlin:problem:else\"}", DL_E_REJECTED, "409"},
        {409, "not JSON", DL_E_REJECTED, "409"},
        {401, NULL, DL_E_AUTH, "admin token"},
        {403, NULL, DL_E_AUTH, "role"},
        {503, NULL, DL_E_NET, "wait"},
        {500, NULL, DL_E_NET, "500"},
        {418, NULL, DL_E_REJECTED, "418"},
    };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        struct bundle *b = NULL;
        struct dl_why why = {""};
        w->hub.status = refusals[i].status;
        w->hub.answer = refusals[i].body;
        assert_int_equal(enrol(w, false, &b, &why), refusals[i].err);
        assert_non_null(strstr(why.text, refusals[i].words));
        assert_null(b);
    }
}

static void a_hub_out_of_reach_costs_an_epoch_and_nothing_else(void **state)
{
    struct world *w = *state;
    struct bundle *b = NULL;
    struct dl_why why = {""};
    w->hub.err = DL_E_NET;
    w->hub.status = 0;
    w->hub.answer = NULL;
    assert_int_equal(enrol(w, false, &b, &why), DL_E_NET);
    assert_true(why.text[0] != 0);
    w->hub.err = DL_OK;
    w->hub.status = 201;
    w->hub.answer = GOOD;
    assert_int_equal(enrol(w, false, &b, NULL), DL_OK);
    assert_int_equal(w->hub.epoch, 2);
    bundle_free(b);
}

static void an_answer_out_of_form_gives_no_bundle(void **state)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"device\":\"till-4\",\"epoch\":%d,\"secret\":\"" SECRET
        "\",\"expires_at\":\"2026-11-27T07:00:00Z\",\"seal_public\":\"" HEX_A
        "\",\"sign_public\":\"" HEX_B "\"}",
        "{\"device\":\"till-3\",\"epoch\":99,\"secret\":\"" SECRET
        "\",\"expires_at\":\"2026-11-27T07:00:00Z\",\"seal_public\":\"" HEX_A
        "\",\"sign_public\":\"" HEX_B "\"}",
        "{\"device\":\"till-3\",\"epoch\":%d,\"secret\":\"short"
        "\",\"expires_at\":\"2026-11-27T07:00:00Z\",\"seal_public\":\"" HEX_A
        "\",\"sign_public\":\"" HEX_B "\"}",
        "{\"device\":\"till-3\",\"epoch\":%d,\"secret\":\"" SECRET
        "\",\"expires_at\":\"2026-11-27T07:00:00Z\",\"seal_public\":\"aa"
        "\",\"sign_public\":\"" HEX_B "\"}",
    };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct bundle *b = NULL;
        struct dl_why why = {""};
        w->hub.answer = bad[i];
        assert_int_not_equal(enrol(w, false, &b, &why), DL_OK);
        assert_null(b);
        assert_true(why.text[0] != 0);
    }
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, world_open, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(an_enrolment_fills_a_bundle_and_confirms_the_epoch),
        WORLD_TEST(a_hub_cannot_put_its_own_audience_key_in),
        WORLD_TEST(a_rotated_device_keeps_its_customers_at_the_hub),
        WORLD_TEST(a_refusal_says_what_to_do),
        WORLD_TEST(a_hub_out_of_reach_costs_an_epoch_and_nothing_else),
        WORLD_TEST(an_answer_out_of_form_gives_no_bundle),
    };
    return cmocka_run_group_tests(tests, crypto_start, NULL);
}
