/* The published decision table and merge scenarios, and the fold under every order. */
#include "platform/json.h"
#include "sync/checkin_fold.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SCANS_MAX 16

static json_t *load(const char *file)
{
    const char *folder = getenv("DUNLIN_SHARED");
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/reference/%s", folder ? folder : "../shared", file);
    return json_load_file(path, 0, NULL);
}

/* ---- the decision table -------------------------------------------------------------- */

static struct checkin_policy policy_of(const json_t *from)
{
    return (struct checkin_policy){
        .allow_multiple_entries = json_get_bool(from, "allow_multiple_entries", false),
        .allow_entry_after_exit = json_get_bool(from, "allow_entry_after_exit", false),
        .exit_all_minute = CHECKIN_NO_EXIT_ALL};
}

static void every_row_of_the_decision_table_is_met(void **state)
{
    (void)state;
    json_t *doc = load("checkin-decision-table.json");
    if (!doc)
        skip();
    size_t i, k, met = 0;
    json_t *row, *prior;
    json_array_foreach(json_object_get(doc, "rows"), i, row)
    {
        struct checkin_policy policy = policy_of(row);
        struct checkin_history h = {.entries = 0};
        enum scan_type type;
        json_array_foreach(json_object_get(row, "prior"), k, prior)
        {
            assert_true(scan_type_of(json_string_value(prior), &type));
            checkin_history_add(&h, type, (int64_t)k);
        }
        assert_true(scan_type_of(json_get_str(row, "attempt"), &type));
        bool ok = strcmp(json_get_str(row, "verdict"), "ok") == 0;
        assert_int_equal(checkin_may(&policy, &h, type, 100), ok);
        met++;
    }
    assert_int_equal(met, 64);
    json_decref(doc);
}

/* ---- the scenarios ------------------------------------------------------------------- */

struct scene {
    struct fold_policy policy;
    struct scan scans[SCANS_MAX];
    size_t count;
};

static void name_id(uint8_t id[static SCAN_ID_BYTES], const char *name)
{
    memset(id, 0, SCAN_ID_BYTES);
    memcpy(id, name, strlen(name));
}

static struct scan scan_of(const json_t *fact)
{
    struct scan s = {.version = (uint64_t)json_get_int(fact, "list_version", 0), .timed = true};
    const char *annul = json_get_str(fact, "annul"), *type = json_get_str(fact, "type");
    const char *verdict = json_get_str(fact, "local_verdict");
    memcpy(s.event, "e", 2);
    memcpy(s.list, "l", 2);
    snprintf(s.device, sizeof s.device, "%s", json_get_str(fact, "device"));
    s.seq = (uint64_t)json_get_int(fact, "seq", 0);
    s.time_ms = json_get_int(fact, "corrected", json_get_int(fact, "time", 0)) * 1000;
    s.forced = json_get_bool(fact, "override", false);
    s.reason = verdict ? scan_reason_of(verdict) : SCAN_OK;
    assert_true(s.reason < SCAN_REASON_COUNT);
    s.type = SCAN_ANNULMENT;
    if (annul) {
        name_id(s.annuls, annul);
        name_id(s.id, "annulment");
        return s;
    }
    assert_true(scan_type_of(type, &s.type));
    name_id(s.id, json_get_str(fact, "scan_id"));
    return s;
}

static struct scene scene_of(const json_t *scenario)
{
    const json_t *expect = json_object_get(scenario, "expect");
    struct scene scene = {
        .policy = {.reentry = policy_of(json_object_get(scenario, "policy"))}};
    size_t i;
    json_t *fact;
    json_array_foreach(json_object_get(scenario, "facts"), i, fact) scene.scans[scene.count++] =
        scan_of(fact);
    scene.policy.revoked_version =
        (uint64_t)json_get_int(expect, "ticket_revoked_at_version", 0);
    scene.policy.revoked = scene.policy.revoked_version > 0;
    return scene;
}

/* The item of that id that stands, or the reuse of one. */
static const struct fold_item *item_of(const struct fold_item *items, size_t count,
                                       const char *name, bool reuse)
{
    uint8_t id[SCAN_ID_BYTES];
    name_id(id, name);
    for (size_t i = 0; i < count; i++)
        if (memcmp(items[i].scan->id, id, sizeof id) == 0 &&
            (items[i].verdict == FOLD_ID_REUSE) == reuse && items[i].verdict != FOLD_REPEAT)
            return &items[i];
    return NULL;
}

/* The scenarios' spelling: "conflict:double_entry->a", "failed:already_redeemed". */
static void spell(const struct fold_item *item, char *ret, size_t cap)
{
    if (item->verdict == FOLD_DOUBLE_ENTRY)
        snprintf(ret, cap, "conflict:double_entry->%s", (const char *)item->winner->id);
    else if (item->verdict == FOLD_REFUSED)
        snprintf(ret, cap, "failed:%s", scan_reason_name(item->scan->reason));
    else if (item->verdict == FOLD_ID_REUSE)
        snprintf(ret, cap, "rejected:id_reuse");
    else
        snprintf(ret, cap, "%s", fold_verdict_name(item->verdict));
}

static void check_expectation(const char *key, const json_t *want,
                              const struct fold_item *items, size_t count,
                              const struct checkin_history *h)
{
    char got[64];
    if (strcmp(key, "checkins") == 0) {
        assert_int_equal(h->entries > 0, json_integer_value(want));
    } else if (strcmp(key, "inside") == 0) {
        assert_int_equal(h->inside, json_is_true(want));
    } else if (strcmp(key, "metric") == 0) {
        assert_string_equal(json_string_value(want), "false_reject");
        assert_true(items[0].false_reject);
    } else if (strcmp(key, "ticket_revoked_at_version") != 0) {
        bool reuse = strcmp(key, "second") == 0;
        const struct fold_item *item = item_of(items, count, reuse ? "a" : key, reuse);
        assert_non_null(item);
        spell(item, got, sizeof got);
        assert_string_equal(got, json_string_value(want));
    }
}

static void check_order(const struct scene *scene, const size_t *order, size_t count,
                        const json_t *expect)
{
    struct fold_item items[2 * SCANS_MAX];
    struct checkin_history h;
    const char *key;
    json_t *want;
    for (size_t i = 0; i < count; i++)
        items[i] = (struct fold_item){.scan = &scene->scans[order[i]]};
    checkin_fold(&scene->policy, items, count, &h);
    json_object_foreach((json_t *)(uintptr_t)expect, key, want)
        check_expectation(key, want, items, count, &h);
}

static void swap(size_t *a, size_t *b)
{
    size_t t = *a;
    *a = *b;
    *b = t;
}

/* All orders; and each with every scan delivered once more, first and last. */
static size_t permute(const struct scene *scene, size_t *order, size_t at, const json_t *expect)
{
    size_t tried = 0;
    if (at == scene->count) {
        size_t more[2 * SCANS_MAX];
        check_order(scene, order, scene->count, expect);
        for (size_t i = 0; i < scene->count; i++) {
            memcpy(more, order, scene->count * sizeof *more);
            more[scene->count] = order[i];
            check_order(scene, more, scene->count + 1, expect);
            swap(&more[0], &more[scene->count]);
            check_order(scene, more, scene->count + 1, expect);
        }
        return 1;
    }
    for (size_t i = at; i < scene->count; i++) {
        swap(&order[at], &order[i]);
        tried += permute(scene, order, at + 1, expect);
        swap(&order[at], &order[i]);
    }
    return tried;
}

static void every_scenario_holds_in_every_order(void **state)
{
    (void)state;
    json_t *doc = load("checkin-merge-scenarios.json");
    if (!doc)
        skip();
    size_t i;
    json_t *scenario;
    json_array_foreach(json_object_get(doc, "scenarios"), i, scenario)
    {
        struct scene scene = scene_of(scenario);
        size_t order[SCANS_MAX];
        for (size_t k = 0; k < scene.count; k++)
            order[k] = k;
        assert_true(permute(&scene, order, 0, json_object_get(scenario, "expect")) >= 1);
    }
    assert_int_equal(i, 13);
    json_decref(doc);
}

/* ---- random sets --------------------------------------------------------------------- */

static uint32_t chance;

static uint32_t below(uint32_t bound)
{
    chance = chance * 1664525U + 1013904223U;
    return (chance >> 8) % bound;
}

static struct scan random_scan(uint32_t ids)
{
    struct scan s = {.event = "e", .list = "l", .timed = below(8) != 0};
    s.id[0] = (uint8_t)(1 + below(ids));
    s.type = (enum scan_type)below(3);
    s.annuls[0] = s.type == SCAN_ANNULMENT ? (uint8_t)(1 + below(ids)) : 0;
    s.reason = below(4) ? SCAN_OK : below(2) ? SCAN_ALREADY_REDEEMED : SCAN_RULES;
    s.forced = below(8) == 0;
    snprintf(s.device, sizeof s.device, "g%u", (unsigned)below(3));
    s.seq = below(6);
    s.time_ms = (int64_t)below(40) * 60000;
    s.version = below(4);
    return s;
}

static struct scene random_scene(size_t count)
{
    struct scene scene = {.count = count};
    scene.policy.reentry = (struct checkin_policy){.allow_multiple_entries = below(4) == 0,
                                                   .allow_entry_after_exit = below(2),
                                                   .exit_all_minute = below(2) ? 15 : -1};
    scene.policy.revoked = below(4) == 0;
    scene.policy.revoked_version = below(3);
    scene.policy.revoked_ms = (int64_t)below(3) * 600000;
    for (size_t i = 0; i < count; i++)
        scene.scans[i] = random_scan((uint32_t)count * 2);
    return scene;
}

/* One line a scan, in the fold's own order; repeats are no part of the set. */
static void print_fold(const struct scene *scene, const size_t *order, size_t count, char *ret,
                       size_t cap)
{
    struct fold_item items[2 * SCANS_MAX];
    struct checkin_history h;
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        items[i] = (struct fold_item){.scan = &scene->scans[order[i]]};
    checkin_fold(&scene->policy, items, count, &h);
    for (size_t i = 0; i < count; i++)
        if (items[i].verdict != FOLD_REPEAT)
            len +=
                (size_t)snprintf(ret + len, cap - len, "%d %s %d %d %s\n", items[i].scan->id[0],
                                 items[i].scan->device, items[i].verdict, items[i].false_reject,
                                 items[i].winner ? items[i].winner->device : "-");
    snprintf(ret + len, cap - len, "%zu %zu %d %lld", h.entries, h.exits, h.inside,
             (long long)h.last_entry_ms);
}

static void a_set_comes_to_the_same_in_any_order_and_with_repeats(void **state)
{
    (void)state;
    char first[4096], again[4096];
    for (chance = 1; chance < 2000; chance++) {
        uint32_t seed = chance;
        struct scene scene = random_scene(1 + below(SCANS_MAX - 1));
        size_t order[2 * SCANS_MAX];
        for (size_t i = 0; i < scene.count; i++)
            order[i] = i;
        print_fold(&scene, order, scene.count, first, sizeof first);
        for (int shuffles = 0; shuffles < 5; shuffles++) {
            size_t count = scene.count;
            while (count < 2 * SCANS_MAX && below(3))
                order[count++] = below((uint32_t)scene.count);
            for (size_t i = count; i > 1; i--)
                swap(&order[i - 1], &order[below((uint32_t)i)]);
            print_fold(&scene, order, count, again, sizeof again);
            assert_string_equal(first, again);
            for (size_t i = 0; i < scene.count; i++)
                order[i] = i;
        }
        chance = seed;
    }
}

/* ---- rules of its own ---------------------------------------------------------------- */

static struct scan entry(const char *id, const char *device, uint64_t seq, int64_t minute)
{
    struct scan s = {
        .event = "e", .list = "l", .seq = seq, .time_ms = minute * 60000, .timed = true};
    name_id(s.id, id);
    snprintf(s.device, sizeof s.device, "%s", device);
    return s;
}

static enum fold_verdict verdict_of(const struct scan *scans, size_t count,
                                    const struct fold_policy *policy, const char *id)
{
    struct fold_item items[SCANS_MAX];
    struct checkin_history h;
    for (size_t i = 0; i < count; i++)
        items[i] = (struct fold_item){.scan = &scans[i]};
    checkin_fold(policy, items, count, &h);
    const struct fold_item *item = item_of(items, count, id, false);
    return item ? item->verdict : FOLD_VERDICT_COUNT;
}

static const struct fold_policy single = {
    .reentry = {.allow_entry_after_exit = true, .exit_all_minute = CHECKIN_NO_EXIT_ALL}};

static void an_annulment_is_of_the_same_device_within_a_quarter_of_an_hour(void **state)
{
    (void)state;
    struct scan scans[2] = {entry("a", "g1", 1, 100), entry("x", "g1", 2, 115)};
    scans[1].type = SCAN_ANNULMENT;
    name_id(scans[1].annuls, "a");
    assert_int_equal(verdict_of(scans, 2, &single, "a"), FOLD_ANNULLED);
    scans[1].time_ms++;
    assert_int_equal(verdict_of(scans, 2, &single, "a"), FOLD_ACCEPTED);
    assert_int_equal(verdict_of(scans, 2, &single, "x"), FOLD_ANNULMENT_VOID);
    scans[1].time_ms -= 10 * 60000;
    snprintf(scans[1].device, sizeof scans[1].device, "g2");
    assert_int_equal(verdict_of(scans, 2, &single, "a"), FOLD_ACCEPTED);
}

static void a_revoked_ticket_was_good_before_it_was_revoked(void **state)
{
    (void)state;
    struct scan scans[1] = {entry("a", "g1", 1, 100)};
    struct fold_policy policy = single;
    policy.revoked = true;
    policy.revoked_version = 42;
    policy.revoked_ms = 100 * 60000 + 1;
    scans[0].version = 41;
    assert_int_equal(verdict_of(scans, 1, &policy, "a"), FOLD_ACCEPTED);
    policy.revoked_ms--;
    assert_int_equal(verdict_of(scans, 1, &policy, "a"), FOLD_CONFLICT_REVOKED);
    policy.revoked_ms++;
    scans[0].version = 42; /* the gate knew, and its clock is wrong */
    assert_int_equal(verdict_of(scans, 1, &policy, "a"), FOLD_CONFLICT_REVOKED);
}

static void what_nobody_can_date_comes_last(void **state)
{
    (void)state;
    struct scan scans[2] = {entry("a", "g1", 1, 500), entry("b", "g2", 1, 1)};
    scans[1].timed = false;
    assert_int_equal(verdict_of(scans, 2, &single, "a"), FOLD_ACCEPTED);
    assert_int_equal(verdict_of(scans, 2, &single, "b"), FOLD_DOUBLE_ENTRY);
}

static void all_are_out_by_the_list_s_hour(void **state)
{
    (void)state;
    struct scan scans[2] = {entry("a", "g1", 1, 20 * 60), entry("b", "g2", 1, 25 * 60)};
    struct fold_policy policy = single;
    assert_int_equal(verdict_of(scans, 2, &policy, "b"), FOLD_DOUBLE_ENTRY);
    policy.reentry.exit_all_minute = 60; /* one in the morning */
    assert_int_equal(verdict_of(scans, 2, &policy, "b"), FOLD_ACCEPTED);
    policy.reentry.exit_all_minute = 61 + 5; /* after the second came */
    scans[1].time_ms = (24 * 60 + 65) * INT64_C(60000);
    assert_int_equal(verdict_of(scans, 2, &policy, "b"), FOLD_DOUBLE_ENTRY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_of_the_decision_table_is_met),
        cmocka_unit_test(every_scenario_holds_in_every_order),
        cmocka_unit_test(a_set_comes_to_the_same_in_any_order_and_with_repeats),
        cmocka_unit_test(an_annulment_is_of_the_same_device_within_a_quarter_of_an_hour),
        cmocka_unit_test(a_revoked_ticket_was_good_before_it_was_revoked),
        cmocka_unit_test(what_nobody_can_date_comes_last),
        cmocka_unit_test(all_are_out_by_the_list_s_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
