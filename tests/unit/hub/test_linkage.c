#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hub/linkage_internal.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A person's values by part, as numbers: what sounds alike is the same number. */
struct person {
    uint64_t given, surname, birth, postcode, street, city;
};

static uint64_t value_of(const struct person *p, enum recipe_part part)
{
    if (part <= RECIPE_GIVEN_INITIAL)
        return p->given;
    if (part <= RECIPE_SURNAME_INITIAL)
        return p->surname;
    if (part <= RECIPE_BIRTH_MONTH_DAY)
        return p->birth;
    if (part <= RECIPE_POSTCODE_TAIL)
        return p->postcode;
    return part <= RECIPE_STREET_NUMBER ? p->street : part == RECIPE_CITY_HEAD ? p->city : 0;
}

static struct linkage_record record_of(uint64_t key, const struct person *p)
{
    struct linkage_record r = {.key = key, .group = (uint32_t)key};
    for (unsigned no = 0; no < RECIPE_COUNT; no++) {
        const struct recipe *recipe = recipe_at(no);
        uint64_t token = no + 1;
        for (size_t i = 0; token && i < recipe->part_count; i++) {
            uint64_t value = value_of(p, (enum recipe_part)recipe->parts[i]);
            token = value ? (token ^ value) * UINT64_C(0x9e3779b97f4a7c15) : 0;
            token ^= token >> 31;
        }
        r.tokens[no] = token;
    }
    return r;
}

static struct linkage_result link_all(struct linkage_record *records, uint32_t count)
{
    struct linkage_rules rules = linkage_defaults();
    struct linkage_result result;
    assert_int_equal(linkage_run(records, count, &rules, &result), DL_OK);
    return result;
}

static const struct person jane = {11, 22, 33, 44, 55, 66};

static void one_who_moved_is_one_person(void **state)
{
    (void)state;
    struct person elsewhere = {11, 22, 33, 144, 155, 166};
    struct linkage_record records[] = {record_of(1, &jane), record_of(2, &elsewhere)};
    struct linkage_result r = link_all(records, 2);
    assert_int_equal(r.clusters[0], r.clusters[1]);
    linkage_done(&r);
}

static void a_household_is_not_one_person(void **state)
{
    (void)state;
    struct person mate = {111, 22, 133, 44, 55, 66};
    struct linkage_record records[] = {record_of(1, &jane), record_of(2, &mate)};
    struct linkage_result r = link_all(records, 2);
    assert_int_not_equal(r.clusters[0], r.clusters[1]);
    assert_int_equal(r.link_count, 0);
    linkage_done(&r);
}

static void twins_are_at_most_for_a_person_to_look_at(void **state)
{
    (void)state;
    struct person twin = {111, 22, 33, 44, 55, 66};
    struct linkage_record records[] = {record_of(1, &jane), record_of(2, &twin)};
    struct linkage_result r = link_all(records, 2);
    assert_int_not_equal(r.clusters[0], r.clusters[1]);
    assert_true(r.link_count == 0 || r.links[0].state == LINKAGE_REVIEW);
    linkage_done(&r);
}

static void a_verdict_stands_above_bits(void **state)
{
    (void)state;
    struct person twin = {111, 22, 33, 44, 55, 66};
    for (int same = 0; same < 2; same++) {
        struct linkage_record records[] = {record_of(1, &jane),
                                           record_of(2, same ? &twin : &jane)};
        struct linkage_verdict verdict = {0, 1, same != 0};
        struct linkage_rules rules = linkage_defaults();
        rules.verdicts = &verdict;
        rules.verdict_count = 1;
        struct linkage_result r;
        assert_int_equal(linkage_run(records, 2, &rules, &r), DL_OK);
        assert_int_equal(r.clusters[0] == r.clusters[1], same);
        linkage_done(&r);
    }
}

#define CROWD 60

static uint64_t chance(uint64_t *seed)
{
    *seed += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = *seed;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Few values each, so that clusters touch, and many fields lack. */
static void draw_crowd(uint64_t *seed, struct person crowd[CROWD])
{
    for (size_t i = 0; i < CROWD; i++) {
        uint64_t *fields[] = {&crowd[i].given,    &crowd[i].surname, &crowd[i].birth,
                              &crowd[i].postcode, &crowd[i].street,  &crowd[i].city};
        uint64_t who = chance(seed) % 12;
        for (size_t f = 0; f < 6; f++)
            *fields[f] =
                chance(seed) % 8 == 0 ? chance(seed) % 4 : 10 * (f + 1) + who / (1 + f % 2);
    }
}

/* In a crowd, so that bits have a population to be held against: which of the first
 * `count` are one with the first. */
static void join(const struct linkage_record *few, uint32_t count, bool with_first[])
{
    struct linkage_record records[200];
    const uint32_t all = sizeof records / sizeof *records;
    for (uint32_t i = 0; i < all; i++) {
        struct person p = {1000 + i, 2000 + i, 3000 + i, 4000 + i, 5000 + i, 6000 + i};
        records[i] = i < count ? few[i] : record_of(100 + i, &p);
    }
    struct linkage_result r = link_all(records, all);
    for (uint32_t i = 0; i < count; i++)
        with_first[i] = r.clusters[i] == r.clusters[0];
    linkage_done(&r);
}

static bool are_one(const struct linkage_record *a, const struct linkage_record *b)
{
    struct linkage_record few[] = {*a, *b};
    bool with_first[2];
    join(few, 2, with_first);
    return with_first[1];
}

static void two_national_ids_are_two_people(void **state)
{
    (void)state;
    struct person elsewhere = {11, 22, 33, 144, 155, 166};
    struct linkage_record a = record_of(1, &jane), b = record_of(2, &elsewhere);
    a.nationals[0] = 900;
    assert_true(are_one(&a, &b)); /* one of them has none */
    b.nationals[0] = 901;
    assert_false(are_one(&a, &b));
    b.nationals[1] = 900; /* a mistyped one beside the right one */
    assert_true(are_one(&a, &b));
}

static void birth_dates_far_apart_are_two_people(void **state)
{
    (void)state;
    struct person son = jane;
    son.birth = 133;
    struct linkage_record a = record_of(1, &jane), b = record_of(2, &son);
    assert_false(are_one(&a, &b));
}

/* Numbers of the recipes that cover a part. */
static void who_tells_no_birth_date_does_not_make_father_and_son_one(void **state)
{
    (void)state;
    struct person father_elsewhere = jane, unborn = jane, son = jane;
    father_elsewhere.city = 166;
    unborn.birth = 0;
    son.birth = 133;
    struct linkage_record few[] = {record_of(1, &jane), record_of(2, &father_elsewhere),
                                   record_of(3, &unborn), record_of(4, &son)};
    bool with_first[4];
    join(few, 3, with_first);
    assert_true(with_first[1] && with_first[2]);
    join(few, 4, with_first);
    assert_true(with_first[1]);
    assert_false(with_first[3]);
}

static void change(struct linkage_record *r, uint32_t parts, uint64_t by)
{
    for (unsigned no = 0; no < RECIPE_COUNT; no++)
        if (recipe_at(no)->mask & parts && r->tokens[no])
            r->tokens[no] += by;
}

static void one_wrong_digit_of_a_birth_date_is_forgiven(void **state)
{
    (void)state;
    struct linkage_record a = record_of(1, &jane), b = record_of(2, &jane);
    change(&b,
           RECIPE_BIT(RECIPE_BIRTH) | RECIPE_BIT(RECIPE_BIRTH_YEAR_DAY) |
               RECIPE_BIT(RECIPE_BIRTH_MONTH_DAY),
           77);
    assert_true(are_one(&a, &b));
}

static void a_slip_in_each_of_both_names_is_forgiven(void **state)
{
    (void)state;
    struct linkage_record a = record_of(1, &jane), b = record_of(2, &jane);
    change(&b,
           RECIPE_BIT(RECIPE_GIVEN_SOUND) | RECIPE_BIT(RECIPE_GIVEN_TAIL) |
               RECIPE_BIT(RECIPE_SURNAME_SOUND) | RECIPE_BIT(RECIPE_SURNAME_TAIL),
           77);
    assert_true(are_one(&a, &b));
}

static void exchanged_names_are_one_person_who_moved(void **state)
{
    (void)state;
    struct person exchanged = {22, 11, 33, 144, 155, 166};
    struct linkage_record a = record_of(1, &jane), b = record_of(2, &exchanged);
    for (unsigned no = 0; no < RECIPE_COUNT; no++) /* as the agent sorts them */
        if (recipe_at(no)->exchanges && !(recipe_at(no)->mask & RECIPE_BIT(RECIPE_POSTCODE)))
            b.tokens[no] = a.tokens[no];
    assert_true(are_one(&a, &b));
}

static void exchanged_names_with_another_birth_date_are_two_people(void **state)
{
    (void)state;
    struct person exchanged = {22, 11, 133, 144, 155, 166};
    struct linkage_record a = record_of(1, &jane), b = record_of(2, &exchanged);
    b.tokens[0] = a.tokens[0];
    assert_false(are_one(&a, &b));
}

static void a_comparison_is_the_same_either_way_round(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (int world = 0; world < 50; world++) {
        struct person crowd[CROWD];
        struct linkage_record records[CROWD];
        struct linkage_blocks blocks;
        struct linkage_scale scale;
        draw_crowd(&seed, crowd);
        for (size_t i = 0; i < CROWD; i++)
            records[i] = record_of(i, &crowd[i]);
        assert_int_equal(linkage_blocks_make(&blocks, records, CROWD, 60), DL_OK);
        linkage_scale_init(&scale, &blocks, CROWD);
        for (size_t i = 0; i < CROWD; i++)
            for (size_t j = 0; j < i; j++) {
                double bits = linkage_weigh(&scale, &records[i], &records[j]);
                assert_true(bits == linkage_weigh(&scale, &records[j], &records[i]));
                bits = linkage_weigh_met(&scale, &records[i], &records[j], true);
                assert_true(bits == linkage_weigh_met(&scale, &records[j], &records[i], true));
            }
        linkage_blocks_done(&blocks);
    }
}

/* ---- those who met at a contact --------------------------------------------------------- */

static enum dl_err regroup_nobody(void *ctx)
{
    ++*(int *)ctx;
    return DL_OK;
}

static float met_bits(const struct person *x, const struct person *y)
{
    struct linkage_record records[] = {record_of(1, x), record_of(2, y)};
    struct linkage_met met = {.a = 0, .b = 1};
    struct linkage_rules rules = linkage_defaults();
    struct linkage_result result;
    int calls = 0;
    records[1].group = records[0].group; /* as the contact has it */
    rules.met = &met;
    rules.met_count = 1;
    rules.regroup = regroup_nobody;
    rules.ctx = &calls;
    assert_int_equal(linkage_run(records, 2, &rules, &result), DL_OK);
    assert_int_equal(calls, 1);
    linkage_done(&result);
    return met.bits;
}

static void of_two_at_one_phone_slips_tell_less_than_other_people(void **state)
{
    (void)state;
    const struct person mate = {77, 22, 88, 44, 55, 66}, twin = {77, 22, 33, 44, 55, 66};
    const struct person stranger = {71, 72, 73, 74, 75, 76};
    const struct person married = {11, 99, 33, 44, 55, 66}, moved = {11, 22, 33, 47, 58, 69};
    assert_true(met_bits(&jane, &mate) < -4);
    assert_true(met_bits(&jane, &twin) < linkage_defaults().upper_bits); /* in doubt */
    assert_true(met_bits(&jane, &stranger) < -4);
    assert_true(met_bits(&jane, &married) > 0);
    assert_true(met_bits(&jane, &moved) > 0);
}

static void what_is_not_known_tells_nobody_apart(void **state)
{
    (void)state;
    const struct person undated = {71, 72, 0, 74, 75, 76}, name = {71, 72, 0, 0, 0, 0};
    assert_true(met_bits(&jane, &undated) > -4);
    assert_true(met_bits(&jane, &name) > -4);
}

static void what_was_joined_before_stays_one_cluster(void **state)
{
    (void)state;
    struct person other = {111, 122, 133, 144, 155, 166};
    struct linkage_record records[] = {record_of(1, &jane), record_of(2, &other)};
    records[0].group = records[1].group = 7;
    struct linkage_result r = link_all(records, 2);
    assert_int_equal(r.clusters[0], r.clusters[1]);
    linkage_done(&r);
}

static void nobody_at_all_is_no_error(void **state)
{
    (void)state;
    struct linkage_result r = link_all(NULL, 0);
    assert_int_equal(r.link_count, 0);
    linkage_done(&r);
}

/* Neighbours by key have met: pairs by place, as linkage.h wants them. */
#define MEETINGS CROWD
static size_t list_meetings(const struct linkage_record *records,
                            struct linkage_met ret[static MEETINGS])
{
    size_t count = 0;
    for (uint32_t a = 0; a < CROWD; a++)
        for (uint32_t b = a + 1; b < CROWD; b++) {
            uint64_t x = records[a].key, y = records[b].key;
            if ((x < y ? y - x : x - y) == 1)
                ret[count++] = (struct linkage_met){.a = a, .b = b};
        }
    return count;
}

static size_t meeting_of(const struct linkage_record *records, const struct linkage_met *met)
{
    uint64_t x = records[met->a].key, y = records[met->b].key;
    return (size_t)((x < y ? x : y) - 1000);
}

static void the_order_of_records_changes_nothing_in_a_thousand_shuffles(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int world = 0; world < 100; world++) {
        struct person crowd[CROWD];
        uint64_t first[CROWD] = {0};
        float bits[CROWD] = {0};
        size_t order[CROWD];
        draw_crowd(&seed, crowd);
        for (size_t i = 0; i < CROWD; i++)
            order[i] = i;
        for (int shuffle = 0; shuffle < 10; shuffle++) {
            struct linkage_record records[CROWD];
            for (size_t i = 0; i < CROWD; i++)
                records[i] = record_of(1000 + order[i], &crowd[order[i]]);
            struct linkage_met met[MEETINGS];
            size_t met_count = list_meetings(records, met);
            struct linkage_rules rules = linkage_defaults();
            struct linkage_result r;
            int calls = 0;
            rules.met = met;
            rules.met_count = met_count;
            rules.regroup = regroup_nobody;
            rules.ctx = &calls;
            assert_int_equal(linkage_run(records, CROWD, &rules, &r), DL_OK);
            for (size_t i = 0; i < met_count; i++) {
                size_t at = meeting_of(records, &met[i]);
                if (shuffle == 0)
                    bits[at] = met[i].bits;
                assert_true(bits[at] == met[i].bits);
            }
            for (size_t i = 0; i < CROWD; i++) {
                uint64_t root = records[r.clusters[i]].key;
                if (shuffle == 0)
                    first[order[i]] = root;
                assert_int_equal(first[order[i]], root);
            }
            linkage_done(&r);
            for (size_t i = CROWD; i > 1; i--) {
                size_t j = chance(&seed) % i, t = order[j];
                order[j] = order[i - 1];
                order[i - 1] = t;
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_who_moved_is_one_person),
        cmocka_unit_test(a_household_is_not_one_person),
        cmocka_unit_test(twins_are_at_most_for_a_person_to_look_at),
        cmocka_unit_test(a_verdict_stands_above_bits),
        cmocka_unit_test(two_national_ids_are_two_people),
        cmocka_unit_test(birth_dates_far_apart_are_two_people),
        cmocka_unit_test(who_tells_no_birth_date_does_not_make_father_and_son_one),
        cmocka_unit_test(one_wrong_digit_of_a_birth_date_is_forgiven),
        cmocka_unit_test(a_slip_in_each_of_both_names_is_forgiven),
        cmocka_unit_test(exchanged_names_are_one_person_who_moved),
        cmocka_unit_test(exchanged_names_with_another_birth_date_are_two_people),
        cmocka_unit_test(a_comparison_is_the_same_either_way_round),
        cmocka_unit_test(what_was_joined_before_stays_one_cluster),
        cmocka_unit_test(of_two_at_one_phone_slips_tell_less_than_other_people),
        cmocka_unit_test(what_is_not_known_tells_nobody_apart),
        cmocka_unit_test(nobody_at_all_is_no_error),
        cmocka_unit_test(the_order_of_records_changes_nothing_in_a_thousand_shuffles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
