#include "platform/lock.h"
#include "platform/protect.h"
#include "scratch.h"

#ifndef _WIN32
#include <sys/resource.h>
#endif

static void a_second_taker_is_told_busy(void **state)
{
    (void)state;
    struct folder_lock *a = NULL, *b = NULL;
    assert_int_equal(folder_lock_take(&a, scratch_dir.s), DL_OK);
    assert_int_equal(folder_lock_take(&b, scratch_dir.s), DL_E_BUSY);
    assert_null(b);
    folder_lock_free(a);
    assert_int_equal(folder_lock_take(&b, scratch_dir.s), DL_OK);
    folder_lock_free(b);
    folder_lock_free(NULL);
}

static void the_file_tells_the_holder(void **state)
{
    (void)state;
    struct folder_lock *a = NULL;
    uint8_t *text = NULL;
    size_t len = 0;
    assert_int_equal(folder_lock_take(&a, scratch_dir.s), DL_OK);
    assert_int_equal(file_read(at("lock"), 64, &text, &len), DL_OK);
    assert_int_equal(atol((char *)text), getpid());
    free(text);
    folder_lock_free(a);
}

static void the_lock_of_a_killed_process_is_free(void **state)
{
    (void)state;
    struct folder_lock *a = NULL;
    PORTABLE_NEEDS("fork");
    pid_t child = fork();
    if (child == 0) {
        enum dl_err err = folder_lock_take(&a, scratch_dir.s);
        _exit(err == DL_OK ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(folder_lock_take(&a, scratch_dir.s), DL_OK);
    folder_lock_free(a);
}

static void a_folder_that_is_not_there_is_said_so(void **state)
{
    (void)state;
    struct folder_lock *a = NULL;
    assert_int_equal(folder_lock_take(&a, at("nowhere")), DL_E_NOT_FOUND);
}

static void hardening_reports_what_it_got(void **state)
{
    (void)state;
#ifdef _WIN32
    struct harden_report here;
    harden_process(&here); /* its debuggers are barred, which harms no later test */
    assert_true(here.cores_off);
    assert_false(here.memory_locked);
#else
    pid_t child = fork(); /* it cannot be undone */
    if (child == 0) {
        struct harden_report got;
        struct rlimit cores = {1, 1};
        harden_process(&got);
        getrlimit(RLIMIT_CORE, &cores);
        _exit(got.cores_off && cores.rlim_max != 0 ? 1 : 0);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
#endif
}

static void what_is_protected_comes_back(void **state)
{
    (void)state;
    uint8_t *sealed = NULL, *plain = NULL;
    size_t sealed_len = 0, plain_len = 0;
    assert_int_equal(protect_seal((const uint8_t *)"key", 3, &sealed, &sealed_len), DL_OK);
    assert_int_equal(protect_open(sealed, sealed_len, &plain, &plain_len), DL_OK);
    assert_int_equal(plain_len, 3);
    assert_memory_equal(plain, "key", 3);
    free(plain);
#ifdef _WIN32
    sealed[sealed_len - 1] ^= 1;
    assert_int_equal(protect_open(sealed, sealed_len, &plain, &plain_len), DL_E_CORRUPT);
#endif
    free(sealed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_taker_is_told_busy),
        cmocka_unit_test(the_file_tells_the_holder),
        cmocka_unit_test(the_lock_of_a_killed_process_is_free),
        cmocka_unit_test(a_folder_that_is_not_there_is_said_so),
        cmocka_unit_test(hardening_reports_what_it_got),
        cmocka_unit_test(what_is_protected_comes_back),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
