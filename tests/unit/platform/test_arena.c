#include "platform/arena.h"
#include "scratch.h"

#include <stdalign.h>

static void memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    struct arena *a = arena_make(1 << 20);
    for (size_t len = 1; len < 3000; len += 37) {
        unsigned char *p = arena_alloc(a, len);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
        for (size_t i = 0; i < len; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xff, len);
    }
    arena_free(a);
}

static void pieces_do_not_overlap(void **state)
{
    (void)state;
    struct arena *a = arena_make(1 << 20);
    char *s[500];
    for (int i = 0; i < 500; i++) {
        char text[128];
        int n = snprintf(text, sizeof text, "%0100d", i);
        s[i] = arena_strndup(a, text, (size_t)n);
    }
    for (int i = 0; i < 500; i++)
        assert_int_equal(atoi(s[i]), i);
    arena_free(a);
}

static void the_limit_holds_to_the_byte(void **state)
{
    (void)state;
    struct arena *a = arena_make(100000);
    assert_non_null(arena_alloc(a, 99990));
    assert_null(arena_alloc(a, 11));
    assert_non_null(arena_alloc(a, 10));
    assert_null(arena_alloc(a, 1));
    assert_null(arena_alloc(a, SIZE_MAX));
    assert_null(arena_strndup(a, "x", SIZE_MAX));
    arena_free(a);
}

static void a_string_is_cut_where_told(void **state)
{
    (void)state;
    struct arena *a = arena_make(64);
    assert_string_equal(arena_strndup(a, "abcdef", 3), "abc");
    assert_string_equal(arena_strndup(a, NULL, 0), "");
    arena_free(a);
    arena_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_aligned),
        cmocka_unit_test(pieces_do_not_overlap),
        cmocka_unit_test(the_limit_holds_to_the_byte),
        cmocka_unit_test(a_string_is_cut_where_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
