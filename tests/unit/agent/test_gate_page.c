#include "agent/gate_page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char *const files[] = {
    "/gate",          "/gate/gate.js",      "/gate/gate.css",
    "/gate/icon.svg", "/gate/lang/en.json", "/gate/lang/de.json"};
#define FILES (sizeof files / sizeof files[0])

static struct api_response get(const char *method, const char *path)
{
    struct api_response r = {.retry_after_s = -1};
    gate_page_answer("/nowhere", &(struct api_request){.method = method, .path = path}, &r);
    return r;
}

static const char *header(const struct api_response *r, const char *name)
{
    for (const char *const *h = r->headers; h && *h; h += 2)
        if (strcmp(h[0], name) == 0)
            return h[1];
    return "";
}

static void its_files_are_served_compressed(void **state)
{
    (void)state;
    for (size_t i = 0; i < FILES; i++) {
        assert_true(gate_page_has(files[i]));
        struct api_response r = get("GET", files[i]);
        assert_int_equal(r.status, 200);
        assert_string_equal(header(&r, "Content-Encoding"), "gzip");
        assert_true(r.body.len > 20);
        assert_memory_equal(r.body.s, "\x1f\x8b", 2);
        api_response_done(&r);
    }
}

static void each_has_a_type(void **state)
{
    (void)state;
    struct api_response page = get("GET", "/gate"), words = get("HEAD", "/gate/lang/de.json");
    assert_string_equal(page.content_type, "text/html; charset=utf-8");
    assert_string_equal(words.content_type, "application/json; charset=utf-8");
    api_response_done(&page);
    api_response_done(&words);
}

static void nothing_but_our_own_may_run_or_be_asked(void **state)
{
    (void)state;
    struct api_response r = get("GET", "/gate");
    const char *policy = header(&r, "Content-Security-Policy");
    assert_non_null(strstr(policy, "default-src 'none'"));
    assert_non_null(strstr(policy, "frame-ancestors 'none'"));
    assert_null(strstr(policy, "unsafe-inline"));
    assert_null(strstr(policy, "http"));
    assert_string_equal(header(&r, "Referrer-Policy"), "no-referrer");
    api_response_done(&r);
}

static void a_decoder_that_is_not_there_is_404_and_leaves_the_policy_shut(void **state)
{
    (void)state;
    assert_true(gate_page_has("/gate/camera/zxing_reader.wasm"));
    struct api_response file = get("GET", "/gate/camera/zxing_reader.wasm");
    assert_int_equal(file.status, 404);
    struct api_response page = get("GET", "/gate");
    assert_null(strstr(header(&page, "Content-Security-Policy"), "wasm"));
    api_response_done(&file);
    api_response_done(&page);
}

static void other_paths_are_no_files(void **state)
{
    static const char *const paths[] = {"/",
                                        "/gate/",
                                        "/gate/gate.html",
                                        "/gate/../api.key",
                                        "/gate/lang/",
                                        "/gate/camera/",
                                        "/gat",
                                        "/v1/status"};
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        assert_false(gate_page_has(paths[i]));
}

static void the_page_may_call_check_ins_and_rosters(void **state)
{
    static const char *const open[] = {"/v1/checkins",        "/v1/checkins/stats",
                                       "/v1/checkins/search", "/v1/checkins/00/annul",
                                       "/v1/rosters",         "/v1/scanner"};
    static const char *const shut[] = {"/v1/events",   "/v1/forget", "/v1/flush",
                                       "/v1/status",   "/metrics",   "/v1/checkinsx",
                                       "/v1/rosters/x"};
    (void)state;
    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++)
        assert_true(gate_page_calls(open[i]));
    for (size_t i = 0; i < sizeof shut / sizeof shut[0]; i++)
        assert_false(gate_page_calls(shut[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_files_are_served_compressed),
        cmocka_unit_test(each_has_a_type),
        cmocka_unit_test(nothing_but_our_own_may_run_or_be_asked),
        cmocka_unit_test(a_decoder_that_is_not_there_is_404_and_leaves_the_policy_shut),
        cmocka_unit_test(other_paths_are_no_files),
        cmocka_unit_test(the_page_may_call_check_ins_and_rosters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
