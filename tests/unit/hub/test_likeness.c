#include "tests/unit/hub/fixture.h"

#include "hub/decision.h"
#include "hub/likeness.h"
#include "platform/bytes.h"

/* Recipe tokens of a person: fields are "given surname birth postcode street". */
static void recipes_of(const char *const fields[5], char *ret, size_t cap)
{
    static const int field_of[RECIPE_PARTS] = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2,
                                               2, 2, 3, 3, 3, 4, 4, 5, 5};
    size_t len = 0;
    ret[0] = '\0';
    for (unsigned no = 0; no < RECIPE_COUNT; no++) {
        const struct recipe *recipe = recipe_at(no);
        char value[128] = "";
        bool known = true;
        for (size_t i = 0; i < recipe->part_count; i++) {
            int field = field_of[recipe->parts[i]];
            known = known && field < 5 && fields[field][0];
            if (known)
                snprintf(value + strlen(value), sizeof value - strlen(value), "%s/",
                         fields[field]);
        }
        if (known)
            len += (size_t)snprintf(ret + len, cap - len, "%srecipe-%d=%s", len ? " " : "",
                                    recipe->type, value);
    }
}

static void visit(struct till *t, uint64_t no, const char *email, const char *given,
                  const char *surname, const char *birth, const char *postcode,
                  const char *street)
{
    char text[4096] = "";
    const char *fields[] = {given, surname, birth, postcode, street};
    snprintf(text, sizeof text, "%s%s", email, email[0] ? " " : "");
    recipes_of(fields, text + strlen(text), sizeof text - strlen(text));
    till_sale(t, (int)no, 100, text);
}

static void run(struct fixture *fx)
{
    struct steps steps = {.count = 0};
    const struct watch watch = {steps_note, &steps};
    assert_int_equal(likeness_run(fx->hub->store, fx->hub->reader, &watch), DL_OK);
    assert_in_range(steps.count, 2, 4);
    steps_end(&steps);
}

static void one_who_moved_becomes_one_profile(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    visit(&t, 0, "", "jane", "doe", "19710314", "50667", "high");
    visit(&t, 1, "", "jane", "doe", "19710314", "80331", "low");
    visit(&t, 2, "", "john", "doe", "19990701", "50667", "high");
    till_deliver(&t);
    assert_int_equal(stat_of(*state, "profiles"), 3);
    run(*state);
    assert_int_equal(stat_of(*state, "profiles"), 2);
    run(*state);
    assert_int_equal(stat_of(*state, "profiles"), 2);
    till_done(&t);
}

static void the_same_fields_are_the_same_person_before_any_run(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    visit(&t, 0, "", "jane", "doe", "19710314", "50667", "high");
    visit(&t, 1, "", "jane", "doe", "19710314", "50667", "high");
    visit(&t, 2, "email=jane@example.com", "jane", "doe", "19710314", "50667", "high");
    till_deliver(&t);
    assert_int_equal(stat_of(*state, "profiles"), 1);
    till_done(&t);
}

static void a_bare_name_makes_no_profile(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    visit(&t, 0, "", "jane", "doe", "", "", "");
    till_deliver(&t);
    assert_int_equal(stat_of(*state, "events"), 1);
    assert_int_equal(stat_of(*state, "profiles"), 0);
    till_done(&t);
}

static void a_name_and_a_postcode_are_one_person_only_after_a_run(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    visit(&t, 0, "", "jane", "doe", "", "50667", "");
    visit(&t, 1, "", "jane", "doe", "", "50667", "");
    till_deliver(&t);
    assert_int_equal(stat_of(*state, "profiles"), 2);
    run(*state);
    assert_int_equal(stat_of(*state, "profiles"), 1);
    till_done(&t);
}

static void national_ids_that_differ_keep_likenesses_apart(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    visit(&t, 0, "national_id=1", "jane", "doe", "19710314", "50667", "high");
    visit(&t, 1, "national_id=2", "jane", "doe", "19710314", "80331", "low");
    visit(&t, 2, "national_id=1", "jane", "doe", "19710314", "10115", "deep");
    till_deliver(&t);
    run(*state);
    assert_int_equal(stat_of(*state, "profiles"), 2);
    till_done(&t);
}

static void a_shared_phone_joins_no_likenesses_beyond_its_own(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    visit(&t, 0, "phone=1", "jane", "doe", "19710314", "50667", "high");
    visit(&t, 1, "", "john", "doe", "19990701", "50667", "high"); /* her son, without it */
    visit(&t, 2, "", "mary", "doe", "19990701", "50667", "high"); /* his twin */
    visit(&t, 3, "", "jane", "doe", "19990703", "50667", "high"); /* named after her */
    till_deliver(&t);
    run(*state);
    assert_int_equal(stat_of(*state, "profiles"), 4);
    till_done(&t);
}

static void a_rebuild_keeps_what_a_run_joined(void **state)
{
    struct fixture *fx = *state;
    struct till t;
    till_init(&t, fx, "till-1");
    visit(&t, 0, "", "jane", "doe", "19710314", "50667", "high");
    visit(&t, 1, "", "jane", "doe", "19710314", "80331", "low");
    till_deliver(&t);
    run(fx);
    assert_int_equal(match_rebuild(fx->hub->store, NULL, NULL), DL_OK);
    assert_int_equal(stat_of(fx, "profiles"), 1);
    till_done(&t);
}

static enum dl_err count_recipes(void *ctx, const struct store_recipes *row)
{
    (void)row;
    ++*(int *)ctx;
    return DL_OK;
}

static void an_erasure_reaches_what_a_run_joined(void **state)
{
    struct fixture *fx = *state;
    struct till t;
    till_init(&t, fx, "till-1");
    visit(&t, 0, "email=jane@example.com", "jane", "doe", "19710314", "50667", "high");
    visit(&t, 1, "", "jane", "doe", "19710314", "80331", "low");
    visit(&t, 2, "", "john", "doe", "19990701", "50667", "high");
    till_deliver(&t);
    run(fx);
    assert_int_equal(stat_of(fx, "profiles"), 2);
    till_erase(&t, 3600, "email=jane@example.com");
    till_deliver(&t);
    assert_int_equal(stat_of(fx, "profiles"), 1);
    int left = 0;
    assert_int_equal(fx->hub->store->begin(fx->hub->store, STORE_READ), DL_OK);
    assert_int_equal(fx->hub->store->recipes_each(fx->hub->store, count_recipes, &left), DL_OK);
    fx->hub->store->rollback(fx->hub->store);
    assert_int_equal(left, 1);
    till_done(&t);
}

/* ---- contacts that several people share ------------------------------------------------- */

static void two_of_a_family(struct till *t)
{
    visit(t, 0, "phone=1", "jane", "doe", "19710314", "50667", "high");
    visit(t, 1, "phone=1", "mark", "doe", "19690822", "50667", "high");
}

static enum dl_err keep_several(void *ctx, const struct store_likeness *row)
{
    if (row->state == STORE_LIKENESS_SEVERAL)
        *(struct store_likeness *)ctx = *row;
    return DL_OK;
}

static struct store_likeness several_of(struct fixture *fx)
{
    struct store_likeness ret = {.a = 0};
    struct store *st = fx->hub->store;
    assert_int_equal(st->begin(st, STORE_READ), DL_OK);
    assert_int_equal(st->likenesses_each(st, keep_several, &ret), DL_OK);
    st->rollback(st);
    return ret;
}

static void a_phone_of_two_people_joins_neither(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    two_of_a_family(&t);
    till_deliver(&t);
    assert_int_equal(stat_of(*state, "profiles"), 1);
    run(*state);
    assert_int_equal(stat_of(*state, "profiles"), 2);
    assert_int_equal(several_of(*state).a, several_of(*state).b);
    run(*state);
    assert_int_equal(stat_of(*state, "profiles"), 2);
    assert_int_equal(match_rebuild(((struct fixture *)*state)->hub->store, NULL, NULL), DL_OK);
    assert_int_equal(stat_of(*state, "profiles"), 2);
    till_done(&t);
}

static void each_keeps_what_else_is_theirs(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    visit(&t, 0, "email=jane@example.com phone=1", "jane", "doe", "19710314", "50667", "high");
    visit(&t, 1, "email=mark@example.com phone=1", "mark", "doe", "19690822", "50667", "high");
    visit(&t, 2, "email=mark@example.com", "", "", "", "", "");
    visit(&t, 3, "phone=1", "", "", "", "", "");
    till_deliver(&t);
    assert_int_equal(stat_of(*state, "profiles"), 1);
    run(*state);
    assert_int_equal(stat_of(*state, "profiles"), 3); /* jane, mark, and who rang */
    till_done(&t);
}

static void strangers_at_one_phone_are_told_apart_by_sharing_nothing(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    visit(&t, 0, "phone=1", "jane", "doe", "19710314", "50667", "high");
    visit(&t, 1, "phone=1", "otto", "kern", "19550109", "80331", "low");
    till_deliver(&t);
    run(*state);
    assert_int_equal(stat_of(*state, "profiles"), 2);
    till_done(&t);
}

static void a_slip_in_a_name_leaves_the_phone_with_one(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    visit(&t, 0, "phone=1", "jane", "doe", "19710314", "50667", "high");
    visit(&t, 1, "phone=1", "jame", "doe", "19710314", "50667", "high");
    visit(&t, 2, "phone=1", "jane", "roe", "19710314", "50667", "high"); /* married */
    visit(&t, 3, "phone=1", "jane", "doe", "19710314", "80331", "low");  /* moved */
    till_deliver(&t);
    run(*state);
    assert_int_equal(stat_of(*state, "profiles"), 1);
    assert_int_equal(several_of(*state).a, 0);
    till_done(&t);
}

static void a_phone_or_a_card_alone_tells_nobody_apart(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    visit(&t, 0, "phone=1", "", "", "", "", "");
    visit(&t, 1, "phone=1", "jane", "doe", "19710314", "50667", "high");
    visit(&t, 2, "loyalty_id=7", "john", "doe", "19990701", "50667", "high");
    visit(&t, 3, "loyalty_id=7", "mary", "roe", "19550109", "80331", "low");
    till_deliver(&t);
    run(*state);
    assert_int_equal(stat_of(*state, "profiles"), 2); /* a card is one customer's */
    till_done(&t);
}

static void a_card_of_both_keeps_the_phone_with_them(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    two_of_a_family(&t);
    visit(&t, 2, "loyalty_id=7", "jane", "doe", "19710314", "50667", "high");
    visit(&t, 3, "loyalty_id=7", "mark", "doe", "19690822", "50667", "high");
    till_deliver(&t);
    run(*state);
    assert_int_equal(stat_of(*state, "profiles"), 1);
    assert_int_equal(several_of(*state).a, 0);
    till_done(&t);
}

static enum dl_err keep_node(void *ctx, const struct store_recipes *row)
{
    int64_t *nodes = ctx;
    nodes[nodes[0] ? 1 : 0] = row->node;
    return DL_OK;
}

static void a_verdict_that_two_are_one_gives_the_phone_back(void **state)
{
    struct fixture *fx = *state;
    struct store *st = fx->hub->store;
    struct till t;
    int64_t nos[2] = {0}, act = 0;
    char ids[2][2 + 2 * STORE_NODE_KEY_BYTES + 1] = {"i_", "i_"};
    till_init(&t, fx, "till-1");
    two_of_a_family(&t);
    till_deliver(&t);
    run(fx);
    assert_int_equal(st->begin(st, STORE_READ), DL_OK);
    assert_int_equal(st->recipes_each(st, keep_node, nos), DL_OK);
    for (size_t i = 0; i < 2; i++) {
        struct store_node n = {.no = nos[i]};
        assert_int_equal(st->nodes_get(st, &n, 1), DL_OK);
        bytes_to_hex(ids[i] + 2, n.key, sizeof n.key);
    }
    st->rollback(st);
    assert_int_equal(decision_pair(st, STORE_DECISION_ALWAYS, ids[0], ids[1], "test", 1, &act),
                     DL_OK);
    assert_int_equal(stat_of(fx, "profiles"), 1);
    run(fx);
    assert_int_equal(several_of(fx).a, 0);
    assert_int_equal(decision_undo(st, act, "test", 2), DL_OK);
    run(fx);
    assert_int_equal(stat_of(fx, "profiles"), 2);
    assert_int_not_equal(several_of(fx).a, 0);
    till_done(&t);
}

static void rules_say_which_types_are_shareable(void **state)
{
    struct fixture *fx = *state;
    struct store *st = fx->hub->store;
    struct rules rules = rules_defaults();
    struct till t;
    till_init(&t, fx, "till-1");
    two_of_a_family(&t);
    till_deliver(&t);
    run(fx);
    assert_int_equal(stat_of(fx, "profiles"), 2);
    rules.of[rules_slot(TOKEN_TYPE_PHONE)].shareable = false;
    assert_int_equal(st->begin(st, STORE_WRITE), DL_OK);
    assert_int_equal(rules_put(st, &rules, "test", 1), DL_OK);
    assert_int_equal(st->commit(st), DL_OK);
    assert_int_equal(match_rebuild(st, NULL, NULL), DL_OK);
    assert_int_equal(stat_of(fx, "profiles"), 1);
    till_done(&t);
}

static void erasing_one_leaves_the_phone_to_the_other(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    visit(&t, 0, "email=jane@example.com phone=1", "jane", "doe", "19710314", "50667", "high");
    visit(&t, 1, "phone=1", "mark", "doe", "19690822", "50667", "high");
    till_deliver(&t);
    run(*state);
    assert_int_equal(stat_of(*state, "profiles"), 2);
    till_erase(&t, 3600, "email=jane@example.com");
    till_deliver(&t);
    run(*state);
    assert_int_equal(several_of(*state).a, 0);
    assert_int_equal(stat_of(*state, "profiles"), 1);
    till_done(&t);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_who_moved_becomes_one_profile, fixture_open,
                                        fixture_close),
        cmocka_unit_test_setup_teardown(the_same_fields_are_the_same_person_before_any_run,
                                        fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(a_bare_name_makes_no_profile, fixture_open,
                                        fixture_close),
        cmocka_unit_test_setup_teardown(a_name_and_a_postcode_are_one_person_only_after_a_run,
                                        fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(national_ids_that_differ_keep_likenesses_apart,
                                        fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(a_shared_phone_joins_no_likenesses_beyond_its_own,
                                        fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(a_rebuild_keeps_what_a_run_joined, fixture_open,
                                        fixture_close),
        cmocka_unit_test_setup_teardown(an_erasure_reaches_what_a_run_joined, fixture_open,
                                        fixture_close),
        CASE(a_phone_of_two_people_joins_neither),
        CASE(each_keeps_what_else_is_theirs),
        CASE(strangers_at_one_phone_are_told_apart_by_sharing_nothing),
        CASE(a_slip_in_a_name_leaves_the_phone_with_one),
        CASE(a_phone_or_a_card_alone_tells_nobody_apart),
        CASE(a_card_of_both_keeps_the_phone_with_them),
        CASE(a_verdict_that_two_are_one_gives_the_phone_back),
        CASE(rules_say_which_types_are_shareable),
        CASE(erasing_one_leaves_the_phone_to_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
