#include "sync/wire.h"
#include "tests/unit/platform/scratch.h"

static const uint8_t body_a[] = {1, 2, 3}, body_b[] = {9};

/* Two segments, three records; the middle one is set aside. */
struct sample {
    struct wire_head head;
    struct wire_segment segments[2];
    struct wire_record records[3];
};

static void make_sample(struct sample *s)
{
    memset(s, 0, sizeof *s);
    s->head = (struct wire_head){
        .flags = WIRE_FLAG_GAP, .base_seq = 1, .first_seq = 0x0102, .wall_ms = 3, .mono_ms = 4};
    memset(s->head.stream, 0x11, sizeof s->head.stream);
    memset(s->head.boot_id, 0x22, sizeof s->head.boot_id);
    for (int i = 0; i < 2; i++) {
        memset(s->segments[i].id, 0x30 + i, sizeof s->segments[i].id);
        memset(s->segments[i].stream, 0x40 + i, sizeof s->segments[i].stream);
        memset(s->segments[i].header, 0x50 + i, sizeof s->segments[i].header);
    }
    s->records[0] = (struct wire_record){.segment = 0, .body = body_a, .body_len = 3};
    s->records[1] = (struct wire_record){.segment = 0};
    s->records[2] = (struct wire_record){.segment = 1, .body = body_b, .body_len = 1};
}

static size_t encode(uint8_t *ret, size_t cap)
{
    struct sample s;
    size_t len = 0;
    make_sample(&s);
    assert_int_equal(wire_encode(&s.head, s.segments, 2, s.records, 3, ret, cap, &len), DL_OK);
    return len;
}

static void the_bytes_are_those_of_the_protocol(void **state)
{
    (void)state;
    uint8_t bytes[1024], want[1024];
    size_t len = encode(bytes, sizeof bytes), n = 0;
    static const uint8_t numbers[] = {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 2,
                                      0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4};
    static const uint8_t records[] = {0, 0, 0, 3, 0, 0, 0, 0, 0, 3, 1, 2, 3,
                                      0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 9};
    memcpy(want, "DLB1\1\1", 6), n = 6;
    memset(want + n, 0x11, 16), n += 16;
    memcpy(want + n, numbers, sizeof numbers), n += sizeof numbers;
    memset(want + n, 0x22, 16), n += 16;
    memcpy(want + n, "\0\2", 2), n += 2;
    for (int i = 0; i < 2; i++) {
        memset(want + n, 0x30 + i, 16), n += 16;
        memset(want + n, 0x40 + i, 16), n += 16;
        memset(want + n, 0x50 + i, 96), n += 96;
    }
    memcpy(want + n, records, sizeof records), n += sizeof records;
    assert_int_equal(len, n);
    assert_memory_equal(bytes, want, n);
}

static void a_frame_comes_back_as_it_went(void **state)
{
    (void)state;
    uint8_t bytes[1024];
    size_t len = encode(bytes, sizeof bytes);
    struct wire_frame f;
    struct sample s;
    make_sample(&s);
    assert_int_equal(wire_decode(bytes, len, &f), DL_OK);
    assert_int_equal(f.head.flags, WIRE_FLAG_GAP);
    assert_true(f.head.first_seq == 0x0102 && f.head.wall_ms == 3 && f.head.mono_ms == 4);
    assert_int_equal(f.segment_count, 2);
    assert_memory_equal(&f.segments[1], &s.segments[1], sizeof s.segments[1]);
    assert_int_equal(f.record_count, 3);
    assert_int_equal(f.records[1].body_len, 0);
    assert_int_equal(f.records[2].segment, 1);
    assert_memory_equal(f.records[0].body, body_a, 3);
    wire_frame_free(&f);
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[1024];
    size_t len = encode(bytes, sizeof bytes);
    struct wire_frame f;
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *copy = malloc(cut + 1);
        memcpy(copy, bytes, cut);
        assert_int_equal(wire_decode(copy, cut, &f), DL_E_CORRUPT);
        free(copy);
    }
    bytes[len] = 0;
    assert_int_equal(wire_decode(bytes, len + 1, &f), DL_E_CORRUPT);
}

/* Alters `count` bytes at `offset` of a good frame. */
static void refuse(size_t offset, const void *with, size_t count)
{
    uint8_t bytes[1024];
    size_t len = encode(bytes, sizeof bytes);
    struct wire_frame f;
    memcpy(bytes + offset, with, count);
    assert_int_equal(wire_decode(bytes, len, &f), DL_E_CORRUPT);
}

static void a_frame_that_lies_is_refused(void **state)
{
    (void)state;
    const size_t base = 22, first = 30, segments = WIRE_HEAD_BYTES;
    const size_t records = segments + 2 + 2 * WIRE_SEGMENT_BYTES;
    refuse(0, "DLB2", 4);
    refuse(4, "\2", 1);
    refuse(5, "\2", 1);
    refuse(base, "\0\0\0\0\0\0\0\0", 8);
    refuse(base, "\0\0\0\0\0\0\1\3", 8); /* above first_seq */
    refuse(first, "\177\377\377\377\377\377\377\376", 8);
    refuse(first, "\377\377\377\377\377\377\377\377", 8);
    refuse(segments, "\377\377", 2);
    refuse(records, "\0\0\0\0", 4);
    refuse(records, "\377\377\377\377", 4);
    refuse(records, "\0\0\0\2", 4);
    refuse(records + 4, "\0\2", 2);             /* no such segment */
    refuse(records + 6, "\377\377\377\377", 4); /* longer than the frame */
}

static void what_goes_over_a_limit_is_not_built(void **state)
{
    (void)state;
    uint8_t bytes[1024];
    struct sample s;
    size_t len = 7;
    make_sample(&s);
    for (size_t cap = 0; cap < encode(bytes, sizeof bytes); cap += 13)
        assert_int_equal(wire_encode(&s.head, s.segments, 2, s.records, 3, bytes, cap, &len),
                         DL_E_INPUT);
    assert_int_equal(wire_encode(&s.head, s.segments, 1, s.records, 3, bytes, 1024, &len),
                     DL_E_INPUT);
    assert_int_equal(wire_encode(&s.head, s.segments, 2, s.records, 0, bytes, 1024, &len),
                     DL_E_INPUT);
    s.head.base_seq = 0;
    assert_int_equal(wire_encode(&s.head, s.segments, 2, s.records, 3, bytes, 1024, &len),
                     DL_E_INPUT);
    assert_int_equal(len, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bytes_are_those_of_the_protocol),
        cmocka_unit_test(a_frame_comes_back_as_it_went),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(a_frame_that_lies_is_refused),
        cmocka_unit_test(what_goes_over_a_limit_is_not_built),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
