#include "hub/desk.h"
#include "hub/devices.h"
#include "tests/unit/hub/fixture.h"

static const struct desk_limits generous = {1000, 1000};

static enum desk_result ask(struct till *t, struct token token, bool whole,
                            const struct desk_limits *limits, int64_t now_ms, json_t **ret,
                            int64_t *ret_wait_ms)
{
    struct store_device device;
    struct store *st = t->fx->hub->reader;
    enum dl_err err = DL_OK;
    assert_int_equal(st->begin(st, STORE_READ), DL_OK);
    assert_int_equal(st->device_get(st, t->device, &device), DL_OK);
    st->rollback(st);
    const struct desk_question question = {.device = &device, .token = &token, .whole = whole};
    *ret = NULL;
    return desk_ask(t->fx->hub, &question, limits, now_ms, ret, ret_wait_ms, &err);
}

static bool is_known(struct till *t, struct token token)
{
    json_t *answer = NULL;
    int64_t wait_ms = 0;
    assert_int_equal(ask(t, token, false, &generous, NOW_MS, &answer, &wait_ms), DESK_OK);
    bool known = json_is_true(json_object_get(answer, "known"));
    json_decref(answer);
    return known;
}

static void grant(struct till *t, const char *name)
{
    assert_int_equal(desk_grant(t->fx->hub->store, name, true, "cli:0", NOW_MS), DL_OK);
}

struct lines {
    int count;
    char last[256];
};

static enum dl_err note_line(void *ctx, const struct store_audit *line)
{
    struct lines *l = ctx;
    if (strncmp(line->what, "desk.", 5) == 0) {
        l->count++;
        snprintf(l->last, sizeof l->last, "%s|%s", line->object ? line->object : "",
                 line->detail ? line->detail : "");
    }
    return DL_OK;
}

static struct lines audit_of(struct till *t)
{
    struct lines lines = {.count = 0};
    struct store *st = t->fx->hub->reader;
    assert_int_equal(st->begin(st, STORE_READ), DL_OK);
    assert_int_equal(st->audit_each(st, 0, 1000, note_line, &lines), DL_OK);
    st->rollback(st);
    return lines;
}

static void who_has_no_role_gets_no_answer_and_a_line(void **state)
{
    struct till t;
    json_t *answer = NULL;
    int64_t wait_ms = 0;
    till_init(&t, *state, "till-1");
    till_sale(&t, 0, 100, "email=a@x.de");
    till_deliver(&t);
    assert_int_equal(
        ask(&t, till_token(&t, "email=a@x.de"), true, &generous, NOW_MS, &answer, &wait_ms),
        DESK_NOT_GRANTED);
    assert_null(answer);
    assert_string_equal(audit_of(&t).last, "|email: refused: no desk role");
    till_done(&t);
}

static void who_was_revoked_may_not_ask_any_more(void **state)
{
    struct till t;
    json_t *answer = NULL;
    int64_t wait_ms = 0;
    till_init(&t, *state, "till-1");
    till_sale(&t, 0, 100, "email=a@x.de");
    till_deliver(&t);
    grant(&t, "till-1");
    assert_true(is_known(&t, till_token(&t, "email=a@x.de")));
    assert_int_equal(devices_revoke(t.fx->hub->store, "till-1", "cli:0", NOW_MS), DL_OK);
    assert_int_equal(
        ask(&t, till_token(&t, "email=a@x.de"), false, &generous, NOW_MS, &answer, &wait_ms),
        DESK_NOT_GRANTED);
    assert_null(answer);
    till_done(&t);
}

/* The audit log cannot be made smaller again. */
static void who_has_no_role_fills_no_log(void **state)
{
    struct till t;
    json_t *answer = NULL;
    int64_t wait_ms = 0;
    const struct desk_limits limits = {.per_day = 4, .per_minute = 2};
    till_init(&t, *state, "till-1");
    struct token token = till_token(&t, "email=a@x.de");
    for (int minute = 0; minute < 10; minute++)
        for (int i = 0; i < 5; i++)
            assert_int_equal(
                ask(&t, token, true, &limits, NOW_MS + minute * 60000, &answer, &wait_ms),
                DESK_NOT_GRANTED);
    assert_int_equal(audit_of(&t).count, 5); /* of the day, and one that says so */
    till_done(&t);
}

static void an_answer_names_the_profile_and_no_identifier(void **state)
{
    struct till t;
    json_t *answer = NULL;
    int64_t wait_ms = 0;
    till_init(&t, *state, "desk-1");
    grant(&t, "desk-1");
    till_sale(&t, 0, 100, "email=a@x.de phone=+491");
    till_deliver(&t);
    assert_int_equal(
        ask(&t, till_token(&t, "email=a@x.de"), true, &generous, NOW_MS, &answer, &wait_ms),
        DESK_OK);
    char *text = json_text(answer, NULL);
    assert_null(strstr(text, "i_"));
    const json_t *counts = json_object_get(answer, "identifiers");
    assert_int_equal(json_get_int(counts, "email", 0), 1);
    assert_int_equal(json_get_int(counts, "phone", 0), 1);
    assert_memory_equal(audit_of(&t).last, "p_", 2);
    json_text_free(text);
    json_decref(answer);
    till_done(&t);
}

/* Else the log would say that somebody was asked for by e-mail, and it was another's card. */
static void a_token_asked_under_another_type_finds_nobody(void **state)
{
    struct till t;
    till_init(&t, *state, "desk-1");
    grant(&t, "desk-1");
    till_sale(&t, 0, 100, "loyalty_id=42");
    till_deliver(&t);
    struct token token = till_token(&t, "loyalty_id=42");
    assert_true(is_known(&t, token));
    token.type = TOKEN_TYPE_EMAIL;
    assert_false(is_known(&t, token));
    till_done(&t);
}

static void a_minute_and_a_day_have_their_bounds(void **state)
{
    struct till t;
    json_t *answer = NULL;
    int64_t wait_ms = 0;
    const struct desk_limits limits = {.per_day = 3, .per_minute = 2};
    till_init(&t, *state, "desk-1");
    grant(&t, "desk-1");
    struct token token = till_token(&t, "email=nobody@x.de");
    static const struct {
        int64_t after_ms;
        enum desk_result result;
        int64_t wait_ms;
        int lines;
    } asked[] = {
        {0, DESK_OK, 0, 1},
        {1000, DESK_OK, 0, 2},
        {20000, DESK_TOO_OFTEN, 40000, 2}, /* of the minute: no line */
        {60000, DESK_OK, 0, 3},
        {120000, DESK_TOO_OFTEN, INT64_C(8 * 3600000 - 120000), 4}, /* of the day: one */
        {180000, DESK_TOO_OFTEN, INT64_C(8 * 3600000 - 180000), 4},
        {INT64_C(8 * 3600000), DESK_OK, 0, 5}, /* NOW_MS is 16:00 UTC */
    };
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        wait_ms = 0;
        assert_int_equal(
            ask(&t, token, false, &limits, NOW_MS + asked[i].after_ms, &answer, &wait_ms),
            asked[i].result);
        assert_int_equal(wait_ms, asked[i].wait_ms);
        assert_int_equal(audit_of(&t).count, asked[i].lines);
        json_decref(answer);
    }
    till_done(&t);
}

static void a_revoked_device_may_not_ask_nor_be_granted(void **state)
{
    struct till t;
    json_t *answer = NULL;
    int64_t wait_ms = 0;
    till_init(&t, *state, "desk-1");
    grant(&t, "desk-1");
    struct store *st = t.fx->hub->store;
    assert_int_equal(devices_revoke(st, "desk-1", "cli:0", NOW_MS), DL_OK);
    assert_int_equal(
        ask(&t, till_token(&t, "email=a@x.de"), false, &generous, NOW_MS, &answer, &wait_ms),
        DESK_NOT_GRANTED);
    assert_int_equal(desk_grant(st, "desk-1", true, "cli:0", NOW_MS), DL_E_REJECTED);
    assert_int_equal(desk_grant(st, "desk-2", true, "cli:0", NOW_MS), DL_E_NOT_FOUND);
    till_done(&t);
}

#define test(fn) cmocka_unit_test_setup_teardown(fn, fixture_open, fixture_close)
int main(void)
{
    const struct CMUnitTest tests[] = {
        test(who_has_no_role_gets_no_answer_and_a_line),
        test(who_was_revoked_may_not_ask_any_more),
        test(who_has_no_role_fills_no_log),
        test(an_answer_names_the_profile_and_no_identifier),
        test(a_token_asked_under_another_type_finds_nobody),
        test(a_minute_and_a_day_have_their_bounds),
        test(a_revoked_device_may_not_ask_nor_be_granted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
