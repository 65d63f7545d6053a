#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/phonetic.h"
#include "agent/recipes.h"

#include <string.h>

static const char *const jane[RECIPES_FIELDS] = {
    "katharina", "lindner", "1971-03-14", "50667", "hohe strasse 12", "koeln", "f"};

/* How many recipes give the same bytes for both. */
static unsigned agreeing(const char *const a[static RECIPES_FIELDS],
                         const char *const b[static RECIPES_FIELDS], uint32_t *ret_mask)
{
    struct recipes x, y;
    unsigned count = 0;
    recipes_init(&x, a);
    recipes_init(&y, b);
    *ret_mask = 0;
    for (unsigned no = 0; no < RECIPE_COUNT; no++) {
        char of_x[RECIPES_BYTES_MAX], of_y[RECIPES_BYTES_MAX];
        size_t x_len = 0, y_len = 0;
        if (!recipes_make(&x, no, of_x, &x_len) || !recipes_make(&y, no, of_y, &y_len))
            continue;
        if (x_len == y_len && memcmp(of_x, of_y, x_len) == 0) {
            count++;
            *ret_mask |= recipe_at(no)->mask;
        }
    }
    return count;
}

static void every_recipe_covers_two_attributes_or_three(void **state)
{
    (void)state;
    for (unsigned no = 0; no < RECIPE_COUNT; no++) {
        const struct recipe *r = recipe_at(no);
        assert_int_equal(r->type, TOKEN_TYPE_RECIPE_FIRST + no);
        assert_in_range(r->part_count, 2, RECIPE_PARTS_MAX);
        for (unsigned other = 0; other < no; other++)
            assert_int_not_equal(recipe_at(other)->mask, r->mask);
    }
}

static void equal_fields_agree_in_every_recipe(void **state)
{
    (void)state;
    uint32_t mask;
    assert_int_equal(agreeing(jane, jane, &mask), RECIPE_COUNT);
}

static void one_field_alone_makes_no_recipe(void **state)
{
    (void)state;
    for (unsigned field = 0; field < RECIPES_FIELDS; field++) {
        const char *fields[RECIPES_FIELDS] = {NULL};
        struct recipes r;
        fields[field] = jane[field];
        recipes_init(&r, fields);
        for (unsigned no = 0; no < RECIPE_COUNT; no++) {
            char bytes[RECIPES_BYTES_MAX];
            size_t len;
            assert_false(recipes_make(&r, no, bytes, &len));
        }
    }
}

static void exchanged_names_still_agree_with_each_other(void **state)
{
    (void)state;
    const char *swapped[RECIPES_FIELDS];
    uint32_t mask;
    memcpy(swapped, jane, sizeof swapped);
    swapped[RECIPES_GIVEN_NAME] = jane[RECIPES_SURNAME];
    swapped[RECIPES_SURNAME] = jane[RECIPES_GIVEN_NAME];
    assert_true(agreeing(jane, swapped, &mask) > 0);
    assert_true(mask & RECIPE_BIT(RECIPE_GIVEN_SOUND));
    assert_true(mask & RECIPE_BIT(RECIPE_SURNAME_SOUND));
}

static void exchanged_day_and_month_are_one_birth_date(void **state)
{
    (void)state;
    const char *a[RECIPES_FIELDS], *b[RECIPES_FIELDS];
    uint32_t mask;
    memcpy(a, jane, sizeof a);
    memcpy(b, jane, sizeof b);
    a[RECIPES_DATE_OF_BIRTH] = "1971-03-04";
    b[RECIPES_DATE_OF_BIRTH] = "1971-04-03";
    (void)agreeing(a, b, &mask);
    assert_true(mask & RECIPE_BIT(RECIPE_BIRTH));
}

static void a_slip_leaves_one_end_of_a_name_whole(void **state)
{
    (void)state;
    static const char *const slips[] = {"lindenr", "lnidner", "lindner", "lindnher", "pindner"};
    for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
        const char *b[RECIPES_FIELDS];
        uint32_t mask;
        memcpy(b, jane, sizeof b);
        b[RECIPES_SURNAME] = slips[i];
        (void)agreeing(jane, b, &mask);
        assert_true(mask & (RECIPE_BIT(RECIPE_SURNAME_HEAD) | RECIPE_BIT(RECIPE_SURNAME_TAIL)));
    }
}

static void an_initial_confirms_and_denies_nothing(void **state)
{
    (void)state;
    const char *b[RECIPES_FIELDS];
    uint32_t mask;
    memcpy(b, jane, sizeof b);
    b[RECIPES_GIVEN_NAME] = "k";
    (void)agreeing(jane, b, &mask);
    assert_true(mask & RECIPE_BIT(RECIPE_GIVEN_INITIAL));
    assert_false(mask & RECIPE_BIT(RECIPE_GIVEN_HEAD));
}

static void what_sounds_alike_has_one_code(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"katarina", "catarina"},
                                           {"meyer", "maier"},
                                           {"schmidt", "schmitt"},
                                           {"philip", "filip"},
                                           {"stephen", "stefen"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char a[64], b[64];
        phonetic_code(pairs[i][0], a, sizeof a);
        phonetic_code(pairs[i][1], b, sizeof b);
        assert_string_equal(a, b);
    }
    char bob[64], robert[64];
    phonetic_given("bob", bob, sizeof bob);
    phonetic_given("robert", robert, sizeof robert);
    assert_string_equal(bob, robert);
}

static void a_code_fits_its_buffer(void **state)
{
    (void)state;
    char small[4];
    phonetic_code("bartholomew featherstonehaugh", small, sizeof small);
    assert_int_equal(strlen(small), 3);
    phonetic_code("", small, sizeof small);
    assert_string_equal(small, "");
    phonetic_code("hh", small, sizeof small);
    assert_string_equal(small, "h");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_recipe_covers_two_attributes_or_three),
        cmocka_unit_test(equal_fields_agree_in_every_recipe),
        cmocka_unit_test(one_field_alone_makes_no_recipe),
        cmocka_unit_test(exchanged_names_still_agree_with_each_other),
        cmocka_unit_test(exchanged_day_and_month_are_one_birth_date),
        cmocka_unit_test(a_slip_leaves_one_end_of_a_name_whole),
        cmocka_unit_test(an_initial_confirms_and_denies_nothing),
        cmocka_unit_test(what_sounds_alike_has_one_code),
        cmocka_unit_test(a_code_fits_its_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
