#include "hub/match.h"
#include "hub/rules.h"
#include "hub/rules_change.h"
#include "tests/unit/hub/fixture.h"

static void a_file_of_init_says_what_is_built_in(void **state)
{
    struct fixture *fx = *state;
    struct file_path path;
    struct rules rules, defaults = rules_defaults();
    struct dl_why why = {""};
    assert_int_equal(file_join(&path, fx->dir, RULES_FILE), DL_OK);
    assert_int_equal(rules_create(path.s), DL_OK);
    assert_int_equal(rules_load(&rules, path.s, &why), DL_OK);
    assert_true(rules_equal(&rules, &defaults));
    assert_true(rules_merges(&rules, TOKEN_TYPE_EMAIL));
    assert_false(rules_merges(&rules, TOKEN_TYPE_COOKIE_ID));
    assert_int_equal(rules_of(&rules, TOKEN_TYPE_NATIONAL_ID)->values_per_profile, 1);
    assert_null(rules_of(&rules, TOKEN_TYPE_RECIPE_FIRST));
}

static void a_mistake_is_named_with_its_line(void **state)
{
    struct fixture *fx = *state;
    static const struct {
        const char *text, *said;
    } mistakes[] = {{"[email]\nmergs = yes\n", "line 2: unknown key email.mergs"},
                    {"[mail]\nmerges = yes\n", "line 2: unknown key mail.merges"},
                    {"blob_max = 1\n", "line 1"},
                    {"\n\n[phone]\nvalues_per_profile = 0\n", "line 4"}};
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct file_path path;
        struct rules rules;
        struct dl_why why = {""};
        assert_int_equal(file_join(&path, fx->dir, "bad.conf"), DL_OK);
        assert_int_equal(file_write(path.s, mistakes[i].text, strlen(mistakes[i].text)), DL_OK);
        assert_int_equal(rules_load(&rules, path.s, &why), DL_E_INPUT);
        assert_non_null(strstr(why.text, mistakes[i].said));
    }
}

static void a_version_is_what_every_transaction_reads(void **state)
{
    struct fixture *fx = *state;
    struct store *st = fx->hub->store;
    struct rules rules = rules_defaults(), read;
    rules.blob_max = 77;
    rules.of[rules_slot(TOKEN_TYPE_PHONE)].merges = false;
    assert_int_equal(rules_change(st, &rules, "test", NOW_MS), DL_OK);
    assert_int_equal(rules_change(st, &rules, "test", NOW_MS), DL_E_EXISTS);
    assert_int_equal(st->begin(st, STORE_READ), DL_OK);
    assert_int_equal(rules_current(st, &read), DL_OK);
    st->rollback(st);
    assert_true(rules_equal(&rules, &read));
    assert_int_equal(read.version, 1);
    struct rules again = rules_defaults();
    assert_int_equal(rules_change(st, &again, "test", NOW_MS), DL_OK);
    assert_int_equal(again.version, 2);
}

static void a_plan_tells_what_a_change_then_does(void **state)
{
    struct fixture *fx = *state;
    struct till t;
    json_t *plan = NULL;
    till_init(&t, fx, "till-1");
    till_sale(&t, 0, 100, "email=a@x.de phone=+491");
    till_sale(&t, 1, 100, "email=b@x.de phone=+491");
    till_sale(&t, 2, 100, "email=c@x.de cookie_id=1");
    till_sale(&t, 3, 100, "email=d@x.de cookie_id=1");
    till_deliver(&t);
    struct rules rules = rules_defaults();
    rules.of[rules_slot(TOKEN_TYPE_PHONE)].merges = false;
    rules.of[rules_slot(TOKEN_TYPE_COOKIE_ID)].merges = true;
    assert_int_equal(stat_of(fx, "profiles"), 3);
    struct steps steps = {.count = 0};
    const struct watch watch = {steps_note, &steps};
    assert_int_equal(rules_change_plan(fx->hub->reader, &rules, &watch, &plan), DL_OK);
    assert_int_equal(steps.count, 2); /* reading, and matching */
    steps_end(&steps);
    assert_int_equal(json_get_int(json_object_get(plan, "merge"), "into", -1), 1);
    assert_int_equal(json_get_int(json_object_get(plan, "part"), "from", -1), 1);
    int64_t after = json_get_int(json_object_get(plan, "profiles"), "after", -1);
    json_decref(plan);
    assert_int_equal(after, 3);
    assert_int_equal(stat_of(fx, "profiles"), 3);
    assert_int_equal(stat_of(fx, "identifiers_shared"), 1); /* the cookie, still */
    assert_int_equal(rules_change(fx->hub->store, &rules, "test", NOW_MS), DL_OK);
    assert_int_equal(match_rebuild(fx->hub->store, NULL, NULL), DL_OK);
    assert_int_equal(stat_of(fx, "profiles"), after);
    assert_int_equal(stat_of(fx, "identifiers_shared"), 1); /* the phone now */
    till_done(&t);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_file_of_init_says_what_is_built_in),
        CASE(a_mistake_is_named_with_its_line),
        CASE(a_version_is_what_every_transaction_reads),
        CASE(a_plan_tells_what_a_change_then_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
