#include "platform/service.h"
#include "platform/thread.h"
#include "scratch.h"

#ifndef _WIN32 /* what systemd and signals want; Windows' manager needs an installed service   \
                */
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

static void signals_become_wishes_and_a_stop_stays(void **state)
{
    (void)state;
    assert_int_equal(service_init(), DL_OK);
    assert_int_equal(service_wait(1), SERVICE_WISH_NONE);
    raise(SIGPIPE);
    raise(SIGHUP);
    assert_int_equal(service_wait(10000), SERVICE_WISH_RELOAD);
    assert_int_equal(service_wait(1), SERVICE_WISH_NONE);
    raise(SIGTERM);
    raise(SIGHUP);
    assert_int_equal(service_wait(10000), SERVICE_WISH_STOP);
    assert_int_equal(service_wait(10000), SERVICE_WISH_STOP);
}

/* Binds a datagram socket as systemd would; gives what a notification says. */
static void check_notified(struct sockaddr_un *to, socklen_t len, const char *env)
{
    char text[64] = "";
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)to, len), 0);
    setenv("NOTIFY_SOCKET", env, 1);
    service_ready();
    assert_int_equal(recv(fd, text, sizeof text, MSG_DONTWAIT), 7);
    assert_string_equal(text, "READY=1");
    unsetenv("NOTIFY_SOCKET");
    close(fd);
}

static void the_manager_is_notified_by_path_and_by_abstract_name(void **state)
{
    (void)state;
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    char name[64];
    snprintf(to.sun_path, sizeof to.sun_path, "%s", at("notify"));
    check_notified(&to, sizeof to, at("notify"));
    unlink(at("notify"));

    int n = snprintf(name, sizeof name, "@dunlin-test-%ld", (long)getpid());
    memset(&to, 0, sizeof to);
    to.sun_family = AF_UNIX;
    memcpy(to.sun_path + 1, name + 1, (size_t)n - 1);
    check_notified(&to, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)n), name);
    service_stopping(); /* nobody there: no harm */
}

static void the_watchdog_is_fed_twice_in_its_time_by_the_right_process(void **state)
{
    (void)state;
    char pid[32];
    assert_int_equal(service_watchdog_ms(), 0);
    setenv("WATCHDOG_USEC", "30000000", 1);
    assert_int_equal(service_watchdog_ms(), 15000);
    setenv("WATCHDOG_PID", "1", 1);
    assert_int_equal(service_watchdog_ms(), 0);
    snprintf(pid, sizeof pid, "%ld", (long)getpid());
    setenv("WATCHDOG_PID", pid, 1);
    assert_int_equal(service_watchdog_ms(), 15000);
}

#else

static void a_stop_asked_by_ourselves_wakes_and_stays(void **state)
{
    (void)state;
    assert_int_equal(service_init(), DL_OK); /* finds no manager and says nothing */
    assert_int_equal(service_init(), DL_OK);
    assert_int_equal(service_wait(1), SERVICE_WISH_NONE);
    service_ready();
    service_stop();
    assert_int_equal(service_wait(10000), SERVICE_WISH_STOP);
    assert_int_equal(service_wait(10000), SERVICE_WISH_STOP);
    service_stopping();
}

static void nobody_watches(void **state)
{
    (void)state;
    service_watchdog();
    assert_int_equal(service_watchdog_ms(), 0);
}

#endif

struct meeting {
    struct mutex m;
    struct cond c;
    bool there;
};

static void arrive(void *ctx)
{
    struct meeting *meeting = ctx;
    mutex_lock(&meeting->m);
    meeting->there = true;
    cond_signal(&meeting->c);
    mutex_unlock(&meeting->m);
}

static void threads_meet_and_waiting_has_an_end(void **state)
{
    (void)state;
    struct meeting meeting = {.there = false};
    struct thread *t = NULL;
    mutex_init(&meeting.m);
    cond_init(&meeting.c);
    mutex_lock(&meeting.m);
    assert_false(cond_wait_ms(&meeting.c, &meeting.m, 5));
    assert_int_equal(thread_start(&t, arrive, &meeting), DL_OK);
    while (!meeting.there)
        cond_wait_ms(&meeting.c, &meeting.m, 10000);
    mutex_unlock(&meeting.m);
    thread_join(t);
    thread_join(NULL);
    cond_done(&meeting.c);
    mutex_done(&meeting.m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#ifndef _WIN32
        cmocka_unit_test(signals_become_wishes_and_a_stop_stays),
        cmocka_unit_test(the_manager_is_notified_by_path_and_by_abstract_name),
        cmocka_unit_test(the_watchdog_is_fed_twice_in_its_time_by_the_right_process),
#else
        cmocka_unit_test(a_stop_asked_by_ourselves_wakes_and_stays),
        cmocka_unit_test(nobody_watches),
#endif
        cmocka_unit_test(threads_meet_and_waiting_has_an_end),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
