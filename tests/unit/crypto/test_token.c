#include "tests/unit/crypto/scratch.h"

#include "crypto/custodian.h"
#include "crypto/token.h"

static const uint8_t jane[] = "jane.doe@example.com";
static const uint8_t john[] = "john.doe@example.com";

/* Two devices of one custodian and their shares at the hub. */
struct world {
    struct custodian_share *a0;
    struct hub_share *s0;
    struct token_key *till[2];
    struct hub_share *share[2];
};

static void enrol(struct world *w, int i, uint16_t epoch)
{
    uint8_t delta_inverse[32];
    token_key_free(w->till[i]);
    hub_share_free(w->share[i]);
    assert_int_equal(custodian_enrol(w->a0, epoch, &w->till[i], delta_inverse), DL_OK);
    assert_int_equal(hub_share_derive(&w->share[i], w->s0, delta_inverse), DL_OK);
}

static int world_open(void **state)
{
    static struct world w;
    memset(&w, 0, sizeof w);
    assert_int_equal(custodian_draw(&w.a0, &w.s0), DL_OK);
    enrol(&w, 0, 1);
    enrol(&w, 1, 1);
    *state = &w;
    return 0;
}

static int world_close(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 2; i++) {
        token_key_free(w->till[i]);
        hub_share_free(w->share[i]);
    }
    custodian_share_free(w->a0);
    hub_share_free(w->s0);
    return 0;
}

static struct token token_at(struct world *w, int i, uint8_t type, const uint8_t *x, size_t len)
{
    struct token t;
    assert_int_equal(token_make(w->till[i], type, 1, x, len, &t), DL_OK);
    return t;
}

static void canonical(struct world *w, int i, const struct token *t, uint8_t ret[static 32])
{
    assert_int_equal(hub_share_convert(w->share[i], t->element, ret), DL_OK);
}

static void two_devices_make_different_tokens_of_one_person(void **state)
{
    struct token t0 = token_at(*state, 0, TOKEN_TYPE_EMAIL, jane, sizeof jane - 1);
    struct token t1 = token_at(*state, 1, TOKEN_TYPE_EMAIL, jane, sizeof jane - 1);
    assert_memory_not_equal(t0.element, t1.element, 32);
}

static void one_device_makes_the_same_token_again(void **state)
{
    struct token t0 = token_at(*state, 0, TOKEN_TYPE_EMAIL, jane, sizeof jane - 1);
    struct token t1 = token_at(*state, 0, TOKEN_TYPE_EMAIL, jane, sizeof jane - 1);
    assert_memory_equal(&t0, &t1, sizeof t0);
    assert_int_equal(t0.type, TOKEN_TYPE_EMAIL);
    assert_int_equal(t0.version, 1);
    assert_int_equal(t0.epoch, 1);
}

static void the_hub_sees_one_person_through_two_devices(void **state)
{
    struct world *w = *state;
    uint8_t c0[32], c1[32], other[32];
    struct token t0 = token_at(w, 0, TOKEN_TYPE_EMAIL, jane, sizeof jane - 1);
    struct token t1 = token_at(w, 1, TOKEN_TYPE_EMAIL, jane, sizeof jane - 1);
    struct token t2 = token_at(w, 1, TOKEN_TYPE_EMAIL, john, sizeof john - 1);
    canonical(w, 0, &t0, c0);
    canonical(w, 1, &t1, c1);
    canonical(w, 1, &t2, other);
    assert_memory_equal(c0, c1, 32);
    assert_memory_not_equal(c0, other, 32);
}

static void the_same_value_of_another_type_is_another_person(void **state)
{
    struct world *w = *state;
    uint8_t c0[32], c1[32];
    struct token t0 = token_at(w, 0, TOKEN_TYPE_LOYALTY_ID, jane, sizeof jane - 1);
    struct token t1 = token_at(w, 0, TOKEN_TYPE_ACCOUNT_ID, jane, sizeof jane - 1);
    canonical(w, 0, &t0, c0);
    canonical(w, 0, &t1, c1);
    assert_memory_not_equal(c0, c1, 32);
}

static void a_rotated_device_keeps_its_customers(void **state)
{
    struct world *w = *state;
    uint8_t before[32], after[32], stale[32];
    struct token old = token_at(w, 0, TOKEN_TYPE_PHONE, jane, sizeof jane - 1);
    canonical(w, 0, &old, before);
    enrol(w, 0, 2);
    struct token now = token_at(w, 0, TOKEN_TYPE_PHONE, jane, sizeof jane - 1);
    assert_int_equal(now.epoch, 2);
    assert_memory_not_equal(old.element, now.element, 32);
    canonical(w, 0, &now, after);
    assert_memory_equal(before, after, 32);
    canonical(w, 0, &old, stale); /* the new share makes nothing of the old epoch */
    assert_memory_not_equal(before, stale, 32);
}

/* Re-keying multiplies what the hub stores and its shares by rho. */
static void a_re_keyed_hub_keeps_its_customers(void **state)
{
    struct world *w = *state;
    uint8_t rho[32], stored[32], moved[32], fresh[32];
    struct token t = token_at(w, 0, TOKEN_TYPE_EMAIL, jane, sizeof jane - 1);
    canonical(w, 0, &t, stored);
    group_scalar_random(rho);
    assert_int_equal(group_mul(rho, stored, moved), DL_OK);

    struct hub_share *re_keyed = NULL; /* a product by rho, whatever it is called */
    assert_int_equal(hub_share_derive(&re_keyed, w->share[0], rho), DL_OK);
    assert_int_equal(hub_share_convert(re_keyed, t.element, fresh), DL_OK);
    assert_memory_equal(moved, fresh, 32);
    assert_memory_not_equal(stored, fresh, 32);
    hub_share_free(re_keyed);
}

/* P3: with all of the hub's shares, what it computes of a known address has
 * nothing to do with what it stored. */
static void the_hubs_keys_alone_do_not_reach_a_token(void **state)
{
    struct world *w = *state;
    static const uint8_t dst[] = TOKEN_DST_PREFIX "email";
    uint8_t stored[32], h[32], guess[32];
    struct token t = token_at(w, 0, TOKEN_TYPE_EMAIL, jane, sizeof jane - 1);
    canonical(w, 0, &t, stored);
    assert_int_equal(group_hash(dst, sizeof dst - 1, jane, sizeof jane - 1, h), DL_OK);
    assert_memory_not_equal(h, t.element, 32);
    assert_memory_not_equal(h, stored, 32);
    const struct hub_share *held[] = {w->s0, w->share[0], w->share[1]};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(hub_share_convert(held[i], h, guess), DL_OK);
        assert_memory_not_equal(guess, stored, 32);
        assert_memory_not_equal(guess, t.element, 32);
    }
}

static void what_is_no_identifier_gives_no_token(void **state)
{
    struct world *w = *state;
    static uint8_t longest[TOKEN_CANONICAL_BYTES_MAX + 1] = {'x'};
    struct token t = {.type = 99};
    assert_int_equal(token_make(w->till[0], TOKEN_TYPE_EMAIL, 1, jane, 0, &t), DL_E_INPUT);
    assert_int_equal(token_make(w->till[0], TOKEN_TYPE_NONE, 1, jane, 4, &t), DL_E_INPUT);
    assert_int_equal(token_make(w->till[0], 11, 1, jane, 4, &t), DL_E_INPUT);
    assert_int_equal(token_make(w->till[0], 200, 1, jane, 4, &t), DL_E_INPUT);
    assert_int_equal(token_make(w->till[0], TOKEN_TYPE_EMAIL, 1, longest, sizeof longest, &t),
                     DL_E_INPUT);
    assert_int_equal(t.type, 99);
    assert_int_equal(
        token_make(w->till[0], TOKEN_TYPE_EMAIL, 1, longest, sizeof longest - 1, &t), DL_OK);
}

static void every_type_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (unsigned type = 1; type <= 255; type++) {
        const char *name = token_type_name((uint8_t)type);
        bool expected = type <= TOKEN_TYPE_IP ||
                        (type >= TOKEN_TYPE_RECIPE_FIRST && type <= TOKEN_TYPE_RECIPE_LAST);
        assert_int_equal(name != NULL, expected);
        if (name)
            assert_int_equal(token_type_from_name(name), type);
    }
    assert_null(token_type_name(TOKEN_TYPE_NONE));
    assert_string_equal(token_type_name(64), "recipe-64");
    assert_string_equal(token_type_name(127), "recipe-127");
    assert_int_equal(token_type_from_name("given_name"), TOKEN_TYPE_NONE);
}

static void a_zero_scalar_is_no_key(void **state)
{
    (void)state;
    uint8_t zero[32] = {0};
    struct token_key *key = NULL;
    struct hub_share *share = NULL;
    assert_int_equal(token_key_make(&key, zero, 1), DL_E_INPUT);
    assert_int_equal(hub_share_make(&share, zero), DL_E_INPUT);
    assert_null(key);
    assert_null(share);
}

static void a_saved_token_key_makes_the_same_tokens(void **state)
{
    uint8_t scalar[32];
    group_scalar_random(scalar);
    struct token_key *key = NULL, *loaded = NULL;
    struct token t0, t1;
    assert_int_equal(token_key_make(&key, scalar, 0x1234), DL_OK);
    const char *path = scratch_path(state, "token.key");
    assert_int_equal(token_key_load(&loaded, path), DL_E_NOT_FOUND);
    assert_int_equal(token_key_save(key, path), DL_OK);
    assert_int_equal(token_key_save(key, path), DL_E_EXISTS);
    assert_int_equal(token_key_load(&loaded, path), DL_OK);
    assert_int_equal(token_key_epoch(loaded), 0x1234);
    assert_int_equal(token_make(key, TOKEN_TYPE_EMAIL, 1, jane, 4, &t0), DL_OK);
    assert_int_equal(token_make(loaded, TOKEN_TYPE_EMAIL, 1, jane, 4, &t1), DL_OK);
    assert_memory_equal(&t0, &t1, sizeof t0);
    token_key_free(key);
    token_key_free(loaded);
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, world_open, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(two_devices_make_different_tokens_of_one_person),
        WORLD_TEST(one_device_makes_the_same_token_again),
        WORLD_TEST(the_hub_sees_one_person_through_two_devices),
        WORLD_TEST(the_same_value_of_another_type_is_another_person),
        WORLD_TEST(a_rotated_device_keeps_its_customers),
        WORLD_TEST(a_re_keyed_hub_keeps_its_customers),
        WORLD_TEST(the_hubs_keys_alone_do_not_reach_a_token),
        WORLD_TEST(what_is_no_identifier_gives_no_token),
        cmocka_unit_test(every_type_has_a_name_of_its_own),
        cmocka_unit_test(a_zero_scalar_is_no_key),
        SCRATCH_TEST(a_saved_token_key_makes_the_same_tokens),
    };
    return cmocka_run_group_tests(tests, crypto_start, NULL);
}
