#include "platform/bytes.h"
#include "scratch.h"

static void what_is_written_big_endian_is_read_back(void **state)
{
    (void)state;
    uint8_t b[18];
    struct bytes_writer w = bytes_writer_of(b, sizeof b);
    bytes_write_u8(&w, 0xfe);
    bytes_write_u16(&w, 0x0102);
    bytes_write_u32(&w, 0xdeadbeef);
    bytes_write_u64(&w, 0x0102030405060708u);
    bytes_write(&w, "abc", 3);
    assert_false(w.failed);
    assert_int_equal(w.len, 18);
    assert_memory_equal(b,
                        "\xfe\x01\x02\xde\xad\xbe\xef\x01\x02\x03\x04\x05\x06\x07\x08"
                        "abc",
                        18);
    struct bytes_reader r = bytes_reader_of(b, w.len);
    assert_int_equal(bytes_read_u8(&r), 0xfe);
    assert_int_equal(bytes_read_u16(&r), 0x0102);
    assert_int_equal(bytes_read_u32(&r), 0xdeadbeef);
    assert_true(bytes_read_u64(&r) == 0x0102030405060708u);
    assert_memory_equal(bytes_read(&r, 3), "abc", 3);
    assert_false(r.failed);
    assert_int_equal(r.left, 0);
}

static void a_reader_that_ran_out_stays_failed(void **state)
{
    (void)state;
    struct bytes_reader r = bytes_reader_of((const uint8_t *)"\1\2\3", 3);
    assert_int_equal(bytes_read_u32(&r), 0);
    assert_true(r.failed);
    assert_int_equal(bytes_read_u8(&r), 0);
    assert_null(bytes_read(&r, 0));
}

static void a_writer_that_ran_out_stays_failed_and_writes_nothing(void **state)
{
    (void)state;
    uint8_t b[3] = {7, 7, 7};
    struct bytes_writer w = bytes_writer_of(b, 3);
    bytes_write_u32(&w, 0);
    bytes_write_u8(&w, 0);
    assert_true(w.failed);
    assert_int_equal(w.len, 0);
    assert_memory_equal(b, "\7\7\7", 3);
}

static void a_length_near_the_end_of_memory_does_not_wrap(void **state)
{
    (void)state;
    struct bytes_reader r = bytes_reader_of((const uint8_t *)"\1", 1);
    assert_null(bytes_read(&r, SIZE_MAX));
    assert_true(r.failed);
}

static void hex_goes_both_ways(void **state)
{
    (void)state;
    char hex[9];
    uint8_t b[4];
    bytes_to_hex(hex, (const uint8_t *)"\x00\x9f\xff\x0a", 4);
    assert_string_equal(hex, "009fff0a");
    assert_true(bytes_from_hex(b, 4, "009FFf0a"));
    assert_memory_equal(b, "\x00\x9f\xff\x0a", 4);
}

static void hex_of_the_wrong_length_or_letters_is_refused(void **state)
{
    (void)state;
    uint8_t b[2] = {1, 2};
    assert_false(bytes_from_hex(b, 2, ""));
    assert_false(bytes_from_hex(b, 2, "abc"));
    assert_false(bytes_from_hex(b, 2, "abcde"));
    assert_false(bytes_from_hex(b, 2, "abcg"));
    assert_memory_equal(b, "\1\2", 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_big_endian_is_read_back),
        cmocka_unit_test(a_reader_that_ran_out_stays_failed),
        cmocka_unit_test(a_writer_that_ran_out_stays_failed_and_writes_nothing),
        cmocka_unit_test(a_length_near_the_end_of_memory_does_not_wrap),
        cmocka_unit_test(hex_goes_both_ways),
        cmocka_unit_test(hex_of_the_wrong_length_or_letters_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
