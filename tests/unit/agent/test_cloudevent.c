/* CloudEvents 1.0 in structured JSON. */
#include "tests/unit/agent/accept_case.h"

#define CE "'specversion':'1.0','id':'ce-1','source':'/till'"

static void a_cloud_event_is_taken(void **state)
{
    struct house *h = *state;
    json_t *cloud = event_of("{" CE ",'type':'visit','time':'2026-11-23T16:00:00Z',"
                             "'subject':'somebody','datacontenttype':'application/json',"
                             "'traceparent':'00-0af7651916cd43dd8448eb211c80319c-b7-01',"
                             "'data':{'store_id':'9'},'identifiers':{'email':'j@example.com'},"
                             "'consent':{'profiling':true}}");
    json_t *event = NULL;
    struct accept_problem problem;
    assert_int_equal(accept_from_cloudevent(cloud, &event, &problem), DL_OK);
    json_decref(cloud);
    assert_int_equal(accept_events(h->accept, &event, 1, &h->answer), DL_OK);
    json_decref(event);
    struct record rec;
    json_t *json = last_record(h, &rec);
    assert_int_equal(rec.token_count, 1);
    assert_string_equal(json_get_str(json, "id"), "ce-1");
    assert_null(json_object_get(json, "source"));
    json_decref(json);
}

static void what_is_no_cloud_event_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *code, *pointer;
    } rows[] = {
        {"[]", "not_object", ""},
        {"{}", "required", "/specversion"},
        {"{'specversion':'0.3','id':'1','source':'/a','type':'visit'}", "bad_value",
         "/specversion"},
        {"{'specversion':1.0,'id':'1','source':'/a','type':'visit'}", "wrong_type",
         "/specversion"},
        {"{'specversion':'1.0','source':'/a','type':'visit'}", "required", "/id"},
        {"{'specversion':'1.0','id':'1','type':'visit'}", "required", "/source"},
        {"{'specversion':'1.0','id':'1','source':'','type':'visit'}", "bad_value", "/source"},
        {"{" CE "}", "required", "/type"},
        {"{" CE ",'type':'visit','datacontenttype':'text/xml'}", "bad_value",
         "/datacontenttype"},
        {"{" CE ",'type':'visit','datacontenttype':'application/jsonx'}", "bad_value",
         "/datacontenttype"},
        {"{" CE ",'type':'visit','data_base64':'e30='}", "unknown_field", "/data_base64"},
        {"{" CE ",'type':'visit','zebulonia':'1'}", "unknown_field", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_t *cloud = event_of(rows[i].text);
        json_t *event = NULL;
        struct accept_problem problem;
        assert_int_equal(accept_from_cloudevent(cloud, &event, &problem), DL_E_INPUT);
        assert_string_equal(problem.code, rows[i].code);
        assert_string_equal(problem.pointer, rows[i].pointer);
        assert_null(event);
        json_decref(cloud);
    }
}

static void json_media_types_are_taken(void **state)
{
    (void)state;
    static const char *const types[] = {"application/json", "application/json; charset=utf-8",
                                        "application/vnd.shop+json"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char text[300];
        (void)snprintf(text, sizeof text, "{" CE ",'type':'visit','datacontenttype':'%s'}",
                       types[i]);
        json_t *cloud = event_of(text), *event = NULL;
        struct accept_problem problem;
        assert_int_equal(accept_from_cloudevent(cloud, &event, &problem), DL_OK);
        json_decref(event);
        json_decref(cloud);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_cloud_event_is_taken, house_open, house_close),
        cmocka_unit_test(what_is_no_cloud_event_is_refused),
        cmocka_unit_test(json_media_types_are_taken),
    };
    return cmocka_run_group_tests(tests, house_setup, NULL);
}
