#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hub/linkage_internal.h"

#include <string.h>

#define PAIRS 2000

static struct linkage_scale scale;
static struct linkage_comparison pairs[PAIRS];

static struct linkage_comparison all_at(enum linkage_level level)
{
    struct linkage_comparison c = {.initials = LINKAGE_UNSEEN};
    for (unsigned a = 0; a < LINKAGE_ATTRIBUTES; a++) {
        c.levels[a] = (uint8_t)LINKAGE_LEVEL_BIT(level);
        c.chance[a] = 0.003F;
    }
    return c;
}

/* One person each, of whom every `nth` has another postcode. */
static void draw(unsigned nth)
{
    for (unsigned i = 0; i < PAIRS; i++) {
        pairs[i] = all_at(LINKAGE_SAME);
        if (i % nth == 0)
            pairs[i].levels[LINKAGE_POSTCODE] = (uint8_t)LINKAGE_LEVEL_BIT(LINKAGE_OTHER);
    }
    linkage_scale_init(&scale, NULL, PAIRS);
    linkage_fit(&scale, pairs, PAIRS, PAIRS);
}

static void slips_that_are_many_cost_less(void **state)
{
    (void)state;
    draw(100);
    double seldom = scale.levels[LINKAGE_POSTCODE][LINKAGE_OTHER];
    draw(4);
    double often = scale.levels[LINKAGE_POSTCODE][LINKAGE_OTHER];
    assert_true(seldom < 0.05 && often > 0.2 && often < 0.3);
}

static void the_chances_of_an_attribute_add_up_to_one(void **state)
{
    (void)state;
    draw(3);
    for (unsigned a = 0; a < LINKAGE_ATTRIBUTES; a++) {
        double sum = 0;
        for (unsigned l = 0; l < LINKAGE_LEVELS; l++)
            sum += scale.levels[a][l];
        assert_true(sum > 0.999999 && sum < 1.000001);
    }
}

static void nothing_to_learn_from_leaves_what_is_usual(void **state)
{
    (void)state;
    struct linkage_scale usual;
    linkage_scale_init(&usual, NULL, 10);
    linkage_scale_init(&scale, NULL, 10);
    linkage_fit(&scale, pairs, 0, 0);
    for (unsigned a = 0; a < LINKAGE_ATTRIBUTES; a++)
        for (unsigned l = 0; l < LINKAGE_LEVELS; l++)
            assert_true(scale.levels[a][l] > usual.levels[a][l] - 1e-9 &&
                        scale.levels[a][l] < usual.levels[a][l] + 1e-9);
}

static void the_order_of_pairs_changes_nothing_at_all(void **state)
{
    (void)state;
    draw(7);
    struct linkage_scale first = scale;
    for (unsigned i = 0; i < PAIRS / 2; i++) {
        struct linkage_comparison swap = pairs[i];
        pairs[i] = pairs[PAIRS - 1 - i];
        pairs[PAIRS - 1 - i] = swap;
    }
    linkage_scale_init(&scale, NULL, PAIRS);
    linkage_fit(&scale, pairs, PAIRS, PAIRS);
    assert_memory_equal(scale.levels, first.levels, sizeof scale.levels);
    assert_memory_equal(scale.priors, first.priors, sizeof scale.priors);
}

static void where_nobody_shares_a_home_twins_are_few(void **state)
{
    (void)state;
    struct linkage_scale usual;
    linkage_scale_init(&usual, NULL, PAIRS);
    draw(50);
    assert_true(scale.priors[LINKAGE_TWINS] < usual.priors[LINKAGE_TWINS] / 4);
}

static void of_many_pairs_in_doubt_another_birth_date_still_tells(void **state)
{
    (void)state;
    /* Names and a postcode agree and the rest does not: strangers in a country. */
    for (unsigned i = 0; i < PAIRS; i++) {
        pairs[i] = all_at(LINKAGE_OTHER);
        pairs[i].levels[LINKAGE_GIVEN] = (uint8_t)LINKAGE_LEVEL_BIT(LINKAGE_SAME);
        pairs[i].levels[LINKAGE_SURNAME] = (uint8_t)LINKAGE_LEVEL_BIT(LINKAGE_SAME);
        pairs[i].levels[LINKAGE_POSTCODE] = (uint8_t)LINKAGE_LEVEL_BIT(LINKAGE_SAME);
    }
    linkage_scale_init(&scale, NULL, 1000000);
    linkage_fit(&scale, pairs, PAIRS, PAIRS);
    assert_true(scale.levels[LINKAGE_BIRTH][LINKAGE_OTHER] < 0.1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slips_that_are_many_cost_less),
        cmocka_unit_test(the_chances_of_an_attribute_add_up_to_one),
        cmocka_unit_test(nothing_to_learn_from_leaves_what_is_usual),
        cmocka_unit_test(the_order_of_pairs_changes_nothing_at_all),
        cmocka_unit_test(where_nobody_shares_a_home_twins_are_few),
        cmocka_unit_test(of_many_pairs_in_doubt_another_birth_date_still_tells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
