/* Which path goes where, and that every route says who may ask. */
#include "hub/api.h"
#include "hub/role.h"
#include "hub/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

static const struct route *found;
static char param[REQUEST_PARAM_BYTES];

static enum route_found find(const char *method, const char *path)
{
    found = NULL;
    param[0] = '\0';
    return route_find(method, path, &found, param);
}

static void a_path_without_a_hole_is_found(void **state)
{
    (void)state;
    assert_int_equal(find("GET", "/healthz"), ROUTE_FOUND);
    assert_ptr_equal(found->handle, api_health);
    assert_string_equal(param, "");
}

static void a_hole_takes_one_part(void **state)
{
    (void)state;
    assert_int_equal(find("POST", "/v1/streams/00ff/batches"), ROUTE_FOUND);
    assert_ptr_equal(found->handle, api_batch);
    assert_string_equal(param, "00ff");
    assert_int_equal(find("DELETE", "/v1/devices/till-3"), ROUTE_FOUND);
    assert_string_equal(param, "till-3");
    assert_int_equal(find("POST", "/v1/devices/till-3/revoke"), ROUTE_FOUND);
    assert_ptr_equal(found->handle, api_device_revoke);
}

static void a_hole_is_never_empty_long_or_two_parts(void **state)
{
    char path[REQUEST_PARAM_BYTES + 32] = "/v1/profiles/";
    (void)state;
    assert_int_equal(find("GET", "/v1/profiles/"), ROUTE_NO_PATH);
    assert_int_equal(find("GET", "/v1/profiles/a/b"), ROUTE_NO_PATH);
    assert_int_equal(find("POST", "/v1/streams//batches"), ROUTE_NO_PATH);
    size_t at = strlen(path);
    memset(path + at, 'a', REQUEST_PARAM_BYTES);
    path[at + REQUEST_PARAM_BYTES] = '\0';
    assert_int_equal(find("GET", path), ROUTE_NO_PATH);
    path[at + REQUEST_PARAM_BYTES - 1] = '\0';
    assert_int_equal(find("GET", path), ROUTE_FOUND);
    assert_int_equal(strlen(param), REQUEST_PARAM_BYTES - 1);
}

static void another_method_is_told_from_another_path(void **state)
{
    (void)state;
    assert_int_equal(find("PUT", "/v1/stats"), ROUTE_NO_METHOD);
    assert_int_equal(find("GET", "/v1/stats/"), ROUTE_NO_PATH);
    assert_int_equal(find("GET", ""), ROUTE_NO_PATH);
    assert_int_equal(find("GET", "/v1"), ROUTE_NO_PATH);
    assert_int_equal(find("HEAD", "/v1/stats"), ROUTE_FOUND);
    assert_int_equal(find("HEAD", "/v1/enroll"), ROUTE_NO_METHOD);
    assert_string_equal(found->method, "POST"); /* what Allow tells */
}

/* The list of what anybody may ask, so that a new route does not join it unseen. */
static void only_three_paths_are_open(void **state)
{
    size_t open = 0;
    (void)state;
    for (const struct route *r = route_table; r->method; r++) {
        bool is_open = strcmp(r->path, "/healthz") == 0 || strcmp(r->path, "/readyz") == 0 ||
                       strcmp(r->path, "/v1/enroll") == 0;
        assert_int_equal(r->access == ACCESS_OPEN, is_open);
        open += is_open;
        assert_non_null(r->handle);
    }
    assert_int_equal(open, 3);
}

static void what_changes_devices_is_no_viewers_business(void **state)
{
    (void)state;
    for (const struct route *r = route_table; r->method; r++)
        if (r->access == ACCESS_BEARER && strcmp(r->method, "GET") != 0)
            assert_false(role_allows(STORE_ROLE_VIEWER, r->roles));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_without_a_hole_is_found),
        cmocka_unit_test(a_hole_takes_one_part),
        cmocka_unit_test(a_hole_is_never_empty_long_or_two_parts),
        cmocka_unit_test(another_method_is_told_from_another_path),
        cmocka_unit_test(only_three_paths_are_open),
        cmocka_unit_test(what_changes_devices_is_no_viewers_business),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
