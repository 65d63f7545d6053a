#define _XOPEN_SOURCE 600
#include "agent/scanner.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#ifdef __linux__
#include "platform/thread.h"
#include "tests/unit/agent/device_folder.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fixture {
    struct device_folder folder;
    struct agent *agent;
    struct scanner *scanner;
    int line; /* what is written here is scanned */
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct dl_why why = {""};
    device_folder_make(&f->folder);
    f->agent = device_folder_open(&f->folder, false);
    f->line = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(f->line >= 0 && grantpt(f->line) == 0 && unlockpt(f->line) == 0);
    struct settings *s = &f->agent->settings;
    snprintf(s->scanner_device, sizeof s->scanner_device, "%s", ptsname(f->line));
    strcpy(s->scanner_event, "gala");
    strcpy(s->scanner_gate, "north");
    assert_int_equal(scanner_start(&f->scanner, f->agent, &why), DL_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    scanner_stop(f->scanner);
    close(f->line);
    agent_close(f->agent, 0);
    device_folder_done(&f->folder);
    free(f);
    return 0;
}

static void scan(struct fixture *f, const char *code)
{
    assert_int_equal(write(f->line, code, strlen(code)), strlen(code));
}

/* Until number n is there: the device may just be opening. */
static json_t *wait_for(struct fixture *f, uint64_t n)
{
    uint64_t seen = 0;
    for (int tries = 0; tries < 100 && seen < n; tries++) {
        json_t *news = scanner_look(f->scanner, seen, 1000);
        seen = (uint64_t)json_get_int(news, "n", 0);
        json_decref(news);
    }
    if (seen >= n)
        return scanner_look(f->scanner, n - 1, 0);
    fail_msg("scan %llu never came", (unsigned long long)n);
    return NULL;
}

static const json_t *scan_of(const json_t *news, size_t i, const char *member)
{
    return json_object_get(json_array_get(json_object_get(news, "scans"), i), member);
}

static void a_code_is_a_check_in_where_the_settings_say(void **state)
{
    struct fixture *f = *state;
    scan(f, "W7XK2-9QZP\r");
    json_t *news = wait_for(f, 1);
    const json_t *where = scan_of(news, 0, "scan"), *answer = scan_of(news, 0, "answer");
    assert_int_equal(json_integer_value(scan_of(news, 0, "status")), 201);
    assert_string_equal(json_get_str(where, "event"), "gala");
    assert_string_equal(json_get_str(where, "gate"), "north");
    assert_string_equal(json_get_str(where, "type"), "entry");
    assert_null(json_object_get(where, "list"));
    assert_null(json_object_get(where, "ticket"));
    assert_int_equal(json_get_int(answer, "seq", 0), 1);
    size_t len = 0;
    char *text = json_text(news, &len);
    assert_null(strstr(text, "W7XK2"));
    json_text_free(text);
    json_decref(news);
}

static void a_screen_aims_it_elsewhere(void **state)
{
    struct fixture *f = *state;
    const struct scanner_aim aim = {.event = "fair", .list = "vip", .exit = true};
    scanner_set_aim(f->scanner, &aim);
    scan(f, "ABCD-1\n");
    json_t *news = wait_for(f, 1);
    const json_t *where = scan_of(news, 0, "scan");
    assert_string_equal(json_get_str(where, "event"), "fair");
    assert_string_equal(json_get_str(where, "list"), "vip");
    assert_string_equal(json_get_str(where, "type"), "exit");
    json_decref(news);
}

static void what_is_no_text_is_refused_and_told(void **state)
{
    struct fixture *f = *state;
    scan(f, "\xff\xfe\n");
    json_t *news = wait_for(f, 1);
    assert_int_not_equal(json_integer_value(scan_of(news, 0, "status")), 201);
    json_decref(news);
}

static void the_last_sixteen_are_kept(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 20; i++) {
        char code[16];
        snprintf(code, sizeof code, "CODE-%d\n", i);
        scan(f, code);
    }
    json_decref(wait_for(f, 20));
    json_t *news = scanner_look(f->scanner, 0, 0);
    assert_int_equal(json_array_size(json_object_get(news, "scans")), 16);
    assert_int_equal(json_integer_value(scan_of(news, 0, "n")), 5);
    json_decref(news);
    news = scanner_look(f->scanner, 18, 0);
    assert_int_equal(json_array_size(json_object_get(news, "scans")), 2);
    json_decref(news);
}

static void look_for_long(void *ctx)
{
    struct fixture *f = ctx;
    uint64_t seen = 0;
    /* Its coming and going are news, too; nobody stops before. */
    while (!atomic_load(&f->agent->stopping)) {
        json_t *news = scanner_look(f->scanner, seen, 600000);
        seen = (uint64_t)json_get_int(news, "n", 0);
        json_decref(news);
    }
}

static void who_waits_is_let_go_when_the_agent_stops(void **state)
{
    struct fixture *f = *state;
    struct thread *waiter = NULL;
    assert_int_equal(thread_start(&waiter, look_for_long, f), DL_OK);
    scan(f, "CODE-1\n");
    json_decref(wait_for(f, 1));
    atomic_store(&f->agent->stopping, true);
    thread_join(waiter); /* or this test never ends */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_code_is_a_check_in_where_the_settings_say), TEST(a_screen_aims_it_elsewhere),
        TEST(what_is_no_text_is_refused_and_told),         TEST(the_last_sixteen_are_kept),
        TEST(who_waits_is_let_go_when_the_agent_stops),
    };
    if (crypto_setup())
        return 1;
    json_setup();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
#else
static void this_system_reads_no_scanners(void **state)
{
    struct scanner *s = NULL;
    struct dl_why why = {""};
    (void)state;
    assert_int_equal(scanner_start(&s, NULL, &why), DL_E_INPUT);
    assert_true(*why.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(this_system_reads_no_scanners)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
#endif
