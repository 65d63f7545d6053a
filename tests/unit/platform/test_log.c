#include "platform/clock.h"
#include "platform/log.h"
#include "scratch.h"

static int64_t now_ms;

static int64_t fake_wall(void *ctx)
{
    (void)ctx;
    return now_ms;
}

static uint64_t fake_mono(void *ctx)
{
    (void)ctx;
    return 0;
}

static void fake_sleep(void *ctx, uint32_t ms)
{
    (void)ctx;
    (void)ms;
}

static const struct clock_source source = {
    .wall_ms = fake_wall, .mono_us = fake_mono, .sleep_ms = fake_sleep};

static char *line_at(int64_t ms)
{
    now_ms = ms;
    struct capture c = capture_begin(STDERR_FILENO);
    LOG_INFO("outbox.full", LOG_U64("queued", 12), LOG_I64("skew", -3), LOG_ERR(DL_E_FULL),
             LOG_HEX("stream", "\x00\xab", 2), LOG_WORD("why", "quota"));
    return capture_end(c);
}

static void a_line_has_time_level_event_and_typed_fields(void **state)
{
    (void)state;
    char *line = line_at(1795485166123);
    assert_string_equal(line, "2026-11-24T01:52:46.123Z info outbox.full queued=12 skew=-3 "
                              "err=full stream=00ab why=quota\n");
    free(line);
}

static void times_are_right_at_the_edges_of_the_calendar(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } known[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {951782400000, "2000-02-29T00:00:00.000Z"},
        {4107542399999, "2100-02-28T23:59:59.999Z"},
        {4107542400000, "2100-03-01T00:00:00.000Z"},
        {1735689599999, "2024-12-31T23:59:59.999Z"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        char *line = line_at(known[i].ms);
        assert_memory_equal(line, known[i].text, strlen(known[i].text));
        free(line);
    }
}

static void lines_below_the_level_are_dropped(void **state)
{
    (void)state;
    struct capture c = capture_begin(STDERR_FILENO);
    LOG_DEBUG("unheard");
    log_set_level(LOG_LEVEL_ERROR);
    LOG_WARN("unheard");
    LOG_ERROR("heard");
    log_set_level(LOG_LEVEL_INFO);
    char *line = capture_end(c);
    assert_null(strstr(line, "unheard"));
    assert_contains(line, "error heard\n");
    free(line);
}

static void a_line_too_long_is_cut_and_still_ends(void **state)
{
    (void)state;
    uint8_t bytes[2000] = {0};
    struct capture c = capture_begin(STDERR_FILENO);
    LOG_INFO("long", LOG_HEX("id", bytes, sizeof bytes), LOG_U64("after", 1));
    char *line = capture_end(c);
    assert_int_equal(strlen(line), 1024);
    assert_int_equal(line[1023], '\n');
    free(line);
}

static int set_up(void **state)
{
    clock_override(&source);
    return scratch_make(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_time_level_event_and_typed_fields),
        cmocka_unit_test(times_are_right_at_the_edges_of_the_calendar),
        cmocka_unit_test(lines_below_the_level_are_dropped),
        cmocka_unit_test(a_line_too_long_is_cut_and_still_ends),
    };
    return cmocka_run_group_tests(tests, set_up, scratch_remove);
}
