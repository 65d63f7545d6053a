#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 600
#include "platform/barcode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- keys ------------------------------------------------------------------------- */

static char press(struct barcode_keys *k, uint16_t code)
{
    char c = barcode_keys_feed(k, code, 1);
    assert_int_equal(barcode_keys_feed(k, code, 0), 0);
    return c;
}

static void keys_say_what_stands_on_a_us_keyboard(void **state)
{
    static const struct {
        uint16_t code;
        char plain, shifted;
    } some[] = {{2, '1', '!'},    {3, '2', '@'},   {11, '0', ')'}, {12, '-', '_'},
                {16, 'q', 'Q'},   {21, 'y', 'Y'},  {30, 'a', 'A'}, {39, ';', ':'},
                {43, '\\', '|'},  {44, 'z', 'Z'},  {50, 'm', 'M'}, {53, '/', '?'},
                {57, ' ', ' '},   {79, '1', '1'},  {82, '0', '0'}, {98, '/', '/'},
                {28, '\n', '\n'}, {96, '\n', '\n'}};
    struct barcode_keys k = {0};
    (void)state;
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) {
        assert_int_equal(press(&k, some[i].code), some[i].plain);
        barcode_keys_feed(&k, 42, 1);
        assert_int_equal(press(&k, some[i].code), some[i].shifted);
        barcode_keys_feed(&k, 42, 0);
    }
}

static void either_shift_holds_until_it_is_released(void **state)
{
    struct barcode_keys k = {0};
    (void)state;
    barcode_keys_feed(&k, 54, 1);
    assert_int_equal(press(&k, 30), 'A');
    barcode_keys_feed(&k, 42, 1);
    barcode_keys_feed(&k, 54, 0);
    assert_int_equal(press(&k, 30), 'A');
    barcode_keys_feed(&k, 42, 0);
    assert_int_equal(press(&k, 30), 'a');
}

static void other_keys_and_repeats_say_nothing(void **state)
{
    struct barcode_keys k = {0};
    (void)state;
    static const uint16_t codes[] = {0, 1, 14, 15, 29, 56, 58, 59, 70, 99, 240, 0xffff};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        assert_int_equal(press(&k, codes[i]), 0);
    assert_int_equal(barcode_keys_feed(&k, 30, 2), 0);
}

/* ---- lines ------------------------------------------------------------------------ */

static size_t feed(struct barcode_line *line, const char *bytes)
{
    size_t codes = 0;
    for (; *bytes; bytes++)
        if (barcode_line_feed(line, *bytes)) {
            codes++;
            line->len = 0;
        }
    return codes;
}

static void a_line_ends_with_cr_or_lf_or_both(void **state)
{
    struct barcode_line line = {.len = 0};
    (void)state;
    assert_int_equal(feed(&line, "W7XK2\rW7XK3\nW7XK4\r\n\n\r"), 3);
    assert_int_equal(feed(&line, "W7"), 0);
    assert_true(barcode_line_feed(&line, '\r'));
    assert_memory_equal(line.bytes, "W7", line.len);
}

static void a_line_too_long_is_dropped_whole(void **state)
{
    struct barcode_line line = {.len = 0};
    (void)state;
    for (size_t i = 0; i < 3 * BARCODE_BYTES_MAX; i++)
        assert_false(barcode_line_feed(&line, 'x'));
    assert_false(barcode_line_feed(&line, '\n'));
    assert_int_equal(feed(&line, "good\n"), 1);
}

/* ---- devices ---------------------------------------------------------------------- */

static void a_device_that_is_not_there_is_not_found(void **state)
{
    struct barcode *b = NULL;
    (void)state;
    enum dl_err err = barcode_open(&b, "serial:/nonexistent/tty");
    assert_true(err == DL_E_NOT_FOUND || err == DL_E_INPUT);
    assert_null(b);
}

#ifdef __linux__
#include <fcntl.h>
#include <linux/input.h>
#include <linux/uinput.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static void assert_reads(struct barcode *b, const char *want)
{
    char code[BARCODE_BYTES_MAX];
    size_t len = 0;
    for (int i = 0; i < 50 && len == 0; i++)
        assert_int_equal(barcode_read(b, 100, code, &len), DL_OK);
    assert_int_equal(len, strlen(want));
    assert_memory_equal(code, want, len);
}

static void a_serial_line_gives_its_codes_one_by_one(void **state)
{
    (void)state;
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    struct barcode *b = NULL;
    assert_int_equal(barcode_open(&b, ptsname(master)), DL_OK);
    /* Control characters are no commands to a raw line. */
    static const char sent[] = "W7XK2-9QZP\rA\x03\x04 B\r\nhalf";
    assert_int_equal(write(master, sent, sizeof sent - 1), sizeof sent - 1);
    assert_reads(b, "W7XK2-9QZP");
    assert_reads(b, "A\x03\x04 B");
    assert_int_equal(write(master, "-done\n", 6), 6);
    assert_reads(b, "half-done");
    close(master);
    char code[BARCODE_BYTES_MAX];
    size_t len = 0;
    assert_int_equal(barcode_read(b, 100, code, &len), DL_E_IO);
    barcode_close(b);
}

static size_t events_of(struct input_event *ret, const uint16_t *codes, size_t count)
{
    size_t n = 0;
    memset(ret, 0, 4 * count * sizeof *ret);
    for (size_t i = 0; i < count; i++)
        for (int value = 1; value >= 0; value--) {
            ret[n].type = EV_KEY;
            ret[n].code = codes[i];
            ret[n++].value = value;
            ret[n++].type = EV_SYN;
        }
    return n * sizeof *ret;
}

static void a_keyboards_events_become_codes(void **state)
{
    static const uint16_t codes[] = {KEY_W, KEY_7, KEY_X, KEY_K, KEY_2, KEY_ENTER};
    struct input_event events[4 * 6];
    char path[] = "/tmp/dunlin-keys.XXXXXX", source[64];
    (void)state;
    close(mkstemp(path));
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    snprintf(source, sizeof source, "evdev:%s", path);
    struct barcode *b = NULL;
    assert_int_equal(barcode_open(&b, source), DL_OK);
    int fd = open(path, O_WRONLY);
    size_t len = events_of(events, codes, 6);
    /* An event that comes in two parts is one all the same. */
    assert_int_equal(write(fd, events, 100), 100);
    char code[BARCODE_BYTES_MAX];
    size_t got = 0;
    assert_int_equal(barcode_read(b, 100, code, &got), DL_OK);
    assert_int_equal(got, 0);
    assert_int_equal(write(fd, (const char *)events + 100, len - 100), len - 100);
    assert_reads(b, "w7xk2");
    close(fd);
    barcode_close(b);
    unlink(path);
}

/* A keyboard that the kernel makes for us, where the machine lets us. */
static void a_real_keyboard_is_read_and_taken_away(void **state)
{
    static const uint16_t codes[] = {KEY_Q, KEY_R, KEY_1, KEY_2, KEY_ENTER};
    struct input_event events[4 * 5];
    char name[64] = "", path[128];
    (void)state;
    int fd = open("/dev/uinput", O_WRONLY | O_NONBLOCK);
    if (fd < 0)
        skip();
    struct uinput_setup setup = {.id = {.bustype = BUS_USB, .vendor = 1, .product = 1},
                                 .name = "dunlin test"};
    assert_int_equal(ioctl(fd, UI_SET_EVBIT, EV_KEY), 0);
    for (int key = 1; key < 120; key++)
        assert_int_equal(ioctl(fd, UI_SET_KEYBIT, key), 0);
    assert_int_equal(ioctl(fd, UI_DEV_SETUP, &setup), 0);
    assert_int_equal(ioctl(fd, UI_DEV_CREATE), 0);
    assert_true(ioctl(fd, UI_GET_SYSNAME(sizeof name), name) >= 0);
    struct barcode *b = NULL, *second = NULL;
    for (int n = 0; n < 64 && !b; n++) {
        snprintf(path, sizeof path, "/sys/devices/virtual/input/%s/event%d", name, n);
        if (access(path, F_OK) != 0)
            continue;
        snprintf(path, sizeof path, "/dev/input/event%d", n);
        assert_int_equal(barcode_open(&b, path), DL_OK);
        assert_int_equal(barcode_open(&second, path), DL_E_BUSY);
    }
    assert_non_null(b);
    size_t len = events_of(events, codes, 5);
    assert_int_equal(write(fd, events, len), len);
    assert_reads(b, "qr12");
    barcode_close(b);
    close(fd);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_say_what_stands_on_a_us_keyboard),
        cmocka_unit_test(either_shift_holds_until_it_is_released),
        cmocka_unit_test(other_keys_and_repeats_say_nothing),
        cmocka_unit_test(a_line_ends_with_cr_or_lf_or_both),
        cmocka_unit_test(a_line_too_long_is_dropped_whole),
        cmocka_unit_test(a_device_that_is_not_there_is_not_found),
#ifdef __linux__
        cmocka_unit_test(a_serial_line_gives_its_codes_one_by_one),
        cmocka_unit_test(a_keyboards_events_become_codes),
        cmocka_unit_test(a_real_keyboard_is_read_and_taken_away),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
