/* The one path in: what is taken, what becomes of it, what is refused. */
#include "tests/unit/agent/accept_case.h"

#define SALE "'type':'purchase','data':{'store_id':'9','currency':'EUR','total_minor':100"
#define YES  "'consent':{'profiling':true}"

static void the_designs_own_event_is_taken(void **state)
{
    struct house *h = *state;
    assert_taken(h,
                 "{'id':'x-1','type':'purchase','time':'2026-11-23T17:02:54+01:00',"
                 "'identifiers':{'email':'Jane.Doe@Example.com','phone':'0171 2345678',"
                 "'loyalty_id':'0042'},"
                 "'consent':{'profiling':true,'marketing':false,"
                 "'captured_at':'2026-11-23T17:00:00Z','notice_version':'2026-03'},"
                 "'data':{'store_id':'9','register_id':'34','sequence_number':161,"
                 "'business_date':'2026-11-23','currency':'EUR','total_minor':126,"
                 "'lines':[{'line_no':1,'gtin':'04012345678901','sku':'67591','name':'Beans',"
                 "'category':'Food','quantity':'0.42','unit_price_minor':299,"
                 "'extended_minor':126}],'tenders':[{'type':'card','amount_minor':126}]}}");
    assert_true(h->answer.items[0].is_new);
    assert_int_equal(h->answer.items[0].seq, 1);
    assert_int_equal(h->answer.items[0].warning_count, 0);
    struct record rec;
    json_t *json = last_record(h, &rec);
    assert_int_equal(rec.flags, RECORD_TIME_GIVEN);
    assert_int_equal(rec.wall_ms, CASE_NOW_MS);
    assert_int_equal(rec.mono_ms, 5000);
    assert_int_equal(rec.token_count, 3);
    assert_string_equal(json_get_str(json, "id"), "x-1");
    assert_string_equal(json_get_str(json, "time"), "2026-11-23T17:02:54+01:00");
    assert_null(json_object_get(json, "identifiers"));
    assert_non_null(json_object_get(json, "consent"));
    json_decref(json);
}

static void tokens_are_those_of_the_canonical_form(void **state)
{
    struct house *h = *state;
    assert_taken(h, "{" SALE "}," YES ",'identifiers':{'email':' JANE@Example.COM '}}");
    struct record rec;
    json_decref(last_record(h, &rec));
    struct token wanted;
    assert_int_equal(token_make(h->token_key, TOKEN_TYPE_EMAIL, 1,
                                (const uint8_t *)"jane@example.com", 16, &wanted),
                     DL_OK);
    assert_int_equal(rec.token_count, 1);
    assert_int_equal(rec.tokens[0].type, wanted.type);
    assert_int_equal(rec.tokens[0].version, 1);
    assert_int_equal(rec.tokens[0].epoch, 3);
    assert_memory_equal(rec.tokens[0].element, wanted.element, sizeof wanted.element);
}

static void the_record_has_only_members_of_the_protocol(void **state)
{
    struct house *h = *state;
    assert_taken(h, "{'source':'/till','subject':'jane@example.com'," SALE "}," YES
                    ",'identifiers':{'surname':'Doe','email':'jane@example.com'}}");
    struct record rec;
    json_t *json = last_record(h, &rec);
    const char *name;
    json_t *value;
    json_object_foreach(json, name, value)
    {
        static const char *const known[] = {"id",      "type", "time",
                                            "consent", "data", "warnings"};
        bool found = false;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            found |= strcmp(known[i], name) == 0;
        assert_true(found);
    }
    char *text = json_text(json, NULL);
    assert_null(strstr(text, "jane"));
    json_text_free(text);
    json_decref(json);
}

static void an_event_without_a_time_gets_the_devices(void **state)
{
    struct house *h = *state;
    assert_taken(h, "{" SALE "}}");
    struct record rec;
    json_t *json = last_record(h, &rec);
    assert_int_equal(rec.flags, 0);
    assert_string_equal(json_get_str(json, "time"), "2049-11-23T16:02:54.000Z");
    json_decref(json);
}

static void the_sites_currency_is_put_in(void **state)
{
    struct house *h = *state;
    const char *text = "{'type':'purchase','data':{'total_minor':100}}";
    assert_refused(h, text, "required", "/data/currency");
    memcpy(h->settings.currency, "CHF", 4);
    house_reopen(h);
    assert_taken(h, text);
    struct record rec;
    json_t *json = last_record(h, &rec);
    assert_string_equal(json_get_str(json_object_get(json, "data"), "currency"), "CHF");
    json_decref(json);
}

static void without_consent_there_are_no_tokens(void **state)
{
    struct house *h = *state;
    struct record rec;
    assert_taken(h, "{" SALE "},'identifiers':{'email':'jane@example.com'},"
                    "'consent':{'profiling':false}}");
    json_decref(last_record(h, &rec));
    assert_int_equal(rec.token_count, 0);
    assert_int_equal(h->answer.items[0].warning_count, 0);
    assert_warned(h, "{" SALE "},'identifiers':{'email':'jane@example.com'}}", "no_consent",
                  "/consent/profiling");
    json_t *json = last_record(h, &rec);
    assert_int_equal(rec.token_count, 0);
    assert_string_equal(json_string_value(json_array_get(json_object_get(json, "warnings"), 0)),
                        "no_consent");
    json_decref(json);
    assert_taken(h, "{" SALE "}}");
    assert_int_equal(h->answer.items[0].warning_count, 0);
}

static void a_sites_default_may_say_yes(void **state)
{
    struct house *h = *state;
    struct record rec;
    h->settings.consent_default = true;
    house_reopen(h);
    assert_taken(h, "{" SALE "},'identifiers':{'email':'jane@example.com'}}");
    json_decref(last_record(h, &rec));
    assert_int_equal(rec.token_count, 1);
    assert_taken(h, "{" SALE "},'identifiers':{'email':'jane@example.com'},"
                    "'consent':{'profiling':false}}");
    json_decref(last_record(h, &rec));
    assert_int_equal(rec.token_count, 0);
}

static void consent_and_erase_find_their_person_always(void **state)
{
    struct house *h = *state;
    struct record rec;
    assert_taken(h, "{'type':'consent','identifiers':{'email':'jane@example.com'},"
                    "'consent':{'profiling':false}}");
    json_decref(last_record(h, &rec));
    assert_int_equal(rec.token_count, 1);
    assert_taken(h, "{'type':'erase','identifiers':{'email':'jane@example.com'}}");
    json_decref(last_record(h, &rec));
    assert_int_equal(rec.token_count, 1);
    assert_refused(h, "{'type':'erase'}", "required", "/identifiers");
    assert_refused(h, "{'type':'erase','identifiers':{}}", "no_identifier", "/identifiers");
    assert_refused(h, "{'type':'erase','identifiers':{'email':'jane'}}", "no_identifier",
                   "/identifiers");
    assert_refused(h, "{'type':'consent','identifiers':{'email':'jane@example.com'}}",
                   "required", "/consent");
}

static void an_identifier_without_a_form_is_dropped_and_counted(void **state)
{
    struct house *h = *state;
    struct record rec;
    assert_warned(
        h, "{" SALE "}," YES ",'identifiers':{'email':'jane@@example.com','loyalty_id':'7'}}",
        "identifier_dropped", "/identifiers/email");
    json_decref(last_record(h, &rec));
    assert_int_equal(rec.token_count, 1);
    assert_warned(h, "{" SALE "}," YES ",'identifiers':{'surname':'Doe'}}",
                  "identifier_dropped", "/identifiers/surname");
    json_t *counts = accept_counts(h->accept);
    const json_t *dropped = json_object_get(counts, "dropped");
    assert_int_equal(json_get_int(dropped, "email", 0), 1);
    assert_int_equal(json_get_int(dropped, "surname", 0), 1);
    assert_int_equal(json_get_int(json_object_get(counts, "identifiers"), "loyalty_id", 0), 1);
    json_decref(counts);
}

static void the_same_id_again_is_a_duplicate(void **state)
{
    struct house *h = *state;
    assert_taken(h, "{'id':'a'," SALE "}}");
    assert_taken(h, "{'id':'b'," SALE "}}");
    assert_taken(h, "{'id':'a'," SALE "}}");
    assert_false(h->answer.items[0].is_new);
    assert_int_equal(h->answer.items[0].seq, 1);
    json_t *counts = accept_counts(h->accept);
    assert_int_equal(json_get_int(counts, "duplicates", 0), 1);
    assert_int_equal(json_get_int(json_object_get(counts, "events"), "purchase", 0), 3);
    json_decref(counts);
}

static void all_events_of_a_call_go_in_or_none(void **state)
{
    struct house *h = *state;
    json_t *events[3] = {event_of("{" SALE "}}"), event_of("{" SALE ",'colour':1}}"),
                         event_of("{'type':'visit','data':{}}")};
    assert_int_equal(accept_events(h->accept, events, 3, &h->answer), DL_E_INPUT);
    assert_int_equal(h->writer.calls, 0);
    assert_int_equal(h->answer.problems_total, 2);
    assert_int_equal(h->answer.problems[0].index, 1);
    assert_string_equal(h->answer.problems[0].pointer, "/data/colour");
    assert_int_equal(h->answer.problems[1].index, 2);
    assert_string_equal(h->answer.problems[1].pointer, "/data/store_id");
    accept_answer_done(&h->answer);
    assert_int_equal(accept_events(h->accept, events, 1, &h->answer), DL_OK);
    assert_int_equal(h->writer.calls, 1);
    for (size_t i = 0; i < 3; i++)
        json_decref(events[i]);
}

static void one_call_makes_one_put(void **state)
{
    struct house *h = *state;
    json_t *event = event_of("{" SALE "}}");
    static json_t *events[ACCEPT_EVENTS_MAX + 1];
    for (size_t i = 0; i < ACCEPT_EVENTS_MAX + 1; i++)
        events[i] = event;
    assert_int_equal(accept_events(h->accept, events, ACCEPT_EVENTS_MAX, &h->answer), DL_OK);
    assert_int_equal(h->writer.calls, 1);
    assert_int_equal(h->answer.items[999].seq, 1000);
    accept_answer_done(&h->answer);
    assert_int_equal(accept_events(h->accept, events, ACCEPT_EVENTS_MAX + 1, &h->answer),
                     DL_E_INPUT);
    assert_string_equal(h->answer.problems[0].code, "too_large");
    accept_answer_done(&h->answer);
    assert_int_equal(accept_events(h->accept, events, 0, &h->answer), DL_OK);
    assert_int_equal(h->writer.calls, 1);
    json_decref(event);
}

static void what_the_writer_says_is_handed_on(void **state)
{
    struct house *h = *state;
    static const enum dl_err errors[] = {DL_E_FULL, DL_E_BUSY, DL_E_IO};
    for (size_t i = 0; i < 3; i++) {
        h->writer.fail = errors[i];
        assert_int_equal(bring(h, "{" SALE "}}"), errors[i]);
        assert_null(h->answer.items);
        assert_null(h->answer.problems);
    }
    json_t *counts = accept_counts(h->accept);
    assert_int_equal(json_object_size(json_object_get(counts, "events")), 0);
    json_decref(counts);
}

static void a_check_stores_and_counts_nothing(void **state)
{
    struct house *h = *state;
    json_t *event = event_of("{" SALE "},'identifiers':{'email':'jane@example.com'}}");
    assert_int_equal(accept_check(h->accept, &event, 1, &h->answer), DL_OK);
    assert_non_null(warning_of(h, "no_consent"));
    assert_int_equal(h->writer.calls, 0);
    json_decref(event);
    json_t *counts = accept_counts(h->accept);
    assert_int_equal(json_object_size(json_object_get(counts, "events")), 0);
    json_decref(counts);
}

static void personal_data_in_a_field_is_refused(void **state)
{
    struct house *h = *state;
    assert_refused(h,
                   "{" SALE ",'lines':[{'name':'for jane@example.com','extended_minor':100}]}}",
                   "pii_in_field", "/data/lines/0/name");
    assert_refused(h,
                   "{" SALE ",'lines':[{'sku':'4242 4242 4242 4242','extended_minor':100}]}}",
                   "pii_in_field", "/data/lines/0/sku");
    assert_refused(h, "{'id':'jane@example.com'," SALE "}}", "pii_in_field", "/id");
    assert_refused(h, "{" SALE "},'consent':{'notice_version':'jane@example.com'}}",
                   "pii_in_field", "/consent/notice_version");
    assert_refused(h, "{'type':'custom.note','data':{'a':[1,{'b':'+49 171 5550199'}]}}",
                   "pii_in_field", "/data/a/1/b");
    assert_refused(h, "{'type':'custom.note','data':{'n':4242424242424242}}", "pii_in_field",
                   "/data/n");
    assert_refused(h, "{'type':'custom.note','data':{'jane@example.com':1}}", "pii_in_field",
                   "/data");
    for (size_t i = 0; i < h->answer.problem_count; i++)
        assert_null(strstr(h->answer.problems[i].detail, "jane"));
    json_t *counts = accept_counts(h->accept);
    const json_t *guard = json_object_get(counts, "guard");
    assert_int_equal(json_get_int(guard, "line.name", 0), 1);
    assert_int_equal(json_get_int(guard, "event.id", 0), 1);
    assert_int_equal(json_get_int(guard, "custom", 0), 3);
    assert_int_equal(json_get_int(json_object_get(counts, "refused"), "pii_in_field", 0), 7);
    json_decref(counts);
}

static void personal_data_in_a_field_can_be_redacted(void **state)
{
    struct house *h = *state;
    h->settings.guard = ACCEPT_GUARD_REDACT;
    house_reopen(h);
    json_t *event = event_of("{" SALE ",'lines':[{'name':'for jane@example.com','sku':'7',"
                             "'extended_minor':100}]}}");
    assert_int_equal(accept_events(h->accept, &event, 1, &h->answer), DL_OK);
    assert_non_null(warning_of(h, "redacted"));
    assert_string_equal(warning_of(h, "redacted")->pointer, "/data/lines/0/name");
    struct record rec;
    json_t *json = last_record(h, &rec);
    const json_t *line =
        json_array_get(json_object_get(json_object_get(json, "data"), "lines"), 0);
    assert_string_equal(json_get_str(line, "name"), "[redacted]");
    assert_string_equal(json_get_str(line, "sku"), "7");
    json_decref(json);
    const json_t *theirs =
        json_array_get(json_object_get(json_object_get(event, "data"), "lines"), 0);
    assert_string_equal(json_get_str(theirs, "name"), "for jane@example.com");
    json_decref(event);
    assert_warned(h, "{'type':'custom.note','data':{'a':['x','jane@example.com']}}", "redacted",
                  "/data/a/1");
    assert_refused(h, "{'id':'jane@example.com'," SALE "}}", "pii_in_field", "/id");
    json_t *counts = accept_counts(h->accept);
    assert_int_equal(json_get_int(json_object_get(counts, "guard"), "line.name", 0), 1);
    assert_int_equal(json_get_int(json_object_get(counts, "warnings"), "redacted", 0), 2);
    json_decref(counts);
}

static void an_unknown_field_is_refused_with_its_pointer(void **state)
{
    struct house *h = *state;
    assert_refused(h, "{" SALE "},'colour':1}", "unknown_field", "/colour");
    assert_refused(h, "{" SALE ",'lines':[{'extended_minor':100,'colour':1}]}}",
                   "unknown_field", "/data/lines/0/colour");
    assert_refused(h, "{" SALE "},'identifiers':{'nickname':'J'}}", "unknown_field",
                   "/identifiers/nickname");
    assert_refused(h, "{" SALE ",'storeId':'9'}}", "unknown_field", "/data/storeId");
    assert_non_null(strstr(h->answer.problems[0].detail, "store_id"));
}

static void a_name_that_may_be_a_persons_is_not_shown(void **state)
{
    struct house *h = *state;
    static const char *const names[] = {"Zebulonia", "jane@example.com", "0171 5550199",
                                        "Jane_Doe", "x4242424242424242"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char text[200];
        (void)snprintf(text, sizeof text, "{" SALE ",'%s':1}}", names[i]);
        assert_refused(h, text, "unknown_field", "/data");
        assert_null(strstr(h->answer.problems[0].detail, names[i]));
    }
}

static void wrong_types_are_refused(void **state)
{
    struct house *h = *state;
    static const struct {
        const char *text, *pointer;
    } rows[] = {
        {"{'type':7}", "/type"},
        {"{'id':7," SALE "}}", "/id"},
        {"{'time':1795449774," SALE "}}", "/time"},
        {"{'type':'purchase','data':[]}", "/data"},
        {"{'type':'purchase','data':null}", "/data"},
        {"{" SALE "},'identifiers':'jane'}", "/identifiers"},
        {"{" SALE "},'identifiers':{'email':null}}", "/identifiers/email"},
        {"{" SALE "},'identifiers':{'loyalty_id':42}}", "/identifiers/loyalty_id"},
        {"{" SALE "},'consent':true}", "/consent"},
        {"{" SALE "},'consent':{'profiling':'yes'}}", "/consent/profiling"},
        {"{" SALE "},'consent':{'profiling':1}}", "/consent/profiling"},
        {"{'type':'purchase','data':{'currency':'EUR','total_minor':19.99}}",
         "/data/total_minor"},
        {"{'type':'purchase','data':{'currency':'EUR','total_minor':'1999'}}",
         "/data/total_minor"},
        {"{" SALE ",'lines':{}}}", "/data/lines"},
        {"{" SALE ",'lines':[7]}}", "/data/lines/0"},
        {"{" SALE ",'lines':[{'extended_minor':100,'quantity':2}]}}", "/data/lines/0/quantity"},
        {"{'type':'custom.x','data':7}", "/data"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_refused(h, rows[i].text, "wrong_type", rows[i].pointer);
    assert_refused(h, "[]", "not_object", "");
    assert_refused(h, "'x'", "not_object", "");
    assert_refused(h, "{}", "required", "/type");
    assert_refused(h, "{'type':'sale'}", "unknown_type", "/type");
}

static void values_must_make_sense(void **state)
{
    struct house *h = *state;
    static const struct {
        const char *text, *code, *pointer;
    } rows[] = {
        {"{'time':'yesterday'," SALE "}}", "bad_time", "/time"},
        {"{'time':'2026-11-23T17:02:54'," SALE "}}", "bad_time", "/time"},
        {"{'time':'1989-12-31T23:59:59Z'," SALE "}}", "out_of_range", "/time"},
        {"{'time':'2049-11-25T16:03:00Z'," SALE "}}", "out_of_range", "/time"},
        {"{" SALE ",'business_date':'2026-02-30'}}", "bad_date", "/data/business_date"},
        {"{" SALE ",'business_date':'2051-01-01'}}", "out_of_range", "/data/business_date"},
        {"{'type':'purchase','data':{'currency':'XXX','total_minor':1}}", "unknown_currency",
         "/data/currency"},
        {"{'type':'purchase','data':{'currency':'eur','total_minor':1}}", "unknown_currency",
         "/data/currency"},
        {"{'type':'purchase','data':{'currency':'EUR'}}", "required", "/data/total_minor"},
        {"{'type':'purchase','data':{'currency':'EUR','total_minor':1000000000000}}",
         "out_of_range", "/data/total_minor"},
        {"{" SALE ",'transaction_type':'gift'}}", "bad_value", "/data/transaction_type"},
        {"{" SALE ",'register_id':''}}", "bad_value", "/data/register_id"},
        {"{" SALE ",'register_id':'a\\nb'}}", "bad_value", "/data/register_id"},
        {"{" SALE ",'sequence_number':-1}}", "out_of_range", "/data/sequence_number"},
        {"{" SALE ",'lines':[{'extended_minor':100,'quantity':'1,5'}]}}", "bad_decimal",
         "/data/lines/0/quantity"},
        {"{" SALE ",'lines':[{'extended_minor':100,'quantity':'-1'}]}}", "negative_quantity",
         "/data/lines/0/quantity"},
        {"{" SALE ",'lines':[{'extended_minor':100,'gtin':'12AB'}]}}", "bad_value",
         "/data/lines/0/gtin"},
        {"{" SALE ",'lines':[{'name':'x'}]}}", "required", "/data/lines/0/extended_minor"},
        {"{" SALE ",'tenders':[{'type':'cash'}]}}", "required", "/data/tenders/0/amount_minor"},
        {"{'type':'purchase'}", "required", "/data"},
        {"{'type':'visit'}", "required", "/data"},
        {"{'type':'checkin','data':{'list':'main'}}", "required", "/data/event"},
        {"{'type':'checkin','data':{'event':'e','type':'in'}}", "bad_value", "/data/type"},
        {"{'type':'checkin.annulled','data':{}}", "required", "/data/event"},
        {"{'type':'consent','consent':{}}", "required", "/identifiers"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_refused(h, rows[i].text, rows[i].code, rows[i].pointer);
}

static void a_device_whose_clock_is_wrong_does_not_judge_the_future(void **state)
{
    struct house *h = *state;
    assert_warned(h, "{'time':'2049-11-24T16:00:00Z'," SALE "}}", "time_in_future", "/time");
    h->now_ms = 0; /* 1970 */
    assert_taken(h, "{'time':'2049-11-29T16:00:00Z'," SALE "}}");
    assert_int_equal(h->answer.items[0].warning_count, 0);
}

static void every_type_of_event_is_taken(void **state)
{
    struct house *h = *state;
    assert_taken(h, "{'type':'checkin'," YES ",'identifiers':{'ticket':'Tk9x'},'data':{'event':"
                    "'winter','list':'main','gate':'north','type':'entry','product':'adult',"
                    "'order':'ABC12','position':1,'nonce':'n-1','forced':false}}");
    struct record rec;
    json_decref(last_record(h, &rec));
    assert_int_equal(rec.token_count, 1);
    assert_int_equal(rec.tokens[0].type, TOKEN_TYPE_TICKET);
    assert_taken(h, "{'type':'checkin.annulled','data':{'event':'winter','reason':'mistake'}}");
    assert_taken(h, "{'type':'visit','data':{'store_id':'9','count':2,'duration_s':60}}");
    assert_taken(h, "{'type':'custom.door','data':{'a':[null,true,1.5,'x',{'b':[]}]}}");
    assert_taken(h, "{'type':'custom.ping'}");
}

static void limits_hold(void **state)
{
    struct house *h = *state;
    size_t cap = 400000;
    char *text = malloc(cap);
    assert_non_null(text);
    int len = snprintf(text, cap, "{" SALE ",'lines':[");
    for (int i = 0; i < 2001; i++)
        len += snprintf(text + len, cap - (size_t)len, "%s{'extended_minor':0}", i ? "," : "");
    (void)snprintf(text + len, cap - (size_t)len, "]}}");
    assert_refused(h, text, "too_large", "/data/lines");
    len = snprintf(text, cap, "{" SALE ",'lines':[{'extended_minor':100,'name':'");
    memset(text + len, 'x', 257);
    (void)snprintf(text + len + 257, cap - (size_t)len - 257, "'}]}}");
    assert_refused(h, text, "too_large", "/data/lines/0/name");
    len = snprintf(text, cap, "{'type':'custom.big','data':{'a':[");
    for (int i = 0; i < 100; i++) {
        len += snprintf(text + len, cap - (size_t)len, "%s'", i ? "," : "");
        memset(text + len, 'x', 3000);
        len += 3000;
        len += snprintf(text + len, cap - (size_t)len, "'");
    }
    (void)snprintf(text + len, cap - (size_t)len, "]}}");
    assert_refused(h, text, "too_large", "");
    len = snprintf(text, cap, "{'type':'custom.many','data':{'a':[0");
    for (int i = 0; i < 2001; i++)
        len += snprintf(text + len, cap - (size_t)len, ",0");
    (void)snprintf(text + len, cap - (size_t)len, "]}}");
    assert_refused(h, text, "too_large", "/data");
    assert_refused(h, "{'type':'custom.deep','data':{'a':[[[[[[[[1]]]]]]]]}}", "too_deep",
                   "/data/a/0/0/0/0/0/0/0");
    free(text);
}

static void only_so_many_problems_are_told_and_all_are_counted(void **state)
{
    struct house *h = *state;
    json_t *events[30];
    for (size_t i = 0; i < 30; i++)
        events[i] = event_of("{}");
    assert_int_equal(accept_events(h->accept, events, 30, &h->answer), DL_E_INPUT);
    assert_int_equal(h->answer.problem_count, ACCEPT_PROBLEMS_MAX);
    assert_int_equal(h->answer.problems_total, 30);
    for (size_t i = 0; i < 30; i++)
        json_decref(events[i]);
}

/* ---- memory ----------------------------------------------------------------- */

/* The canary is kept mixed, so that the search does not find itself. */
static const uint8_t mixed[] = {'Z' ^ 85, 'e' ^ 85, 'B' ^ 85, 'u' ^ 85, 'l' ^ 85, 'O' ^ 85,
                                'n' ^ 85, 'x' ^ 85, 'Q' ^ 85, 'u' ^ 85, 'a' ^ 85, 'G' ^ 85};

/* In either case, for the canonical form is folded. */
static bool is_canary(const uint8_t *at)
{
    for (size_t i = 0; i < sizeof mixed; i++)
        if ((at[i] | 32) != ((mixed[i] ^ 85) | 32))
            return false;
    return true;
}

/* Copies of the canary in writable memory of this process. */
static size_t canaries_in_memory(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    FILE *memory = fopen("/proc/self/mem", "rb");
    static uint8_t page[65536 + sizeof mixed];
    char line[512];
    size_t found = 0;
    while (maps && memory && fgets(line, sizeof line, maps)) {
        unsigned long start, end;
        char mode[5];
        if (sscanf(line, "%lx-%lx %4s", &start, &end, mode) != 3 || mode[1] != 'w' ||
            end - start > 64UL << 20)
            continue;
        for (unsigned long at = start; at < end; at += 65536) {
            size_t want = end - at < sizeof page ? end - at : sizeof page;
            if (at <= (uintptr_t)page && (uintptr_t)page < at + want)
                continue; /* our own looking glass */
            if (fseek(memory, (long)at, SEEK_SET) || fread(page, 1, want, memory) != want)
                continue;
            for (size_t i = 0; i + sizeof mixed <= want; i++)
                found += is_canary(page + i);
        }
        secret_wipe(page, sizeof page);
    }
    if (maps)
        fclose(maps);
    if (memory)
        fclose(memory);
    return found;
}

static void no_identifier_stays_in_memory(void **state)
{
    struct house *h = *state;
    PORTABLE_NEEDS("/proc/self/mem of its own"); /* Wine's server would open its own */
    FILE *memory = fopen("/proc/self/mem", "rb");
    if (!memory)
        skip();
    fclose(memory);
    static char text[512];
    (void)snprintf(text, sizeof text,
                   "{" SALE "}," YES ",'identifiers':{'email':'############@example.com',"
                   "'loyalty_id':'############','account_id':'\xC3\xA4############',"
                   "'surname':'############'}}");
    for (char *at = text; (at = strstr(at, "############"));)
        for (size_t i = 0; i < sizeof mixed; i++)
            *at++ = (char)(mixed[i] ^ 85);
    json_t *event = event_of(text);
    assert_true(canaries_in_memory() >= 8);
    secret_wipe(text, sizeof text);
    assert_int_equal(accept_events(h->accept, &event, 1, &h->answer), DL_OK);
    json_decref(event);
    secret_wipe_stack(); /* what event_of and this test left */
    assert_int_equal(canaries_in_memory(), 0);
}

/* ---- threads ---------------------------------------------------------------- */

static void bring_many(void *ctx)
{
    struct house *h = ctx;
    for (int i = 0; i < 50; i++) {
        json_t *event = event_of("{" SALE "}," YES ",'identifiers':{'email':'j@example.com'}}");
        struct accept_answer answer;
        if (accept_events(h->accept, &event, 1, &answer) == DL_OK)
            accept_answer_done(&answer);
        json_decref(event);
        json_decref(accept_counts(h->accept));
    }
}

static void many_threads_may_bring_events(void **state)
{
    struct house *h = *state;
    struct thread *threads[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(thread_start(&threads[i], bring_many, h), DL_OK);
    for (size_t i = 0; i < 4; i++)
        thread_join(threads[i]);
    json_t *counts = accept_counts(h->accept);
    assert_int_equal(json_get_int(json_object_get(counts, "events"), "purchase", 0), 200);
    assert_int_equal(json_get_int(json_object_get(counts, "identifiers"), "email", 0), 200);
    json_decref(counts);
    assert_int_equal(h->writer.count, 200);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, house_open, house_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_designs_own_event_is_taken),
        TEST(tokens_are_those_of_the_canonical_form),
        TEST(the_record_has_only_members_of_the_protocol),
        TEST(an_event_without_a_time_gets_the_devices),
        TEST(the_sites_currency_is_put_in),
        TEST(without_consent_there_are_no_tokens),
        TEST(a_sites_default_may_say_yes),
        TEST(consent_and_erase_find_their_person_always),
        TEST(an_identifier_without_a_form_is_dropped_and_counted),
        TEST(the_same_id_again_is_a_duplicate),
        TEST(all_events_of_a_call_go_in_or_none),
        TEST(one_call_makes_one_put),
        TEST(what_the_writer_says_is_handed_on),
        TEST(a_check_stores_and_counts_nothing),
        TEST(personal_data_in_a_field_is_refused),
        TEST(personal_data_in_a_field_can_be_redacted),
        TEST(an_unknown_field_is_refused_with_its_pointer),
        TEST(a_name_that_may_be_a_persons_is_not_shown),
        TEST(wrong_types_are_refused),
        TEST(values_must_make_sense),
        TEST(a_device_whose_clock_is_wrong_does_not_judge_the_future),
        TEST(every_type_of_event_is_taken),
        TEST(limits_hold),
        TEST(only_so_many_problems_are_told_and_all_are_counted),
        TEST(no_identifier_stays_in_memory),
        TEST(many_threads_may_bring_events),
    };
    return cmocka_run_group_tests(tests, house_setup, NULL);
}
