#include "hub/convert.h"
#include "tests/unit/hub/fixture.h"

static void the_same_identifier_of_two_devices_converts_to_one_token(void **state)
{
    struct till a, b;
    uint8_t x[GROUP_ELEMENT_BYTES], y[GROUP_ELEMENT_BYTES];
    till_init(&a, *state, "till-1");
    till_init(&b, *state, "till-2");
    assert_memory_not_equal(till_token(&a, "email=a@x.de").element,
                            till_token(&b, "email=a@x.de").element, GROUP_ELEMENT_BYTES);
    canonical(&a, "email=a@x.de", x);
    canonical(&b, "email=a@x.de", y);
    assert_memory_equal(x, y, sizeof x);
    canonical(&b, "email=b@x.de", y);
    assert_memory_not_equal(x, y, sizeof x);
    till_done(&a);
    till_done(&b);
}

static void a_remembered_pair_is_what_multiplying_gives(void **state)
{
    (void)state;
    uint8_t scalars[2][GROUP_SCALAR_BYTES];
    struct hub_share *shares[2];
    for (size_t i = 0; i < 2; i++) {
        group_scalar_random(scalars[i]);
        assert_int_equal(hub_share_make(&shares[i], scalars[i]), DL_OK);
    }
    struct convert_cache *cache = convert_cache_make(1);
    for (int round = 0; round < 6000; round++) { /* more than fit, and many again */
        char text[32];
        struct token token = {.type = TOKEN_TYPE_EMAIL, .epoch = 1};
        uint8_t got[GROUP_ELEMENT_BYTES], expected[GROUP_ELEMENT_BYTES];
        int n = round % 3 ? round % 50 : round;
        size_t device = (size_t)(n % 2);
        snprintf(text, sizeof text, "%d", n);
        assert_int_equal(group_hash((const uint8_t *)"t", 1, (const uint8_t *)text,
                                    strlen(text), token.element),
                         DL_OK);
        assert_int_equal(
            convert_token(cache, shares[device], (int64_t)device + 1, 0, &token, got), DL_OK);
        if (round % 8 == 0) {
            assert_int_equal(hub_share_convert(shares[device], token.element, expected), DL_OK);
            assert_memory_equal(got, expected, sizeof got);
        }
    }
    convert_cache_free(cache);
    hub_share_free(shares[0]);
    hub_share_free(shares[1]);
}

/* P3: whoever has every file of the hub, its keys among them, and knows an e-mail,
 * still has nothing to compare with: that takes a device's key. */
static void all_files_of_a_hub_do_not_link_a_known_email(void **state)
{
    struct fixture *fx = *state;
    struct till t;
    uint8_t stored[GROUP_ELEMENT_BYTES];
    till_init(&t, fx, "till-1");
    till_sale(&t, 0, 100, "email=jane@example.com");
    till_deliver(&t);
    canonical(&t, "email=jane@example.com", stored);
    struct store *st = fx->hub->reader;
    struct store_node node;
    assert_int_equal(st->begin(st, STORE_READ), DL_OK);
    assert_int_equal(st->node_find(st, stored, &node), DL_OK); /* with the device's key */

    static const char dst[] = TOKEN_DST_PREFIX "email", email[] = "jane@example.com";
    uint8_t hashed[GROUP_ELEMENT_BYTES], guess[GROUP_ELEMENT_BYTES];
    uint8_t sealed[HUB_SHARE_SEALED_BYTES];
    struct file_path path;
    struct hub_share *shares[2] = {NULL, NULL}; /* all that the hub can multiply with */
    assert_int_equal(group_hash((const uint8_t *)dst, strlen(dst), (const uint8_t *)email,
                                strlen(email), hashed),
                     DL_OK);
    assert_int_equal(file_join(&path, fx->dir, HUB_FILE_SHARE), DL_OK);
    assert_int_equal(hub_share_load(&shares[0], path.s), DL_OK);
    assert_int_equal(st->share_get(st, t.device, 1, sealed), DL_OK);
    assert_int_equal(hub_share_of(fx->hub, t.device, 1, sealed, &shares[1]), DL_OK);
    assert_int_equal(st->node_find(st, hashed, &node), DL_E_NOT_FOUND);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(hub_share_convert(shares[i], hashed, guess), DL_OK);
        assert_int_equal(st->node_find(st, guess, &node), DL_E_NOT_FOUND);
        for (size_t k = 0; k < 2; k++) {
            uint8_t twice[GROUP_ELEMENT_BYTES];
            assert_int_equal(hub_share_convert(shares[k], guess, twice), DL_OK);
            assert_int_equal(st->node_find(st, twice, &node), DL_E_NOT_FOUND);
        }
    }
    st->rollback(st);
    hub_share_free(shares[0]);
    hub_share_free(shares[1]);
    till_done(&t);
}

static enum dl_err look_for_secrets(void *ctx, const char *name)
{
    static const char *const forbidden[] = {"jane@example.com", "4917112345678"};
    struct fixture *fx = ctx;
    struct file_path path;
    uint8_t *bytes = NULL;
    size_t len = 0;
    assert_int_equal(file_join(&path, fx->dir, name), DL_OK);
    assert_int_equal(file_read(path.s, 1 << 26, &bytes, &len), DL_OK);
    for (size_t f = 0; f < sizeof forbidden / sizeof forbidden[0]; f++)
        for (size_t i = 0; i + strlen(forbidden[f]) <= len; i++)
            assert_memory_not_equal(bytes + i, forbidden[f], strlen(forbidden[f]));
    free(bytes);
    return DL_OK;
}

static void no_file_of_a_hub_holds_an_identifier(void **state)
{
    struct fixture *fx = *state;
    struct till t;
    till_init(&t, fx, "till-1");
    till_sale(&t, 0, 100, "email=jane@example.com phone=+4917112345678");
    till_deliver(&t);
    assert_int_equal(file_each(fx->dir, look_for_secrets, fx), DL_OK);
    till_done(&t);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_same_identifier_of_two_devices_converts_to_one_token),
        CASE(a_remembered_pair_is_what_multiplying_gives),
        CASE(all_files_of_a_hub_do_not_link_a_known_email),
        CASE(no_file_of_a_hub_holds_an_identifier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
