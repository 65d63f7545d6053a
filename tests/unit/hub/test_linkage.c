#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hub/linkage.h"

#include <stdlib.h>
#include <string.h>

/* A person's values by part, as numbers: what sounds alike is the same number. */
struct person {
    uint64_t given, surname, birth, postcode, street, city;
};

static uint64_t value_of(const struct person *p, enum recipe_part part)
{
    if (part <= RECIPE_GIVEN_EXACT)
        return p->given;
    if (part <= RECIPE_SURNAME_EXACT)
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

static void twins_wait_for_a_person_to_look(void **state)
{
    (void)state;
    struct person twin = {111, 22, 33, 44, 55, 66};
    struct linkage_record records[] = {record_of(1, &jane), record_of(2, &twin)};
    struct linkage_result r = link_all(records, 2);
    assert_int_not_equal(r.clusters[0], r.clusters[1]);
    assert_int_equal(r.link_count, 1);
    assert_int_equal(r.links[0].state, LINKAGE_REVIEW);
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

static void the_order_of_records_changes_nothing_in_a_thousand_shuffles(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int world = 0; world < 100; world++) {
        struct person crowd[CROWD];
        uint64_t first[CROWD] = {0};
        size_t order[CROWD];
        draw_crowd(&seed, crowd);
        for (size_t i = 0; i < CROWD; i++)
            order[i] = i;
        for (int shuffle = 0; shuffle < 10; shuffle++) {
            struct linkage_record records[CROWD];
            for (size_t i = 0; i < CROWD; i++)
                records[i] = record_of(1000 + order[i], &crowd[order[i]]);
            struct linkage_result r = link_all(records, CROWD);
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
        cmocka_unit_test(twins_wait_for_a_person_to_look),
        cmocka_unit_test(a_verdict_stands_above_bits),
        cmocka_unit_test(what_was_joined_before_stays_one_cluster),
        cmocka_unit_test(nobody_at_all_is_no_error),
        cmocka_unit_test(the_order_of_records_changes_nothing_in_a_thousand_shuffles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
