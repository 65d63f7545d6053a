#include "agent/api.h"
#include "tests/unit/agent/device_folder.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define VISIT "{\"type\":\"visit\",\"data\":{\"store_id\":\"9\"}}"

struct fixture {
    struct device_folder folder;
    struct agent *agent;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    device_folder_make(&f->folder);
    f->agent = device_folder_open(&f->folder, false);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    agent_close(f->agent, 0);
    device_folder_done(&f->folder);
    free(f);
    return 0;
}

/* Opens the folder again with other settings. */
static void reopen(struct fixture *f)
{
    agent_close(f->agent, 0);
    f->agent = device_folder_open(&f->folder, false);
}

/* ---- asking ----------------------------------------------------------------------- */

struct reply {
    int status;
    const char *allow;
    int64_t retry_after_s;
    json_t *body; /* NULL: not JSON */
    char type[64];
};

static struct reply ask(struct fixture *f, const struct api_request *req)
{
    struct api_response r;
    struct reply reply = {0};
    api_dispatch(f->agent, req, &r);
    reply.status = r.status;
    reply.allow = r.allow;
    reply.retry_after_s = r.retry_after_s;
    snprintf(reply.type, sizeof reply.type, "%s", r.content_type);
    if (json_parse(&reply.body, r.body.s, r.body.len, NULL, NULL))
        reply.body = NULL;
    api_response_done(&r);
    return reply;
}

static struct reply post(struct fixture *f, const char *path, const char *type,
                         const char *body)
{
    return ask(f, &(struct api_request){.method = "POST",
                                        .path = path,
                                        .content_type = type,
                                        .body = body,
                                        .body_len = strlen(body)});
}

static struct reply send(struct fixture *f, const char *body)
{
    return post(f, "/v1/events", "application/json", body);
}

static struct reply send_lines(struct fixture *f, const char *body)
{
    return post(f, "/v1/events", "application/x-ndjson", body);
}

static const json_t *error_of(const struct reply *r, size_t i)
{
    return json_array_get(json_object_get(r->body, "errors"), i);
}

static void assert_problem(struct reply r, int status, const char *code)
{
    char type[80];
    snprintf(type, sizeof type, "urn:dunlin:problem:%s", code);
    assert_int_equal(r.status, status);
    assert_string_equal(r.type, "application/problem+json");
    assert_string_equal(json_get_str(r.body, "type"), type);
    assert_int_equal(json_get_int(r.body, "status", 0), status);
    json_decref(r.body);
}

static uint64_t queued(struct fixture *f)
{
    struct outbox_stats stats;
    writer_stats(f->agent->writer, &stats);
    return stats.queued_events;
}

/* ---- events ----------------------------------------------------------------------- */

static void an_event_is_answered_201_with_its_id_and_seq(void **state)
{
    struct reply r =
        send(*state, "{\"id\":\"c-1\",\"type\":\"visit\",\"data\":{\"store_id\":\"9\"}}");
    assert_int_equal(r.status, 201);
    assert_string_equal(json_get_str(r.body, "id"), "c-1");
    assert_int_equal(json_get_int(r.body, "seq", 0), 1);
    json_decref(r.body);
    assert_int_equal(queued(*state), 1);
}

static void an_id_seen_before_is_answered_200_with_the_old_seq(void **state)
{
    const char *event = "{\"id\":\"c-1\",\"type\":\"visit\",\"data\":{\"store_id\":\"9\"}}";
    json_decref(send(*state, event).body);
    json_decref(send(*state, VISIT).body);
    struct reply r = send(*state, event);
    assert_int_equal(r.status, 200);
    assert_int_equal(json_get_int(r.body, "seq", 0), 1);
    assert_true(json_get_bool(r.body, "duplicate", false));
    json_decref(r.body);
    assert_int_equal(queued(*state), 2);
}

static void an_event_without_an_id_is_named_by_stream_and_seq(void **state)
{
    struct reply r = send(*state, VISIT);
    const char *id = json_get_str(r.body, "id");
    assert_non_null(id);
    assert_int_equal(strlen(id), 32 + 2);
    assert_string_equal(id + 32, "-1");
    json_decref(r.body);
}

static void what_does_not_add_up_is_taken_with_a_warning(void **state)
{
    struct reply r =
        send(*state, "{\"type\":\"purchase\",\"data\":{\"store_id\":\"9\",\"currency\":"
                     "\"EUR\",\"total_minor\":5,\"lines\":[{\"line_no\":1,"
                     "\"extended_minor\":4}]}}");
    assert_int_equal(r.status, 201);
    const json_t *w = json_array_get(json_object_get(r.body, "warnings"), 0);
    assert_string_equal(json_get_str(w, "code"), "total_mismatch");
    assert_int_equal(json_get_int(w, "expected_minor", 0), 4);
    assert_int_equal(json_get_int(w, "found_minor", 0), 5);
    json_decref(r.body);
}

static void an_unknown_field_is_refused_with_its_pointer(void **state)
{
    struct reply r = send(*state, "{\"type\":\"visit\",\"data\":{\"store_id\":\"9\",\"x\":1}}");
    assert_string_equal(json_get_str(error_of(&r, 0), "pointer"), "/data/x");
    assert_string_equal(json_get_str(error_of(&r, 0), "code"), "unknown_field");
    assert_problem(r, 422, "invalid");
    assert_int_equal(queued(*state), 0);
}

static void broken_json_is_refused_with_the_byte_and_not_quoted(void **state)
{
    static const char *const bodies[] = {
        "{\"type\":\"visit\",\"da",
        "{\"type\":\"visit\",\"type\":\"canary\"}",
        ("{\"type\":\"can\xff" /* ends the escape */
         "ary\"}"),
        "{\"type\":\"canary\"} x",
        "canary",
        "[]",
        "\"canary\"",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct reply r = send(*state, bodies[i]);
        char *text = json_text(r.body, NULL);
        assert_null(strstr(text, "canary"));
        json_text_free(text);
        if (i < 5)
            assert_true(json_is_integer(json_object_get(error_of(&r, 0), "offset")));
        assert_problem(r, 400, "malformed");
    }
}

static void an_empty_body_is_malformed(void **state)
{
    assert_problem(send(*state, ""), 400, "malformed");
    assert_problem(send_lines(*state, "\n \n"), 400, "malformed");
}

static void a_content_type_that_is_not_taken_is_415(void **state)
{
    static const char *const types[] = {NULL, "text/plain", "application/jsonx",
                                        "application/json; charset=latin1"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        assert_problem(post(*state, "/v1/events", types[i], VISIT), 415, "unsupported-type");
    struct reply r = post(*state, "/v1/events", "Application/JSON; charset=\"UTF-8\"", VISIT);
    assert_int_equal(r.status, 201);
    json_decref(r.body);
}

static void one_event_may_not_be_larger_than_a_record(void **state)
{
    char *body = malloc(API_EVENT_BYTES_MAX + 2);
    memset(body, ' ', API_EVENT_BYTES_MAX + 1);
    body[API_EVENT_BYTES_MAX + 1] = '\0';
    assert_problem(send(*state, body), 413, "too-large");
    free(body);
}

/* ---- batches ---------------------------------------------------------------------- */

static void lines_are_stored_together(void **state)
{
    struct reply r = send_lines(*state, VISIT "\r\n\n" VISIT);
    assert_int_equal(r.status, 201);
    assert_int_equal(json_get_int(r.body, "stored", 0), 2);
    assert_int_equal(json_array_size(json_object_get(r.body, "events")), 2);
    json_decref(r.body);
    assert_int_equal(queued(*state), 2);
}

static void one_bad_line_refuses_all_of_them_by_its_number(void **state)
{
    struct reply r = send_lines(*state, VISIT "\n\n{\"type\":\"nix\"}\n" VISIT "\n");
    assert_int_equal(json_get_int(error_of(&r, 0), "line", 0), 3);
    assert_string_equal(json_get_str(error_of(&r, 0), "code"), "unknown_type");
    assert_problem(r, 422, "invalid");
    r = send_lines(*state, VISIT "\n{\n" VISIT "\n[\n");
    assert_int_equal(json_get_int(error_of(&r, 0), "line", 0), 2);
    assert_int_equal(json_get_int(error_of(&r, 1), "line", 0), 4);
    assert_problem(r, 400, "malformed");
    assert_int_equal(queued(*state), 0);
}

static void more_than_a_thousand_lines_are_too_many(void **state)
{
    size_t len = strlen(VISIT "\n");
    char *body = malloc(1001 * len + 1);
    for (size_t i = 0; i < 1001; i++)
        memcpy(body + i * len, VISIT "\n", len + 1);
    assert_problem(send_lines(*state, body), 413, "too-large");
    body[1000 * len] = '\0';
    struct reply r = send_lines(*state, body);
    assert_int_equal(r.status, 201);
    json_decref(r.body);
    free(body);
}

static void a_check_stores_nothing(void **state)
{
    struct reply r = ask(*state, &(struct api_request){.method = "POST",
                                                       .path = "/v1/events",
                                                       .query = "check=1",
                                                       .content_type = "application/x-ndjson",
                                                       .body = VISIT,
                                                       .body_len = strlen(VISIT)});
    assert_int_equal(r.status, 200);
    assert_int_equal(json_get_int(r.body, "checked", 0), 1);
    json_decref(r.body);
    assert_int_equal(queued(*state), 0);
}

static void cloudevents_are_events(void **state)
{
    const char *one = "{\"specversion\":\"1.0\",\"id\":\"ce-1\",\"source\":\"/t\",\"type\":"
                      "\"visit\",\"data\":{\"store_id\":\"9\"}}";
    char batch[600];
    struct reply r = post(*state, "/v1/events", "application/cloudevents+json", one);
    assert_int_equal(r.status, 201);
    assert_string_equal(json_get_str(r.body, "id"), "ce-1");
    json_decref(r.body);
    snprintf(batch, sizeof batch, "[%s,{\"specversion\":\"1.0\"}]", one);
    r = post(*state, "/v1/events", "application/cloudevents-batch+json", batch);
    assert_memory_equal(json_get_str(error_of(&r, 0), "pointer"), "/1", 2);
    assert_problem(r, 422, "invalid");
    snprintf(batch, sizeof batch, "[%s]", one);
    r = post(*state, "/v1/events", "application/cloudevents-batch+json", batch);
    assert_int_equal(r.status, 200);
    assert_int_equal(json_get_int(r.body, "duplicates", 0), 1);
    json_decref(r.body);
    assert_problem(post(*state, "/v1/events", "application/cloudevents-batch+json", "[]"), 400,
                   "malformed");
}

/* ---- scans and erasures ----------------------------------------------------------- */

static void a_scan_is_recorded_under_its_nonce_without_a_verdict(void **state)
{
    struct reply r = post(*state, "/v1/checkins", "application/json",
                          "{\"event\":\"e1\",\"list\":\"main\",\"ticket\":\"CANARY\",\"type\":"
                          "\"entry\",\"gate\":\"g\",\"nonce\":\"n-1\"}");
    assert_int_equal(r.status, 201);
    assert_string_equal(json_get_str(r.body, "id"), "n-1");
    assert_true(json_is_null(json_object_get(r.body, "verdict")));
    assert_string_equal(json_get_str(json_object_get(r.body, "checkin"), "gate"), "g");
    char *text = json_text(r.body, NULL);
    assert_null(strstr(text, "CANARY"));
    json_text_free(text);
    json_decref(r.body);
}

static void places_in_a_scan_are_named_as_it_was_written(void **state)
{
    struct reply r = post(*state, "/v1/checkins", "application/json",
                          "{\"event\":\"e1\",\"ticket\":7,\"colour\":1}");
    assert_string_equal(json_get_str(error_of(&r, 0), "pointer"), "/ticket");
    assert_string_equal(json_get_str(error_of(&r, 1), "pointer"), "/colour");
    assert_problem(r, 422, "invalid");
}

static void an_erasure_needs_an_identifier(void **state)
{
    struct reply r = post(*state, "/v1/forget", "application/json",
                          "{\"identifiers\":{\"email\":\"a@b.example\"},\"reason\":\"asked\"}");
    assert_int_equal(r.status, 201);
    json_decref(r.body);
    assert_problem(post(*state, "/v1/forget", "application/json", "{\"reason\":\"x\"}"), 422,
                   "invalid");
}

/* ---- limits and failures ---------------------------------------------------------- */

static void a_full_outbox_is_507_and_ready_no_more(void **state)
{
    struct fixture *f = *state;
    f->folder.settings.events_max = 1;
    reopen(f);
    json_decref(send(f, VISIT).body);
    assert_problem(send(f, VISIT), 507, "full");
    struct reply r = ask(f, &(struct api_request){.method = "GET", .path = "/readyz"});
    assert_int_equal(r.status, 503);
    assert_int_equal(atomic_load(&f->agent->counts.full), 1);
}

static void too_many_requests_are_429_with_a_time_to_wait(void **state)
{
    struct fixture *f = *state;
    f->folder.settings.requests_per_second = 1;
    reopen(f);
    json_decref(send(f, VISIT).body);
    struct reply r = send(f, VISIT);
    assert_in_range(r.retry_after_s, 1, 2);
    assert_problem(r, 429, "too-fast");
    r = ask(f, &(struct api_request){.method = "GET", .path = "/v1/status"});
    assert_int_equal(r.status, 200); /* looking is not limited */
    json_decref(r.body);
}

static void paths_methods_and_queries_that_are_not_known_are_refused(void **state)
{
    const struct api_request nowhere = {.method = "GET", .path = "/v1/nope"};
    assert_problem(ask(*state, &nowhere), 404, "not-found");
    struct reply r = ask(*state, &(struct api_request){.method = "PUT", .path = "/v1/events"});
    assert_string_equal(r.allow, "POST");
    assert_problem(r, 405, "method-not-allowed");
    static const char *const queries[] = {
        "wait_s=", "wait_s=x", "wait_s=-1", "wait_s=99999999999", "wait=1", "wait_s=1&x=1"};
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        const struct api_request flush = {
            .method = "POST", .path = "/v1/flush", .query = queries[i]};
        assert_problem(ask(*state, &flush), 400, "bad-query");
    }
}

static void flushing_without_sync_says_so(void **state)
{
    const struct api_request flush = {.method = "POST", .path = "/v1/flush"};
    assert_problem(ask(*state, &flush), 503, "no-sync");
}

/* ---- looking ---------------------------------------------------------------------- */

static void status_counts_what_waits(void **state)
{
    json_decref(send(*state, VISIT).body);
    struct reply r = ask(*state, &(struct api_request){.method = "GET", .path = "/v1/status"});
    assert_int_equal(r.status, 200);
    assert_string_equal(json_get_str(r.body, "device"), "till-1");
    assert_int_equal(json_get_int(json_object_get(r.body, "outbox"), "queued_events", 0), 1);
    assert_false(json_get_bool(r.body, "cloned_folder", true));
    json_decref(r.body);
}

static void metrics_tell_help_and_type_of_each_family_once(void **state)
{
    struct fixture *f = *state;
    struct api_response r;
    json_decref(send(f, VISIT).body);
    api_dispatch(f->agent, &(struct api_request){.method = "GET", .path = "/metrics"}, &r);
    assert_int_equal(r.status, 200);
    assert_non_null(strstr(r.body.s, "\ndunlin_events_total{type=\"visit\"} 1\n"));
    assert_non_null(strstr(r.body.s, "\ndunlin_outbox_events 1\n"));
    for (const char *at = r.body.s; (at = strstr(at, "# TYPE ")); at += 7) {
        char line[120];
        snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\n"), at);
        assert_null(strstr(at + 7, line));
    }
    api_response_done(&r);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_event_is_answered_201_with_its_id_and_seq),
        TEST(an_id_seen_before_is_answered_200_with_the_old_seq),
        TEST(an_event_without_an_id_is_named_by_stream_and_seq),
        TEST(what_does_not_add_up_is_taken_with_a_warning),
        TEST(an_unknown_field_is_refused_with_its_pointer),
        TEST(broken_json_is_refused_with_the_byte_and_not_quoted),
        TEST(an_empty_body_is_malformed),
        TEST(a_content_type_that_is_not_taken_is_415),
        TEST(one_event_may_not_be_larger_than_a_record),
        TEST(lines_are_stored_together),
        TEST(one_bad_line_refuses_all_of_them_by_its_number),
        TEST(more_than_a_thousand_lines_are_too_many),
        TEST(a_check_stores_nothing),
        TEST(cloudevents_are_events),
        TEST(a_scan_is_recorded_under_its_nonce_without_a_verdict),
        TEST(places_in_a_scan_are_named_as_it_was_written),
        TEST(an_erasure_needs_an_identifier),
        TEST(a_full_outbox_is_507_and_ready_no_more),
        TEST(too_many_requests_are_429_with_a_time_to_wait),
        TEST(paths_methods_and_queries_that_are_not_known_are_refused),
        TEST(flushing_without_sync_says_so),
        TEST(status_counts_what_waits),
        TEST(metrics_tell_help_and_type_of_each_family_once),
    };
    if (crypto_setup())
        return 1;
    json_setup();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
