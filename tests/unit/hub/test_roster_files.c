#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/secret.h"
#include "hub/roster_csv.h"
#include "hub/roster_file.h"
#include "hub/roster_pretix.h"
#include "hub/roster_text.h"

#include <string.h>

#define NOW_MS  INT64_C(1795600000000) /* 2026-11-25T09:46:40Z */
#define NOON_MS INT64_C(1798110000000) /* 2026-12-24T12:00:00+01:00 */

struct state {
    struct roster_draft draft;
    struct dl_why why;
};

static int setup(void **state)
{
    static struct state s;
    const struct checkin_zone utc = {.count = 0};
    struct roster_key *key = NULL;
    assert_int_equal(crypto_setup(), DL_OK);
    json_setup();
    assert_int_equal(roster_key_make(&key), DL_OK);
    s = (struct state){.why = {""}};
    assert_int_equal(roster_draft_init(&s.draft, "summer26", key, &utc), DL_OK);
    *state = &s;
    return 0;
}

static int teardown(void **state)
{
    struct state *s = *state;
    roster_draft_done(&s->draft);
    return 0;
}

static enum dl_err csv(struct state *s, const char *text)
{
    return roster_csv_read(&s->draft, text, strlen(text), &s->why);
}

static enum dl_err pretix(struct state *s, const char *text)
{
    return roster_pretix_read(&s->draft, text, strlen(text), NOW_MS, &s->why);
}

static enum dl_err lists(struct state *s, const char *text)
{
    return roster_file_lists(&s->draft, text, strlen(text), &s->why);
}

/* The draft's ticket of a code; NULL: it has none. */
static const struct roster_ticket *ticket_of(const struct state *s, const char *code)
{
    uint8_t hash[ROSTER_HASH_BYTES];
    assert_int_equal(roster_hash(s->draft.key, ROSTER_LABEL_TICKET, code, strlen(code), hash),
                     DL_OK);
    for (size_t i = 0; i < s->draft.count; i++)
        if (memcmp(s->draft.tickets[i].row.ticket, hash, sizeof hash) == 0)
            return &s->draft.tickets[i].row;
    return NULL;
}

static const char *word(const struct state *s, uint16_t place)
{
    return json_string_value(json_array_get(s->draft.words, place));
}

/* ---- CSV -------------------------------------------------------------------------------- */

static void columns_come_in_any_order_and_delimiter(void **state)
{
    struct state *s = *state;
    assert_int_equal(csv(s,
                         "\xEF\xBB\xBFStatus;Code ;product\r\nblocked; A-1 ;\"Adult; day\"\r\n"
                         ";A-2;Child\r\n\r\n"),
                     DL_OK);
    assert_int_equal(s->draft.count, 2);
    assert_true(s->draft.whole);
    assert_int_equal(ticket_of(s, "A-1")->status, ROSTER_BLOCKED);
    assert_string_equal(word(s, ticket_of(s, "A-1")->product), "Adult; day");
    assert_int_equal(ticket_of(s, "A-2")->status, ROSTER_VALID);
}

static void times_go_by_the_clock_of_the_event(void **state)
{
    struct state *s = *state;
    assert_int_equal(roster_draft_zone(&s->draft, "Europe/Berlin", NOW_MS, &s->why), DL_OK);
    assert_int_equal(csv(s, "code,valid_from,valid_until\n"
                            "A-1,2026-12-24 12:00,2026-12-24\n"
                            "A-2,2026-12-24T11:00:00Z,2026-07-01T12:00:30\n"),
                     DL_OK);
    assert_int_equal(ticket_of(s, "A-1")->valid_from_ms, NOON_MS);
    assert_int_equal(ticket_of(s, "A-1")->valid_until_ms, NOON_MS + 12 * INT64_C(3600000) - 1);
    assert_int_equal(ticket_of(s, "A-2")->valid_from_ms, NOON_MS);
    assert_int_equal(ticket_of(s, "A-2")->valid_until_ms, INT64_C(1782900030000));
}

static void what_is_wrong_is_told_by_line_and_column_and_never_quoted(void **state)
{
    static const struct {
        const char *csv, *why;
    } cases[] = {
        {"product\nAdult\n", "line 1: there is no column `code`"},
        {"", "line 1: there is no column `code`"},
        {"code,colour\nA-1,red\n", "line 1: column 2 is none of"},
        {"code,code\nA-1,A-2\n", "line 1: code: stands there twice"},
        {"code\nA-1\nA-2,secret\n", "line 3: it has more cells"},
        {"code,status\nA-1,secret\n", "line 2: status: must be valid"},
        {"code,status\nA-1,removed\n", "line 2: status: must be valid"},
        {"code,valid_from\nA-1,secret\n", "line 2: valid_from: must be a time"},
        {"code,valid_from\nA-1,2026-02-30\n", "line 2: valid_from: must be a time"},
        {"code,product\n ,Adult\n", "line 2: code: is empty"},
        {"code,product\nA-1,\xFF\n", "line 2: product: must be short UTF-8"},
        {"code,attention\nA-1,ask secret@example.org\n", "line 2: attention: must be"},
        {"code,product\nA-1,secret@example.org\n", "line 2: product: must be"},
        {"code,attention\nA-1,call 0171-555 01\n", "line 2: attention: must be"},
        {"code\n\"secret\n", "its quotes do not match"},
        {"code\n\"sec\"ret\"\n", "its quotes do not match"},
        {"code,product\nA-1,Adult\nA-2,Adult\nA-1,Child\n", "lines 2 and 4 have one code"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct state *s = *state;
        assert_int_equal(csv(s, cases[i].csv), DL_E_INPUT);
        if (!strstr(s->why.text, cases[i].why) || strstr(s->why.text, "secret"))
            fail_msg("case %zu says: %s", i, s->why.text);
        teardown(state);
        setup(state);
    }
}

static void a_line_that_says_the_same_again_counts_once(void **state)
{
    struct state *s = *state;
    assert_int_equal(csv(s, "code,product\nA-1,Adult\nA-1 ,Adult\n"), DL_OK);
    assert_int_equal(s->draft.count, 1);
    assert_int_equal(s->draft.repeats, 1);
}

/* ---- pretix ----------------------------------------------------------------------------- */

static void a_whole_event_of_pretix_comes_in(void **state)
{
    struct state *s = *state;
    assert_int_equal(
        pretix(s,
               "{\"event\":{\"name\":{\"de\":\"Fest\",\"en\":\"Feast\"},\"timezone\":\"Europe/"
               "Berlin\","
               "\"date_from\":\"2026-12-24T12:00:00+01:00\",\"date_to\":null,\"valid_keys\":"
               "{\"pretix_sig1\":["
               "\"LS0tLS1CRUdJTiBQVUJMSUMgS0VZLS0tLS0KTUNvd0JRWURLMlZ3QXlFQTdBRDcvdmZBMz"
               "NFc1k0ejJQSHY3aVpQc1p2bjVkaDBhalA4Z3l6Tm1tSXM9Ci0tLS0tRU5EIFBVQkxJQyBLRVktLS0tL"
               "Qo=\"]}},"
               "\"items\":{\"next\":null,\"results\":[{\"id\":1,\"name\":\"Adult\",\"checkin_"
               "attention\":true,"
               "\"checkin_text\":\"check "
               "ID\",\"variations\":[{\"id\":7,\"value\":{\"en\":\"Student\"}}]},"
               "{\"id\":2,\"name\":{\"en\":\"Child\"},\"checkin_attention\":true}]},"
               "\"checkinlists\":{\"next\":null,\"results\":[{\"id\":3,\"name\":\"Main\",\"all_"
               "products\":false,"
               "\"limit_products\":[1],\"exit_all_at\":\"2026-12-25T03:30:00Z\",\"position_"
               "count\":9,"
               "\"rules\":{}}]},"
               "\"orders\":[{\"code\":\"ABCDE\",\"status\":\"p\",\"checkin_text\":\"Mr "
               "Smith\",\"positions\":"
               "[{\"secret\":\"s1\",\"item\":1,\"variation\":7,\"subevent\":5,\"valid_until\":"
               "\"2026-12-24T12:00:00+01:00\",\"attendee_name\":\"Jane Doe\"},"
               "{\"secret\":\"s2\",\"item\":2,\"blocked\":[\"admin\"]}]},"
               "{\"code\":\"FGHIJ\",\"status\":\"n\",\"positions\":[{\"secret\":\"s3\","
               "\"item\":12345678}]},"
               "{\"code\":\"KLMNO\",\"status\":\"n\",\"valid_if_pending\":true,\"positions\":"
               "[{\"secret\":\"s4\",\"item\":9},{\"secret\":\"s5\",\"item\":9,\"canceled\":"
               "true}]}],"
               "\"revokedsecrets\":{\"results\":[{\"id\":1,\"secret\":\"s6\"},{\"secret\":"
               "\"s4\"}]},"
               "\"blocked_secrets\":[{\"secret\":\"s7\",\"blocked\":true},{\"secret\":\"s1\","
               "\"blocked\":false}]}"),
        DL_OK);
    static const struct {
        const char *code;
        enum roster_status status;
    } want[] = {{"s1", ROSTER_VALID},   {"s2", ROSTER_BLOCKED},  {"s3", ROSTER_UNPAID},
                {"s4", ROSTER_REVOKED}, {"s5", ROSTER_CANCELED}, {"s6", ROSTER_REVOKED},
                {"s7", ROSTER_BLOCKED}};
    assert_int_equal(s->draft.count, 7);
    assert_true(s->draft.whole);
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(ticket_of(s, want[i].code)->status, want[i].status);
    const struct roster_ticket *one = ticket_of(s, "s1"), *two = ticket_of(s, "s2");
    assert_string_equal(word(s, one->product), "1");
    assert_string_equal(word(s, one->variation), "7");
    assert_string_equal(word(s, one->subevent), "5");
    assert_string_equal(word(s, one->attention), "check ID");
    assert_int_equal(one->valid_until_ms, NOON_MS);
    assert_memory_equal(one->order, two->order, ROSTER_ORDER_BYTES);
    assert_string_equal(word(s, two->attention), "special attention");
    assert_string_equal(word(s, ticket_of(s, "s4")->product), "9"); /* though revoked */
    const json_t *head = s->draft.head,
                 *list = json_array_get(json_object_get(head, "lists"), 0);
    assert_string_equal(json_get_str(head, "name"), "Feast");
    assert_string_equal(json_get_str(json_object_get(head, "names"), "7"), "Student");
    assert_int_equal(json_get_int(head, "date_from_ms", 0), NOON_MS);
    assert_string_equal(json_string_value(json_array_get(json_object_get(head, "signers"), 0)),
                        "7AD7/vfA33EsY4z2PHv7iZPsZvn5dh0ajP8gyzNmmIs=");
    assert_string_equal(json_get_str(list, "id"), "3");
    assert_int_equal(json_get_int(list, "exit_all_minute", 0), 4 * 60 + 30);
    assert_false(json_get_bool(list, "all_products", true));
    /* Nothing about a person is kept. */
    char *text = json_text(head, NULL), *words = json_text(s->draft.words, NULL);
    assert_null(strstr(text, "Jane"));
    assert_null(strstr(words, "Smith"));
    json_text_free(text);
    json_text_free(words);
}

static void positions_alone_come_in_as_the_api_pages_them(void **state)
{
    static const char *const files[] = {
        "{\"count\":1,\"next\":null,\"results\":[{\"secret\":\"s1\",\"order\":\"A\",\"item\":1}"
        "]}",
        "[{\"secret\":\"s1\",\"order\":\"A\",\"item\":{\"id\":1,\"name\":\"x\"}}]",
        "{\"positions\":[{\"secret\":\"s1\",\"order\":\"A\",\"item\":1}]}",
        "{\"event\":{\"name\":\"x\",\"orders\":[{\"code\":\"A\",\"positions\":[{\"secret\":"
        "\"s1\",\"item\":1}]}]}}",
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct state *s = *state;
        assert_int_equal(pretix(s, files[i]), DL_OK);
        assert_int_equal(s->draft.count, 1);
        assert_true(s->draft.whole);
        assert_string_equal(word(s, ticket_of(s, "s1")->product), "1");
        teardown(state);
        setup(state);
    }
}

static void an_id_may_be_as_long_as_a_telephone_number(void **state)
{
    struct state *s = *state;
    assert_int_equal(pretix(s, "{\"positions\":[{\"secret\":\"s1\",\"item\":491715550199}]}"),
                     DL_OK);
    assert_string_equal(word(s, ticket_of(s, "s1")->product), "491715550199");
    assert_int_equal(csv(s, "code,product,subevent\ns2,491715550199,4917155501\n"), DL_OK);
    assert_string_equal(word(s, ticket_of(s, "s2")->subevent), "4917155501");
}

static void revoked_secrets_alone_remove_nobody(void **state)
{
    struct state *s = *state;
    assert_int_equal(pretix(s, "{\"revoked_secrets\":[\"s1\"]}"), DL_OK);
    assert_int_equal(ticket_of(s, "s1")->status, ROSTER_REVOKED);
    assert_false(s->draft.whole);
}

static void what_is_wrong_with_pretix_is_told_by_member_and_row(void **state)
{
    static const struct {
        const char *json, *why;
    } cases[] = {
        {"[", "ends too early"},
        {"7", "no JSON object"},
        {"{\"positions\":{\"next\":\"https://x/?page=2\",\"results\":[]}}",
         "positions: this is one page of several"},
        {"{\"positions\":{\"secret\":7}}", "positions: must be a list"},
        {"{\"positions\":[{\"item\":1}]}", "positions 1: secret: is lacking"},
        {"{\"positions\":[{\"secret\":\"a\"},{\"secret\":\" \"}]}",
         "positions 2: secret: is empty"},
        {"{\"positions\":[{\"secret\":\"a\",\"item\":true}]}", "positions 1: item: must be"},
        {"{\"positions\":[{\"secret\":\"a\",\"valid_from\":\"secret\"}]}",
         "positions 1: valid_from: must be a time"},
        {"{\"valid_keys\":{\"pretix_sig1\":[\"secret\"]}}",
         "valid_keys.pretix_sig1 1: key: must be an Ed25519"},
        {"{\"event\":{\"timezone\":\"Europe/Secret\"}}", "timezone: it is none"},
        {"{\"checkin_lists\":[{\"id\":1,\"exit_all_at\":\"secret\"}]}",
         "list 1: exit_all_at: must be"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct state *s = *state;
        assert_int_equal(pretix(s, cases[i].json), DL_E_INPUT);
        if (!strstr(s->why.text, cases[i].why))
            fail_msg("case %zu says: %s", i, s->why.text);
        teardown(state);
        setup(state);
    }
}

/* ---- lists ------------------------------------------------------------------------------ */

static void lists_are_read_strictly(void **state)
{
    struct state *s = *state;
    assert_int_equal(roster_draft_zone(&s->draft, "Europe/Berlin", NOW_MS, &s->why), DL_OK);
    assert_int_equal(
        lists(
            s,
            "{\"lists\":[{\"id\":\"vip\",\"products\":[1,\"2\"],\"opens\":\"2026-12-24 12:00\","
            "\"exit_all_at\":\"04:30\",\"gates\":[\"north\"],\"unknown\":\"accept_signed\"}]}"),
        DL_OK);
    const json_t *list = json_array_get(json_object_get(s->draft.head, "lists"), 0);
    assert_string_equal(json_string_value(json_array_get(json_object_get(list, "products"), 0)),
                        "1");
    assert_false(json_get_bool(list, "all_products", true));
    assert_int_equal(json_get_int(list, "opens_ms", 0), NOON_MS);
    assert_int_equal(json_get_int(list, "exit_all_minute", 0), 270);
    assert_int_equal(lists(s, "[{\"id\":\"vip\",\"prodcts\":[1]}]"), DL_E_INPUT);
    assert_non_null(strstr(s->why.text, "list 1: a member"));
    assert_int_equal(lists(s, "[{\"id\":\"vip\",\"products\":7}]"), DL_E_INPUT);
    assert_int_equal(lists(s, "[7]"), DL_E_INPUT);
    assert_int_equal(lists(s, "7"), DL_E_INPUT);
}

#define test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        test(columns_come_in_any_order_and_delimiter),
        test(times_go_by_the_clock_of_the_event),
        test(what_is_wrong_is_told_by_line_and_column_and_never_quoted),
        test(a_line_that_says_the_same_again_counts_once),
        test(a_whole_event_of_pretix_comes_in),
        test(positions_alone_come_in_as_the_api_pages_them),
        test(an_id_may_be_as_long_as_a_telephone_number),
        test(revoked_secrets_alone_remove_nobody),
        test(what_is_wrong_with_pretix_is_told_by_member_and_row),
        test(lists_are_read_strictly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
