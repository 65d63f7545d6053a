#include "agent/agent.h"
#include "agent/ratelimit.h"
#include "agent/status.h"
#include "platform/clock.h"
#include "tests/unit/agent/device_folder.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct device_folder));
    device_folder_make(*state);
    return 0;
}

static int tear_down(void **state)
{
    device_folder_done(*state);
    free(*state);
    return 0;
}

static enum dl_err open_again(const struct device_folder *f, struct dl_why *why)
{
    struct agent *a = NULL;
    const struct agent_options opt = {.dir = f->dir.s, .settings = &f->settings};
    enum dl_err err = agent_open(&a, &opt, why);
    agent_close(a, 0);
    return err;
}

static void damage(const struct device_folder *f, const char *name)
{
    struct file_path path;
    device_folder_must(file_join(&path, f->dir.s, name), "path");
    device_folder_must(file_write(path.s, "damaged", 7), name);
}

static void a_second_agent_on_the_folder_is_refused(void **state)
{
    struct dl_why why = {""};
    struct agent *a = device_folder_open(*state, false);
    assert_int_equal(open_again(*state, &why), DL_E_BUSY);
    assert_non_null(strstr(why.text, "another dunlin"));
    agent_close(a, 0);
    assert_int_equal(open_again(*state, &why), DL_OK);
}

static void a_folder_that_is_not_enrolled_says_how(void **state)
{
    const struct device_folder *f = *state;
    struct file_path path;
    struct dl_why why = {""};
    device_folder_must(file_join(&path, f->dir.s, ENROLMENT_FILE), "path");
    device_folder_must(file_remove(path.s), "remove");
    assert_int_equal(open_again(f, &why), DL_E_AUTH);
    assert_non_null(strstr(why.text, "dunlin enroll"));
}

static void damaged_files_are_told_by_name(void **state)
{
    static const char *const names[] = {ENROLMENT_TOKEN_KEY, ENROLMENT_ID_KEY, ENROLMENT_FILE};
    struct dl_why why = {""};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        damage(*state, names[i]);
        assert_int_equal(open_again(*state, &why), DL_E_CORRUPT);
        assert_non_null(strstr(why.text, names[i]));
        struct device_folder *f = *state;
        device_folder_done(f);
        device_folder_make(f);
    }
}

static void a_damaged_outbox_is_left_as_it_was_and_told_by_status(void **state)
{
    const struct device_folder *f = *state;
    struct dl_why why = {""};
    json_t *status = NULL;
    damage(f, ENROLMENT_OUTBOX);
    assert_int_equal(open_again(f, &why), DL_E_CORRUPT);
    assert_int_equal(status_of_folder(&status, f->dir.s, &f->settings, &why), DL_OK);
    assert_int_equal(status_exit_code(status), 2);
    assert_true(json_is_null(json_object_get(status, "outbox")));
    json_decref(status);
    struct file_path path;
    uint64_t size = 0;
    device_folder_must(file_join(&path, f->dir.s, ENROLMENT_OUTBOX), "path");
    assert_int_equal(file_size(path.s, &size), DL_OK);
    assert_int_equal(size, 7);
}

static void a_folder_from_another_machine_is_told(void **state)
{
    const struct device_folder *f = *state;
    static const uint8_t none[ENROLMENT_MARK_BYTES];
    struct enrolment e;
    json_t *status = NULL;
    assert_int_equal(enrolment_load(&e, f->dir.s, NULL), DL_OK);
    if (memcmp(e.machine, none, sizeof none) == 0)
        skip(); /* this machine has no mark */
    e.machine[0] ^= 1;
    assert_int_equal(enrolment_save(&e, f->dir.s), DL_OK);
    assert_int_equal(status_of_folder(&status, f->dir.s, &f->settings, NULL), DL_OK);
    assert_true(json_get_bool(status, "cloned_folder", false));
    assert_int_equal(status_exit_code(status), 1);
    json_decref(status);
}

/* ---- the token bucket -------------------------------------------------------------- */

struct fake {
    uint64_t us;
};

static uint64_t fake_us(void *ctx)
{
    return ((struct fake *)ctx)->us;
}

static int64_t fake_wall(void *ctx)
{
    return (int64_t)(((struct fake *)ctx)->us / 1000);
}

static void fake_sleep(void *ctx, uint32_t ms)
{
    ((struct fake *)ctx)->us += (uint64_t)ms * 1000;
}

static void a_bucket_gives_a_seconds_worth_and_then_its_rate(void **state)
{
    (void)state;
    struct fake fake = {1000000};
    const struct clock_source source = {
        .wall_ms = fake_wall, .mono_us = fake_us, .sleep_ms = fake_sleep, .ctx = &fake};
    struct ratelimit r;
    uint32_t wait_ms = 0;
    clock_override(&source);
    ratelimit_init(&r, 4);
    for (int i = 0; i < 4; i++)
        assert_true(ratelimit_take(&r, &wait_ms));
    assert_false(ratelimit_take(&r, &wait_ms));
    assert_in_range(wait_ms, 250, 251);
    clock_sleep_ms(wait_ms);
    assert_true(ratelimit_take(&r, &wait_ms));
    assert_false(ratelimit_take(&r, &wait_ms));
    clock_sleep_ms(3600 * 1000);
    for (int i = 0; i < 4; i++)
        assert_true(ratelimit_take(&r, &wait_ms));
    assert_false(ratelimit_take(&r, &wait_ms));
    ratelimit_done(&r);
    clock_override(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_second_agent_on_the_folder_is_refused),
        TEST(a_folder_that_is_not_enrolled_says_how),
        TEST(damaged_files_are_told_by_name),
        TEST(a_damaged_outbox_is_left_as_it_was_and_told_by_status),
        TEST(a_folder_from_another_machine_is_told),
        cmocka_unit_test(a_bucket_gives_a_seconds_worth_and_then_its_rate),
    };
    if (crypto_setup())
        return 1;
    json_setup();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
