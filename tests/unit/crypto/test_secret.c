#include "tests/unit/crypto/scratch.h"

#include <stdalign.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

#if defined(_WIN32) || defined(SANITIZED)
#define NO_CRASH_TESTS 1
#else
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* The signal that ends a child which does `act` to the secret; 0: none does. */
static int signal_of(void (*act)(volatile uint8_t *), void *secret)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL);
        signal(SIGBUS, SIG_DFL);
        const struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        act(secret);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void write_first(volatile uint8_t *p)
{
    p[0] = 1;
}

static void read_past_end(volatile uint8_t *p)
{
    (void)p[32];
}
#endif

static void a_frozen_secret_stops_whoever_writes_to_it(void **state)
{
    (void)state;
#ifdef NO_CRASH_TESTS
    skip();
#else
    uint8_t *secret = secret_make(32);
    assert_non_null(secret);
    assert_int_equal(signal_of(write_first, secret), 0);
    secret_freeze(secret);
    assert_int_equal(signal_of(write_first, secret), SIGSEGV);
    secret_free(secret, 32);
#endif
}

static void a_read_past_a_secret_stops(void **state)
{
    (void)state;
#ifdef NO_CRASH_TESTS
    skip();
#else
    uint8_t *secret = secret_make(32);
    assert_non_null(secret);
    assert_int_equal(signal_of(read_past_end, secret), SIGSEGV);
    secret_free(secret, 32);
#endif
}

static void a_secret_starts_zeroed_and_aligned(void **state)
{
    (void)state;
    static const uint8_t zeros[33];
    for (size_t len = 1; len <= sizeof zeros; len++) {
        uint8_t *secret = secret_make(len);
        assert_non_null(secret);
        assert_memory_equal(secret, zeros, len);
        assert_int_equal((uintptr_t)secret % alignof(max_align_t), 0);
        secret_free(secret, len);
    }
}

static void freeing_nothing_is_fine(void **state)
{
    (void)state;
    secret_free(NULL, 32);
    assert_null(secret_make(SIZE_MAX));
}

#ifndef SANITIZED
/* Where a callee's frame was, as a number, so that no lint calls it a pointer. */
static volatile uintptr_t left_at;

static void leave_a_trace(void)
{
    volatile uint8_t frame[64];
    for (size_t i = 0; i < sizeof frame; i++)
        frame[i] = 0xA5;
    left_at = (uintptr_t)frame;
}
static void (*volatile leave)(void) = leave_a_trace;

static size_t traces(void)
{
    const volatile uint8_t *at = (const volatile uint8_t *)left_at;
    size_t n = 0;
    for (size_t i = 0; i < 64; i++)
        n += at[i] == 0xA5;
    return n;
}
#endif

static void a_wiped_stack_holds_nothing_of_the_last_call(void **state)
{
    (void)state;
#ifdef SANITIZED
    skip();
#else
    leave();
    assert_true(traces() > 48); /* the call of traces() may take a few */
    leave();
    secret_wipe_stack();
    assert_true(traces() < 8);
#endif
}

static void setting_up_twice_is_harmless(void **state)
{
    (void)state;
    assert_int_equal(crypto_setup(), DL_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frozen_secret_stops_whoever_writes_to_it),
        cmocka_unit_test(a_read_past_a_secret_stops),
        cmocka_unit_test(a_secret_starts_zeroed_and_aligned),
        cmocka_unit_test(freeing_nothing_is_fine),
        cmocka_unit_test(a_wiped_stack_holds_nothing_of_the_last_call),
        cmocka_unit_test(setting_up_twice_is_harmless),
    };
    return cmocka_run_group_tests(tests, crypto_start, NULL);
}
