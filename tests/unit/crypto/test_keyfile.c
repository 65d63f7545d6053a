#include "tests/unit/crypto/scratch.h"

#include "crypto/idhash.h"
#include "crypto/keyfile.h"

#include "tests/support/portable.h"

static const uint8_t key[32] = "0123456789abcdef0123456789abcdef";

static void a_key_comes_back_as_it_was(void **state)
{
    uint8_t got[32];
    const char *path = scratch_path(state, "a.key");
    assert_int_equal(keyfile_create(path, "store", key, sizeof key), DL_OK);
    assert_int_equal(keyfile_load(path, "store", got, sizeof got), DL_OK);
    assert_memory_equal(got, key, sizeof key);
}

static void a_key_file_is_one_line_of_the_documented_form(void **state)
{
    size_t len = 0;
    const char *path = scratch_path(state, "a.key");
    assert_int_equal(keyfile_create(path, "store", key, sizeof key), DL_OK);
    char *text = scratch_read(path, &len);
#ifndef _WIN32
    /* The check by another hand: `b2sum -l 256` of what stands before it. */
    assert_string_equal(
        text, "dunlin-key-1 store MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY= q1cXZu/TDNA=\n");
#endif
    assert_int_equal(text[len - 1], '\n');
    free(text);
}

static void a_key_file_is_never_written_over(void **state)
{
    uint8_t other[32] = {1}, got[32];
    const char *path = scratch_path(state, "a.key");
    assert_int_equal(keyfile_create(path, "store", key, sizeof key), DL_OK);
    assert_int_equal(keyfile_create(path, "store", other, sizeof other), DL_E_EXISTS);
    assert_int_equal(keyfile_create_random(path, "store", 32), DL_E_EXISTS);
    assert_int_equal(keyfile_load(path, "store", got, sizeof got), DL_OK);
    assert_memory_equal(got, key, sizeof key);
}

static void a_key_of_another_kind_or_length_is_refused(void **state)
{
    uint8_t got[64] = {9};
    const char *path = scratch_path(state, "a.key");
    assert_int_equal(keyfile_create(path, "store", key, sizeof key), DL_OK);
    assert_int_equal(keyfile_load(path, "stor", got, 32), DL_E_CORRUPT);
    assert_int_equal(keyfile_load(path, "seal", got, 32), DL_E_CORRUPT);
    assert_int_equal(keyfile_load(path, "store", got, 31), DL_E_CORRUPT);
    assert_int_equal(keyfile_load(path, "store", got, 33), DL_E_CORRUPT);
    assert_int_equal(got[0], 9);
}

static void every_altered_byte_of_a_key_file_is_noticed(void **state)
{
    uint8_t got[32];
    size_t len = 0;
    const char *path = scratch_path(state, "a.key");
    assert_int_equal(keyfile_create(path, "store", key, sizeof key), DL_OK);
    free(scratch_read(path, &len));
    for (size_t i = 0; i < len; i++) {
        scratch_flip(path, i);
        assert_int_equal(keyfile_load(path, "store", got, sizeof got), DL_E_CORRUPT);
        scratch_flip(path, i);
    }
    assert_int_equal(keyfile_load(path, "store", got, sizeof got), DL_OK);
}

static void a_cut_or_lengthened_key_file_is_noticed(void **state)
{
    uint8_t got[32];
    size_t len = 0;
    static const char filler[KEYFILE_BYTES_MAX + 1] = "x";
    const char *path = scratch_path(state, "a.key");
    assert_int_equal(keyfile_create(path, "store", key, sizeof key), DL_OK);
    char *text = scratch_read(path, &len);
    for (size_t cut = 0; cut < len; cut++) {
        assert_int_equal(file_write(path, text, cut), DL_OK);
        assert_int_equal(keyfile_load(path, "store", got, sizeof got), DL_E_CORRUPT);
    }
    assert_int_equal(file_write(path, text, len + 1), DL_OK); /* and the NUL behind */
    assert_int_equal(keyfile_load(path, "store", got, sizeof got), DL_E_CORRUPT);
    assert_int_equal(file_write(path, filler, sizeof filler), DL_OK);
    assert_int_equal(keyfile_load(path, "store", got, sizeof got), DL_E_CORRUPT);
    free(text);
}

static void a_missing_key_file_is_not_found(void **state)
{
    uint8_t got[32];
    assert_int_equal(keyfile_load(scratch_path(state, "a.key"), "store", got, sizeof got),
                     DL_E_NOT_FOUND);
}

static void a_key_file_is_its_owners_alone(void **state)
{
    const char *path = scratch_path(state, "a.key");
    assert_int_equal(keyfile_create(path, "store", key, sizeof key), DL_OK);
    assert_int_equal(portable_mode(path), 0600);
}

static void random_keys_differ(void **state)
{
    uint8_t a[32], b[32];
    assert_int_equal(keyfile_create_random(scratch_path(state, "a.key"), "id", 32), DL_OK);
    assert_int_equal(keyfile_load(scratch_path(state, "a.key"), "id", a, 32), DL_OK);
    assert_int_equal(keyfile_create_random(scratch_path(state, "b.key"), "id", 32), DL_OK);
    assert_int_equal(keyfile_load(scratch_path(state, "b.key"), "id", b, 32), DL_OK);
    assert_memory_not_equal(a, b, 32);
}

static void an_id_hashes_the_same_under_one_key_and_differently_under_two(void **state)
{
    struct id_key *one = NULL, *two = NULL;
    uint8_t a[ID_HASH_BYTES], b[ID_HASH_BYTES];
    assert_int_equal(id_key_create(scratch_path(state, "one.key")), DL_OK);
    assert_int_equal(id_key_load(&one, scratch_path(state, "one.key")), DL_OK);
    assert_int_equal(id_key_create(scratch_path(state, "two.key")), DL_OK);
    assert_int_equal(id_key_load(&two, scratch_path(state, "two.key")), DL_OK);
    id_hash(one, (const uint8_t *)"receipt 161", 11, a);
    id_hash(one, (const uint8_t *)"receipt 161", 11, b);
    assert_memory_equal(a, b, sizeof a);
    id_hash(one, (const uint8_t *)"receipt 162", 11, b);
    assert_memory_not_equal(a, b, sizeof a);
    id_hash(two, (const uint8_t *)"receipt 161", 11, b);
    assert_memory_not_equal(a, b, sizeof a);
    id_key_free(one);
    id_key_free(two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(a_key_comes_back_as_it_was),
        SCRATCH_TEST(a_key_file_is_one_line_of_the_documented_form),
        SCRATCH_TEST(a_key_file_is_never_written_over),
        SCRATCH_TEST(a_key_of_another_kind_or_length_is_refused),
        SCRATCH_TEST(every_altered_byte_of_a_key_file_is_noticed),
        SCRATCH_TEST(a_cut_or_lengthened_key_file_is_noticed),
        SCRATCH_TEST(a_missing_key_file_is_not_found),
        SCRATCH_TEST(a_key_file_is_its_owners_alone),
        SCRATCH_TEST(random_keys_differ),
        SCRATCH_TEST(an_id_hashes_the_same_under_one_key_and_differently_under_two),
    };
    return cmocka_run_group_tests(tests, crypto_start, NULL);
}
