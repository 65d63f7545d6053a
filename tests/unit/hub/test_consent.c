#include "hub/consent.h"
#include "hub/match.h"
#include "tests/unit/hub/fixture.h"

static void till_consent(struct till *t, int64_t seconds, bool yes, const char *identifiers)
{
    char json[256], time[CLOCK_TEXT_BYTES];
    clock_text(NOW_MS + seconds * 1000, time);
    snprintf(json, sizeof json,
             "{\"type\":\"consent\",\"time\":\"%s\",\"consent\":{\"profiling\":%s,"
             "\"notice_version\":\"2026-03\"}}",
             time, yes ? "true" : "false");
    till_put(t, json, identifiers);
}

static int64_t purchases(struct till *t, const char *identifier)
{
    json_t *p = profile_of(t, identifier);
    int64_t n = p ? json_get_int(p, "purchases", -1) : 0;
    json_decref(p);
    return n;
}

static void after_a_no_events_are_nobodys_by_any_identifier(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    till_sale(&t, 0, 100, "email=a@x.de loyalty_id=7");
    till_consent(&t, 10, false, "email=a@x.de");
    till_sale(&t, 20, 100, "email=a@x.de");
    till_deliver(&t);
    till_sale(&t, 30, 100, "loyalty_id=7");
    till_sale(&t, 30, 100, "loyalty_id=7 phone=+491");
    till_deliver(&t);
    assert_int_equal(purchases(&t, "email=a@x.de"), 1);
    assert_int_equal(purchases(&t, "phone=+491"), 0);
    assert_int_equal(stat_of(*state, "withheld"), 3);
    assert_int_equal(stat_of(*state, "unidentified"), 3);
    char *text = export_all(*state, EXPORT_EVENTS, EXPORT_NDJSON);
    assert_null(strstr(text, "sale-1-3")); /* what leads to a person went too */
    free(text);
    till_done(&t);
}

static void a_late_no_takes_what_came_after_it_from_the_person(void **state)
{
    struct till a, b;
    till_init(&a, *state, "till-1");
    till_init(&b, *state, "till-2");
    till_sale(&a, 0, 100, "email=a@x.de loyalty_id=7");
    till_sale(&a, 20, 200, "loyalty_id=7");
    till_sale(&a, 30, 400, "loyalty_id=7 cookie_id=c");
    till_deliver(&a);
    till_consent(&b, 10, false, "email=a@x.de");
    till_deliver(&b);
    json_t *p = profile_of(&a, "email=a@x.de");
    assert_int_equal(json_get_int(p, "purchases", -1), 1);
    assert_int_equal(
        json_get_int(json_object_get(json_object_get(p, "value"), "EUR"), "lifetime_minor", -1),
        100);
    json_decref(p);
    assert_null(profile_of(&a, "cookie_id=c")); /* stood nowhere else */
    assert_int_equal(stat_of(*state, "withheld"), 2);
    till_done(&a);
    till_done(&b);
}

static void a_later_yes_counts_for_what_is_later(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    till_sale(&t, 0, 100, "email=a@x.de loyalty_id=7");
    till_deliver(&t);
    till_consent(&t, 10, false, "email=a@x.de");
    till_consent(&t, 30, true, "loyalty_id=7");
    till_sale(&t, 20, 100, "email=a@x.de");
    till_sale(&t, 40, 100, "email=a@x.de");
    till_sale(&t, 5, 100, "email=a@x.de"); /* late, from before */
    till_deliver(&t);
    assert_int_equal(purchases(&t, "email=a@x.de"), 3);
    till_done(&t);
}

static void a_yes_that_a_till_says_with_each_sale_ends_no_withdrawal(void **state)
{
    struct till t;
    char json[512], time[CLOCK_TEXT_BYTES], captured[CLOCK_TEXT_BYTES];
    till_init(&t, *state, "till-1");
    till_consent(&t, 10, false, "email=a@x.de");
    till_sale(&t, 20, 100, "email=a@x.de"); /* says profiling: true, without a date */
    clock_text(NOW_MS + 40000, time);
    for (int at = 5; at <= 35; at += 30) { /* agreed to before, then after the no */
        clock_text(NOW_MS + at * 1000, captured);
        snprintf(json, sizeof json,
                 "{\"type\":\"visit\",\"time\":\"%s\",\"consent\":{\"profiling\":true,"
                 "\"captured_at\":\"%s\"}}",
                 time, captured);
        till_put(&t, json, "email=a@x.de");
        till_deliver(&t);
        json_t *p = profile_of(&t, "email=a@x.de");
        json_t *types = json_object_get(p, "types");
        assert_int_equal(json_get_int(types, "visit", 0), at > 10);
        json_decref(p);
    }
    assert_int_equal(purchases(&t, "email=a@x.de"), 0);
    till_done(&t);
}

static void a_no_may_take_what_came_before_it_too(void **state)
{
    struct fixture *fx = *state;
    struct till t;
    till_init(&t, fx, "till-1");
    fx->hub->consent_all_older = true;
    till_sale(&t, 0, 100, "email=a@x.de loyalty_id=7");
    till_deliver(&t);
    till_consent(&t, 10, false, "email=a@x.de");
    till_sale(&t, 5, 100, "email=a@x.de");
    till_deliver(&t);
    till_sale(&t, 6, 100, "email=a@x.de");
    till_deliver(&t);
    assert_int_equal(purchases(&t, "email=a@x.de"), 0);
    assert_int_equal(stat_of(fx, "withheld"), 3);
    till_done(&t);
}

static void a_strangers_sale_with_a_shared_tablet_is_not_withheld(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    till_sale(&t, 0, 100, "email=a@x.de cookie_id=tablet");
    till_sale(&t, 0, 100, "email=b@x.de cookie_id=tablet");
    till_deliver(&t);
    till_consent(&t, 10, false, "email=a@x.de cookie_id=tablet");
    till_sale(&t, 20, 100, "email=b@x.de cookie_id=tablet");
    till_sale(&t, 20, 100, "cookie_id=tablet");
    till_deliver(&t);
    assert_int_equal(purchases(&t, "email=b@x.de"), 2);
    assert_int_equal(stat_of(*state, "withheld"), 0);
    till_done(&t);
}

static enum dl_err count_row(void *ctx, const struct store_consent *row)
{
    assert_string_equal(row->notice_version, "2026-03");
    ++*(int *)ctx;
    return DL_OK;
}

static void what_was_said_is_kept_as_evidence_until_the_person_is_erased(void **state)
{
    struct till t;
    uint8_t element[GROUP_ELEMENT_BYTES];
    int rows = 0;
    struct store *st = ((struct fixture *)*state)->hub->reader;
    till_init(&t, *state, "till-1");
    till_sale(&t, 0, 100, "email=a@x.de loyalty_id=7");
    till_consent(&t, 10, false, "email=a@x.de");
    till_consent(&t, 20, true, "email=a@x.de");
    till_deliver(&t);
    canonical(&t, "loyalty_id=7", element);
    assert_int_equal(st->begin(st, STORE_READ), DL_OK);
    assert_int_equal(st->consents_of(st, element, count_row, &rows), DL_OK);
    st->rollback(st);
    assert_int_equal(rows, 2);
    till_erase(&t, 60, "email=a@x.de");
    till_deliver(&t);
    rows = 0;
    assert_int_equal(st->begin(st, STORE_READ), DL_OK);
    assert_int_equal(st->consents_of(st, element, count_row, &rows), DL_OK);
    st->rollback(st);
    assert_int_equal(rows, 0);
    till_done(&t);
}

/* ---- shuffles against a model ------------------------------------------------------------ */

#define ROUNDS   15
#define ACTS_MAX 24

struct act {
    bool is_consent, yes;
    int64_t seconds;
    const char *ids;
};

static uint32_t dice(uint32_t sides)
{
    uint32_t n;
    random_bytes(&n, sizeof n);
    return n % sides;
}

static int draw_acts(struct act acts[ACTS_MAX], bool with_yes)
{
    static const char *const ids[] = {"email=a@x.de", "loyalty_id=7", "phone=+491",
                                      "email=a@x.de phone=+491", "loyalty_id=7 cookie_id=c"};
    int count = 0;
    /* All of it one person, from the first second on. */
    acts[count++] = (struct act){.ids = "email=a@x.de loyalty_id=7 phone=+491"};
    while (count < ACTS_MAX)
        acts[count] = (struct act){.is_consent = dice(5) == 0,
                                   .yes = with_yes && dice(2),
                                   .seconds = 1 + (int64_t)dice(50) * 40 + count,
                                   .ids = ids[dice(5)]},
        count++;
    return count;
}

static bool model_withholds(const struct act *acts, int count, int64_t seconds)
{
    const struct act *newest = NULL;
    for (int i = 0; i < count; i++)
        if (acts[i].is_consent && acts[i].seconds <= seconds &&
            (!newest || acts[i].seconds > newest->seconds))
            newest = &acts[i];
    return newest && !newest->yes;
}

static void put_act(struct till *t, const struct act *act)
{
    if (act->is_consent)
        till_consent(t, act->seconds, act->yes, act->ids);
    else
        till_sale(t, act->seconds, 100, act->ids);
}

/* Delivers in a random order and in random batches, from two tills. */
static void deliver_shuffled(struct till *a, struct till *b, const struct act *acts, int count)
{
    int order[ACTS_MAX];
    for (int i = 0; i < count; i++)
        order[i] = i;
    for (int i = count - 1; i > 0; i--) {
        int k = (int)dice((uint32_t)i + 1), swap = order[i];
        order[i] = order[k];
        order[k] = swap;
    }
    for (int i = 0; i < count; i++) {
        struct till *t = dice(2) ? a : b;
        put_act(t, &acts[order[i]]);
        if (dice(3) == 0)
            till_deliver(t);
    }
    if (a->count)
        till_deliver(a);
    if (b->count)
        till_deliver(b);
}

static void shuffle(void **state, bool with_yes, int rounds)
{
    for (int round = 0; round < rounds; round++) {
        struct act acts[ACTS_MAX];
        struct till a, b;
        void *fx = NULL;
        assert_int_equal(fixture_open(&fx), 0);
        till_init(&a, fx, "till-1");
        till_init(&b, fx, "till-2");
        int count = draw_acts(acts, with_yes), expected = 0;
        for (int i = 0; i < count; i++)
            expected += !acts[i].is_consent && !model_withholds(acts, count, acts[i].seconds);
        deliver_shuffled(&a, &b, acts, count);
        if (with_yes) /* a yes that came late brings nothing back: never more than the model */
            assert_true(purchases(&a, "email=a@x.de") <= expected);
        else
            assert_int_equal(purchases(&a, "email=a@x.de"), expected);
        char *before = export_all(fx, EXPORT_PROFILES, EXPORT_NDJSON);
        assert_int_equal(match_rebuild(((struct fixture *)fx)->hub->store, NULL, NULL), DL_OK);
        char *after = export_all(fx, EXPORT_PROFILES, EXPORT_NDJSON);
        assert_string_equal(before, after); /* sums equal a recomputation */
        free(before);
        free(after);
        till_done(&a);
        till_done(&b);
        fixture_close(&fx);
    }
    (void)state;
}

static void any_order_of_noes_and_sales_gives_the_same(void **state)
{
    shuffle(state, false, rounds_of(ROUNDS));
}

static void no_order_attaches_what_is_to_be_withheld(void **state)
{
    shuffle(state, true, rounds_of(ROUNDS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(after_a_no_events_are_nobodys_by_any_identifier,
                                        fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(a_late_no_takes_what_came_after_it_from_the_person,
                                        fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(a_later_yes_counts_for_what_is_later, fixture_open,
                                        fixture_close),
        cmocka_unit_test_setup_teardown(
            a_yes_that_a_till_says_with_each_sale_ends_no_withdrawal, fixture_open,
            fixture_close),
        cmocka_unit_test_setup_teardown(a_no_may_take_what_came_before_it_too, fixture_open,
                                        fixture_close),
        cmocka_unit_test_setup_teardown(a_strangers_sale_with_a_shared_tablet_is_not_withheld,
                                        fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(
            what_was_said_is_kept_as_evidence_until_the_person_is_erased, fixture_open,
            fixture_close),
        cmocka_unit_test(any_order_of_noes_and_sales_gives_the_same),
        cmocka_unit_test(no_order_attaches_what_is_to_be_withheld),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
