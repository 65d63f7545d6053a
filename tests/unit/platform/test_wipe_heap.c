#include "scratch.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OWN_ALLOCATOR 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OWN_ALLOCATOR 1
#endif
#endif

#if defined(__GLIBC__) && !defined(OWN_ALLOCATOR)

/* Looks at freed memory on purpose, through an address the compiler lost sight of. */
static volatile uintptr_t address;

static bool has(uintptr_t where, const char *text)
{
    const volatile char *p = (const volatile char *)where;
    size_t i = 0;
    while (text[i] && p[i] == text[i])
        i++;
    return text[i] == '\0';
}

static void a_freed_chunk_of_any_size_is_wiped(void **state)
{
    (void)state;
    for (size_t len = 40; len < 60000; len = len * 3 / 2) {
        char *p = malloc(len);
        memcpy(p + 20, "Jane.Doe", 9);
        address = (uintptr_t)p + 20;
        free(p);
        assert_false(has(address, "Jane.Doe"));
    }
}

static void a_buffer_that_grew_leaves_no_copy_behind(void **state)
{
    (void)state;
    char *p = malloc(100);
    memcpy(p + 20, "Jane.Doe", 9);
    address = (uintptr_t)p + 20;
    char *q = realloc(p, 5000);
    assert_string_equal(q + 20, "Jane.Doe");
    assert_true(address == (uintptr_t)q + 20 || !has(address, "Jane.Doe"));
    free(q);
}

static void a_library_frees_wiped_too(void **state)
{
    (void)state;
    char *line = NULL;
    size_t cap = 0;
    FILE *f = tmpfile(); /* its buffer is the library's own */
    fputs("a line that getline() keeps: Jane.Doe\n", f);
    rewind(f);
    assert_true(getline(&line, &cap, f) > 0);
    address = (uintptr_t)strstr(line, "Jane.Doe");
    free(line);
    fclose(f);
    assert_false(has(address, "Jane.Doe"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_freed_chunk_of_any_size_is_wiped),
        cmocka_unit_test(a_buffer_that_grew_leaves_no_copy_behind),
        cmocka_unit_test(a_library_frees_wiped_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void this_allocator_is_not_ours(void **state)
{
    (void)state;
    skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(this_allocator_is_not_ours)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
