#include "crypto/secret.h"
#include "sync/scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct scan sample(void)
{
    struct scan s = {.type = SCAN_EXIT,
                     .event = "summit",
                     .list = "main",
                     .gate = "north",
                     .reason = SCAN_ALREADY_REDEEMED,
                     .mode = SCAN_BY_SIGNATURE,
                     .forced = true,
                     .version = 42,
                     .device = "gate-1",
                     .seq = 7,
                     .time_ms = INT64_C(1795449774123),
                     .timed = true};
    memset(s.id, 0xAB, sizeof s.id);
    memset(s.ticket, 0xCD, sizeof s.ticket);
    return s;
}

static struct scan annulment(void)
{
    struct scan s = sample();
    s.type = SCAN_ANNULMENT;
    s.reason = SCAN_OK;
    s.mode = SCAN_BY_NOTHING;
    s.forced = false;
    s.version = 0;
    memset(s.annuls, 0xEF, sizeof s.annuls);
    return s;
}

static void a_scan_comes_back_as_it_went(void **state)
{
    (void)state;
    struct scan scans[] = {sample(), annulment(), sample()}, got;
    scans[2].timed = false;
    scans[2].gate[0] = '\0';
    for (size_t i = 0; i < 3; i++) {
        json_t *json = scan_json(&scans[i]);
        assert_int_equal(scan_from_json(json, &got), DL_OK);
        assert_int_equal(scan_compare(&scans[i], &got), 0);
        json_decref(json);
    }
}

static json_t *event_data(const struct scan *s, const char *why)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:b, s:s, s:o}", "event", s->event, "list", s->list,
                     "gate", s->gate, "type", "exit", "forced", s->forced, "product", "7",
                     "scan", scan_event_json(s, "o7", why));
}

static void an_event_has_all_of_it_but_where_it_came_from(void **state)
{
    (void)state;
    struct scan s = sample(), got;
    json_t *data = event_data(&s, "lost the ticket");
    assert_int_equal(scan_from_event(data, false, &got), DL_OK);
    assert_string_equal(got.device, "");
    memcpy(got.device, s.device, sizeof s.device);
    got.seq = s.seq;
    got.time_ms = s.time_ms;
    got.timed = s.timed;
    assert_int_equal(scan_compare(&s, &got), 0);
    json_object_del(data, "scan");
    assert_int_equal(scan_from_event(data, false, &got), DL_E_NOT_FOUND);
    json_decref(data);
}

static void an_annulment_says_what_it_takes_back(void **state)
{
    (void)state;
    struct scan s = annulment(), got;
    json_t *data = event_data(&s, NULL);
    assert_int_equal(scan_from_event(data, true, &got), DL_OK);
    assert_int_equal(got.type, SCAN_ANNULMENT);
    assert_memory_equal(got.annuls, s.annuls, sizeof s.annuls);
    json_object_del(json_object_get(data, "scan"), "annuls");
    assert_int_equal(scan_from_event(data, true, &got), DL_E_CORRUPT);
    json_decref(data);
}

static void every_missing_or_strange_member_is_refused(void **state)
{
    (void)state;
    static const char *const required[] = {"id",    "ticket", "reason", "mode", "version",
                                           "event", "list",   "device", "seq",  "time_ms"};
    struct scan s = sample(), got;
    json_t *json = scan_json(&s);
    for (size_t i = 0; i < sizeof required / sizeof required[0]; i++) {
        json_t *copy = json_copy(json);
        json_object_del(copy, required[i]);
        assert_int_equal(scan_from_json(copy, &got), DL_E_CORRUPT);
        json_object_set_new(copy, required[i], json_null());
        assert_int_equal(scan_from_json(copy, &got), DL_E_CORRUPT);
        json_decref(copy);
    }
    json_object_set_new(json, "mood", json_true());
    assert_int_equal(scan_from_json(json, &got), DL_E_CORRUPT);
    json_object_del(json, "mood");
    json_object_set_new(json, "list", json_string("a\nb"));
    assert_int_equal(scan_from_json(json, &got), DL_E_CORRUPT);
    json_decref(json);
}

static void why_is_bounded(void **state)
{
    (void)state;
    struct scan s = sample(), got;
    char why[SCAN_WHY_BYTES + 1];
    memset(why, 'x', sizeof why);
    why[SCAN_WHY_BYTES] = '\0';
    json_t *data = event_data(&s, why);
    assert_int_equal(scan_from_event(data, false, &got), DL_E_CORRUPT);
    json_decref(data);
    data = event_data(&s, why + 1);
    assert_int_equal(scan_from_event(data, false, &got), DL_OK);
    json_decref(data);
}

static void a_code_is_known_again_under_its_key_alone(void **state)
{
    (void)state;
    struct roster_key *a = NULL, *b = NULL, *again = NULL;
    uint8_t bytes[ROSTER_KEY_BYTES], one[16], two[16];
    assert_int_equal(roster_key_make(&a), DL_OK);
    assert_int_equal(roster_key_make(&b), DL_OK);
    roster_key_bytes(a, bytes);
    assert_int_equal(roster_key_from(&again, bytes), DL_OK);
    assert_int_equal(roster_hash(a, ROSTER_LABEL_TICKET, "ABC", 3, one), DL_OK);
    assert_int_equal(roster_hash(again, ROSTER_LABEL_TICKET, " \tABC\r\n", 7, two), DL_OK);
    assert_memory_equal(one, two, sizeof one);
    assert_int_equal(roster_hash(b, ROSTER_LABEL_TICKET, "ABC", 3, two), DL_OK);
    assert_memory_not_equal(one, two, sizeof one);
    assert_int_equal(roster_hash(a, ROSTER_LABEL_ORDER, "ABC", 3, two), DL_OK);
    assert_memory_not_equal(one, two, sizeof one);
    assert_int_equal(roster_hash(a, ROSTER_LABEL_TICKET, "abc", 3, two), DL_OK);
    assert_memory_not_equal(one, two, sizeof one);
    assert_int_equal(roster_hash(a, ROSTER_LABEL_TICKET, " \r\n", 3, two), DL_E_INPUT);
    roster_key_free(a);
    roster_key_free(b);
    roster_key_free(again);
}

static int setup(void **state)
{
    (void)state;
    return crypto_setup() == DL_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scan_comes_back_as_it_went),
        cmocka_unit_test(an_event_has_all_of_it_but_where_it_came_from),
        cmocka_unit_test(an_annulment_says_what_it_takes_back),
        cmocka_unit_test(every_missing_or_strange_member_is_refused),
        cmocka_unit_test(why_is_bounded),
        cmocka_unit_test(a_code_is_known_again_under_its_key_alone),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
