#include "tests/unit/crypto/scratch.h"

#include "crypto/group.h"

static json_t *reference(const char *name)
{
    const char *shared = getenv("DUNLIN_SHARED");
    struct file_path dir, path;
    assert_int_equal(file_join(&dir, shared ? shared : "../shared", "reference"), DL_OK);
    assert_int_equal(file_join(&path, dir.s, name), DL_OK);
    if (!file_exists(path.s))
        return NULL;
    size_t len = 0;
    char *text = scratch_read(path.s, &len);
    json_t *json = NULL;
    assert_int_equal(json_parse(&json, text, len, NULL, NULL), DL_OK);
    free(text);
    return json;
}

static size_t unhex(const json_t *obj, const char *key, uint8_t *ret, size_t cap)
{
    const char *hex = json_get_str(obj, key);
    size_t len = strlen(hex) / 2;
    assert_true(len <= cap && bytes_from_hex(ret, len, hex));
    return len;
}

static void check_vector(const json_t *v)
{
    uint8_t dst[255], input[64], scalar[32], expected[32], point[32], got[32];
    size_t dst_len = unhex(v, "groupDST", dst, sizeof dst);
    size_t input_len = unhex(v, "input", input, sizeof input);
    assert_int_equal(group_hash(dst, dst_len, input, input_len, point), DL_OK);

    unhex(v, "blind", scalar, sizeof scalar);
    assert_int_equal(group_mul(scalar, point, got), DL_OK);
    unhex(v, "blindedElement", expected, sizeof expected);
    assert_memory_equal(got, expected, sizeof got);

    unhex(v, "skSm", scalar, sizeof scalar);
    assert_int_equal(group_mul(scalar, got, point), DL_OK);
    unhex(v, "evaluationElement", expected, sizeof expected);
    assert_memory_equal(point, expected, sizeof point);
}

static void every_vector_of_rfc_9497_holds(void **state)
{
    (void)state;
    json_t *file = reference("rfc9497-ristretto255.json");
    if (!file)
        skip();
    const json_t *vectors = json_object_get(file, "vectors");
    assert_true(json_array_size(vectors) >= 4);
    for (size_t i = 0; i < json_array_size(vectors); i++)
        check_vector(json_array_get(vectors, i));
    json_decref(file);
}

static void a_product_with_the_inverse_is_where_it_began(void **state)
{
    (void)state;
    uint8_t a[32], inverse[32], point[32], there[32], back[32];
    group_scalar_random(a);
    assert_int_equal(group_scalar_check(a), DL_OK);
    assert_int_equal(group_scalar_invert(a, inverse), DL_OK);
    assert_int_equal(group_hash((const uint8_t *)"t", 1, (const uint8_t *)"x", 1, point),
                     DL_OK);
    assert_int_equal(group_mul(a, point, there), DL_OK);
    assert_memory_not_equal(there, point, 32);
    assert_int_equal(group_mul(inverse, there, back), DL_OK);
    assert_memory_equal(back, point, 32);
}

static void a_product_may_land_on_its_own_operand(void **state)
{
    (void)state;
    uint8_t a[32], point[32], product[32];
    group_scalar_random(a);
    assert_int_equal(group_hash((const uint8_t *)"t", 1, (const uint8_t *)"x", 1, point),
                     DL_OK);
    assert_int_equal(group_mul(a, point, product), DL_OK);
    assert_int_equal(group_mul(a, point, point), DL_OK);
    assert_memory_equal(point, product, 32);
}

static void zero_and_unreduced_scalars_are_refused(void **state)
{
    (void)state;
    /* The group's order, RFC 9496 section 4.4, little-endian. */
    static const char order_hex[] =
        "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
    uint8_t zero[32] = {0}, order[32], ret[32];
    assert_true(bytes_from_hex(order, sizeof order, order_hex));
    assert_int_equal(group_scalar_check(zero), DL_E_INPUT);
    assert_int_equal(group_scalar_invert(zero, ret), DL_E_INPUT);
    assert_int_equal(group_scalar_check(order), DL_E_INPUT);
    order[0]--;
    assert_int_equal(group_scalar_check(order), DL_OK);
    memset(order, 0xff, sizeof order);
    assert_int_equal(group_scalar_check(order), DL_E_INPUT);
}

static void identity_and_non_canonical_elements_are_refused(void **state)
{
    (void)state;
    uint8_t one[32] = {1}, identity[32] = {0}, bad[32], ret[32] = {7};
    memset(bad, 0xff, sizeof bad);
    assert_int_equal(group_mul(one, identity, ret), DL_E_INPUT);
    assert_int_equal(group_mul(one, bad, ret), DL_E_INPUT);
    assert_int_equal(ret[0], 7);
}

static void a_tag_or_message_past_its_limit_is_refused(void **state)
{
    (void)state;
    static uint8_t msg[65536];
    uint8_t ret[32];
    assert_int_equal(group_hash(msg, 256, msg, 1, ret), DL_E_INPUT);
    assert_int_equal(group_hash(msg, 255, msg, 65536, ret), DL_E_INPUT);
    assert_int_equal(group_hash(msg, 255, msg, 65535, ret), DL_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_of_rfc_9497_holds),
        cmocka_unit_test(a_product_with_the_inverse_is_where_it_began),
        cmocka_unit_test(a_product_may_land_on_its_own_operand),
        cmocka_unit_test(zero_and_unreduced_scalars_are_refused),
        cmocka_unit_test(identity_and_non_canonical_elements_are_refused),
        cmocka_unit_test(a_tag_or_message_past_its_limit_is_refused),
    };
    return cmocka_run_group_tests(tests, crypto_start, NULL);
}
