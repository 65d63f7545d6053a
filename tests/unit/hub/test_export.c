#include "tests/unit/hub/fixture.h"

static void an_event_has_the_names_that_were_promised(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    till_sale(&t, 0, 1999, "email=a@x.de");
    till_put(&t, "{\"type\":\"visit\",\"time\":\"2025-11-24T17:00:00+01:00\"}", "");
    till_deliver(&t);
    char *text = export_all(*state, EXPORT_EVENTS, EXPORT_NDJSON);
    char *second = strchr(text, '\n') + 1;
    json_t *sale = NULL, *visit = NULL;
    assert_int_equal(json_parse(&sale, text, (size_t)(second - text - 1), NULL, NULL), DL_OK);
    assert_int_equal(json_parse(&visit, second, strlen(second) - 1, NULL, NULL), DL_OK);
    assert_string_equal(json_get_str(sale, "event_id"), sale_id(&t, 1, (char[48]){0}));
    assert_string_equal(json_get_str(sale, "device"), "till-1");
    assert_int_equal(json_get_int(sale, "seq", 0), 1);
    assert_string_equal(json_get_str(sale, "time"), "2025-11-24T16:00:00.000Z");
    assert_int_equal(strlen(json_get_str(sale, "profile_id")), 26);
    assert_int_equal(json_get_int(json_object_get(sale, "data"), "total_minor", 0), 1999);
    assert_true(json_is_null(json_object_get(visit, "profile_id")));
    assert_string_equal(json_get_str(visit, "time"), "2025-11-24T16:00:00.000Z");
    char id[64];
    snprintf(id, sizeof id, "%s-2", json_get_str(visit, "stream"));
    assert_string_equal(json_get_str(visit, "event_id"), id);
    json_decref(sale);
    json_decref(visit);
    free(text);
    till_done(&t);
}

static void csv_quotes_and_disarms_formulas(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    till_put(&t,
             "{\"id\":\"=HYPERLINK(\\\"x\\\")\",\"type\":\"visit\",\"time\":"
             "\"2025-11-24T16:00:00Z\",\"data\":{\"store_id\":\"9\"}}",
             "");
    till_put(&t, "{\"id\":\"a,b\\n\",\"type\":\"visit\",\"time\":\"2025-11-24T16:00:00Z\"}",
             "");
    till_deliver(&t);
    char *text = export_all(*state, EXPORT_EVENTS, EXPORT_CSV);
    assert_memory_equal(text, "event_id,device,stream,seq,type,time,", 37);
    assert_non_null(strstr(text, "\r\n\"'=HYPERLINK(\"\"x\"\")\",till-1,"));
    assert_non_null(strstr(text, ",\"{\"\"store_id\"\":\"\"9\"\"}\",\r\n"));
    assert_non_null(strstr(text, "\r\n\"a,b\n\",till-1,"));
    free(text);
    till_done(&t);
}

static size_t lines_of(const char *text)
{
    size_t lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

static void exports_go_over_many_pages_and_name_no_token(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    for (int i = 0; i < 1300; i++) {
        char who[64];
        snprintf(who, sizeof who, "email=%d@x.de phone=+49%d", i, i);
        till_sale(&t, i, 1, who);
    }
    till_deliver(&t);
    uint8_t element[GROUP_ELEMENT_BYTES];
    char hex[2 * GROUP_ELEMENT_BYTES + 1];
    canonical(&t, "email=7@x.de", element);
    bytes_to_hex(hex, element, sizeof element);
    static const size_t expected[] = {1300, 1300, 2600};
    for (int what = 0; what < 3; what++) {
        char *text = export_all(*state, (enum export_what)what, EXPORT_NDJSON);
        assert_int_equal(lines_of(text), expected[what]);
        assert_null(strstr(text, hex));
        free(text);
    }
    till_done(&t);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_event_has_the_names_that_were_promised),
        CASE(csv_quotes_and_disarms_formulas),
        CASE(exports_go_over_many_pages_and_name_no_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
