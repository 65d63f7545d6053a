#include "platform/net.h"

#include "platform/clock.h"
#include "platform/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#define PATIENT_MS 20000

static local_socket listener;
static char address[LOCAL_SOCKET_TEXT_BYTES];

static int start(void **state)
{
    (void)state;
    bool is_loopback = false;
    return local_socket_tcp("127.0.0.1:0", &listener, address, &is_loopback, NULL) == DL_OK
               ? 0
               : -1;
}

static int stop(void **state)
{
    (void)state;
    local_socket_close(listener);
    return 0;
}

static bool wait_one(local_socket s, bool read)
{
    struct net_wait wait = {.s = s, .read = read, .write = !read};
    assert_int_equal(net_wait(&wait, 1, PATIENT_MS), DL_OK);
    return read ? wait.can_read : wait.can_write;
}

static void dial(local_socket *ret_here, local_socket *ret_there)
{
    assert_int_equal(net_dial(ret_here, address), DL_OK);
    assert_true(wait_one(*ret_here, false));
    assert_int_equal(net_dialled(*ret_here), DL_OK);
    assert_true(wait_one(listener, true));
    assert_int_equal(net_accept(listener, ret_there), DL_OK);
}

static void what_one_end_sends_the_other_receives(void **state)
{
    (void)state;
    local_socket here, there, none;
    char bytes[8];
    dial(&here, &there);
    assert_int_equal(net_accept(listener, &none), DL_E_NOT_FOUND);
    assert_int_equal(net_receive(there, bytes, sizeof bytes), NET_AGAIN);
    assert_int_equal(net_send(here, "hello", 5), 5);
    assert_true(wait_one(there, true));
    assert_int_equal(net_receive(there, bytes, sizeof bytes), 5);
    assert_memory_equal(bytes, "hello", 5);
    local_socket_close(here);
    assert_true(wait_one(there, true));
    assert_int_equal(net_receive(there, bytes, sizeof bytes), 0);
    local_socket_close(there);
}

static void a_full_line_says_again_and_takes_more_once_it_is_read(void **state)
{
    (void)state;
    static char bytes[65536];
    local_socket here, there;
    ptrdiff_t n = 0;
    size_t sent = 0, got = 0;
    dial(&here, &there);
    while ((n = net_send(here, bytes, sizeof bytes)) > 0)
        sent += (size_t)n;
    assert_int_equal(n, NET_AGAIN);
    while (got < sent) {
        assert_true(wait_one(there, true));
        n = net_receive(there, bytes, sizeof bytes);
        assert_true(n > 0);
        got += (size_t)n;
    }
    assert_true(wait_one(here, false));
    local_socket_close(here);
    local_socket_close(there);
}

static void a_send_to_one_who_is_gone_breaks_and_raises_no_signal(void **state)
{
    (void)state;
    local_socket here, there;
    ptrdiff_t n = 0;
    dial(&here, &there);
    local_socket_close(there);
    uint64_t until = clock_mono_ms() + PATIENT_MS;
    while ((n = net_send(here, "x", 1)) != NET_BROKEN && clock_mono_ms() < until)
        clock_sleep_ms(1);
    assert_int_equal(n, NET_BROKEN);
    local_socket_close(here);
}

static void only_literal_addresses_are_dialled(void **state)
{
    (void)state;
    static const char *const bad[] = {"",          "localhost:1", "gate-b.local:8790",
                                      "127.0.0.1", "127.0.0.1:0", ":8790",
                                      "::1:8790",  "[::1]"};
    local_socket s;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(net_dial(&s, bad[i]), DL_E_INPUT);
}

static void nobody_behind_an_address_is_told(void **state)
{
    (void)state;
    char free_address[LOCAL_SOCKET_TEXT_BYTES];
    local_socket closed, s;
    bool is_loopback = false;
    assert_int_equal(local_socket_tcp("127.0.0.1:0", &closed, free_address, &is_loopback, NULL),
                     DL_OK);
    local_socket_close(closed);
    enum dl_err err = net_dial(&s, free_address);
    if (!err) {
        assert_true(wait_one(s, false));
        err = net_dialled(s);
        local_socket_close(s);
    }
    assert_int_equal(err, DL_E_NET);
}

static void wake(void *ctx)
{
    net_waker_wake(ctx);
}

static void a_wake_ends_a_wait_and_is_forgotten_once_drained(void **state)
{
    (void)state;
    struct net_waker *w = NULL;
    struct thread *t = NULL;
    assert_int_equal(net_waker_open(&w), DL_OK);
    assert_int_equal(thread_start(&t, wake, w), DL_OK);
    assert_true(wait_one(net_waker_socket(w), true));
    thread_join(t);
    for (int i = 0; i < 100000; i++)
        net_waker_wake(w); /* never blocks */
    struct net_wait wait = {.s = net_waker_socket(w), .read = true, .can_read = true};
    for (int i = 0; i < 1000000 && wait.can_read; i++) {
        net_waker_drain(w);
        assert_int_equal(net_wait(&wait, 1, 0), DL_OK);
    }
    assert_false(wait.can_read);
    net_waker_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_one_end_sends_the_other_receives),
        cmocka_unit_test(a_full_line_says_again_and_takes_more_once_it_is_read),
        cmocka_unit_test(a_send_to_one_who_is_gone_breaks_and_raises_no_signal),
        cmocka_unit_test(only_literal_addresses_are_dialled),
        cmocka_unit_test(nobody_behind_an_address_is_told),
        cmocka_unit_test(a_wake_ends_a_wait_and_is_forgotten_once_drained),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
