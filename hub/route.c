#include "hub/route.h"

#include "hub/api.h"
#include "hub/role.h"
#include "sync/wire.h"

#include <string.h>

#define NO_BODY    1024
#define JSON_BODY  ((size_t)16 * 1024)
#define LIST_BODY  ((size_t)1024 * 1024)
#define FILE_BODY  ((size_t)64 * 1024 * 1024)
#define FRAME_BODY ((size_t)WIRE_FRAME_BYTES_MAX)

/* clang-format off */
const struct route route_table[] = {
    {"GET",    "/healthz",               ACCESS_OPEN,   0, NO_BODY, api_health},
    {"GET",    "/readyz",                ACCESS_OPEN,   0, NO_BODY, api_ready},
    {"GET",    "/metrics",               ACCESS_BEARER, ROLE_VIEWER, NO_BODY, api_metrics},

    {"POST",   "/v1/admin/devices",      ACCESS_BEARER, ROLE_CUSTODIAN, JSON_BODY, api_device_add},
    {"POST",   "/v1/enroll",             ACCESS_OPEN,   0, JSON_BODY, api_enroll},

    {"GET",    "/v1/device/ping",        ACCESS_DEVICE, 0, NO_BODY, api_device_ping},
    {"POST",   "/v1/device/certificate", ACCESS_DEVICE, 0, JSON_BODY, api_device_certificate},
    {"GET",    "/v1/device/updates",     ACCESS_DEVICE, 0, NO_BODY, api_device_updates},
    {"POST",   "/v1/device/lookup",      ACCESS_DEVICE, 0, JSON_BODY, api_device_lookup},
    {"POST",   "/v1/device/access",      ACCESS_DEVICE, 0, JSON_BODY, api_device_access},
    {"GET",    "/v1/device/scans",       ACCESS_DEVICE, 0, NO_BODY, api_device_scans},
    {"GET",    "/v1/device/rosters/{}",  ACCESS_DEVICE, 0, NO_BODY, api_device_roster},
    {"GET",    "/v1/device/rosters/{}/tickets", ACCESS_DEVICE, 0, NO_BODY, api_device_tickets},
    {"POST",   "/v1/streams/{}/batches", ACCESS_DEVICE, 0, FRAME_BODY, api_batch},

    {"GET",    "/v1/stats",              ACCESS_BEARER, ROLE_VIEWER, NO_BODY, api_stats},
    {"GET",    "/v1/profiles",           ACCESS_BEARER, ROLE_VIEWER, NO_BODY, api_profiles},
    {"GET",    "/v1/profiles/{}",        ACCESS_BEARER, ROLE_VIEWER, NO_BODY, api_profile},
    {"GET",    "/v1/profiles/{}/timeline", ACCESS_BEARER, ROLE_VIEWER, NO_BODY, api_profile_timeline},
    {"GET",    "/v1/profiles/{}/explain", ACCESS_BEARER, ROLE_VIEWER, NO_BODY, api_explain},
    {"POST",   "/v1/profiles/{}/split",  ACCESS_BEARER, 0, JSON_BODY, api_split},
    {"GET",    "/v1/decisions",          ACCESS_BEARER, ROLE_VIEWER, NO_BODY, api_decisions},
    {"POST",   "/v1/decisions",          ACCESS_BEARER, 0, JSON_BODY, api_decide},
    {"DELETE", "/v1/decisions/{}",       ACCESS_BEARER, 0, NO_BODY, api_decision_undo},
    {"GET",    "/v1/rules",              ACCESS_BEARER, ROLE_VIEWER, NO_BODY, api_rules},
    {"GET",    "/v1/export/{}",          ACCESS_BEARER, ROLE_VIEWER, NO_BODY, api_export},
    {"GET",    "/v1/checkins/{}/report", ACCESS_BEARER, ROLE_VIEWER, NO_BODY, api_checkins_report},
    {"GET",    "/v1/checkins/{}/export", ACCESS_BEARER, ROLE_VIEWER, NO_BODY, api_checkins_export},
    {"GET",    "/v1/audience",           ACCESS_BEARER, 0, NO_BODY, api_audience},
    {"GET",    "/v1/audit",              ACCESS_BEARER, ROLE_VIEWER, NO_BODY, api_audit},
    {"GET",    "/v1/devices",            ACCESS_BEARER, ROLE_VIEWER, NO_BODY, api_devices},
    {"POST",   "/v1/devices/{}/revoke",  ACCESS_BEARER, 0, NO_BODY, api_device_revoke},
    {"DELETE", "/v1/devices/{}",         ACCESS_BEARER, 0, NO_BODY, api_device_remove},
    {"GET",    "/v1/rosters",            ACCESS_BEARER, ROLE_VIEWER, NO_BODY, api_rosters},
    {"GET",    "/v1/rosters/{}",         ACCESS_BEARER, ROLE_VIEWER, NO_BODY, api_roster},
    {"GET",    "/v1/rosters/{}/stats",   ACCESS_BEARER, ROLE_VIEWER, NO_BODY, api_roster_stats},
    {"POST",   "/v1/rosters/{}/import",  ACCESS_BEARER, 0, FILE_BODY, api_roster_import},
    {"POST",   "/v1/rosters/{}/lists",   ACCESS_BEARER, 0, LIST_BODY, api_roster_lists},
    {"POST",   "/v1/rosters/{}/revoke",  ACCESS_BEARER, 0, LIST_BODY, api_roster_revoke},
    {"POST",   "/v1/rosters/{}/assign",  ACCESS_BEARER, 0, JSON_BODY, api_roster_assign},
    {"POST",   "/v1/rosters/{}/unassign", ACCESS_BEARER, 0, JSON_BODY, api_roster_unassign},
    {"DELETE", "/v1/rosters/{}",         ACCESS_BEARER, 0, NO_BODY, api_roster_remove},
    {NULL, NULL, ACCESS_OPEN, 0, 0, NULL},
};
/* clang-format on */

/* True when the path fits; the part that stood for {} goes to *ret_part, ret_len. */
static bool fits(const char *pattern, const char *path, const char **ret_part, size_t *ret_len)
{
    const char *hole = strstr(pattern, "{}");
    if (!hole)
        return strcmp(pattern, path) == 0;
    size_t before = (size_t)(hole - pattern);
    if (strncmp(pattern, path, before) != 0)
        return false;
    size_t len = strcspn(path + before, "/");
    if (len == 0 || len >= REQUEST_PARAM_BYTES || strcmp(path + before + len, hole + 2) != 0)
        return false;
    *ret_part = path + before;
    *ret_len = len;
    return true;
}

enum route_found route_find(const char *method, const char *path, const struct route **ret,
                            char ret_param[static REQUEST_PARAM_BYTES])
{
    enum route_found found = ROUTE_NO_PATH;
    const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;
    for (const struct route *r = route_table; r->method; r++) {
        const char *part = NULL;
        size_t len = 0;
        if (!fits(r->path, path, &part, &len))
            continue;
        if (strcmp(r->method, wanted) != 0) {
            found = ROUTE_NO_METHOD;
            *ret = r;
            continue;
        }
        if (part) {
            memcpy(ret_param, part, len);
            ret_param[len] = '\0';
        }
        *ret = r;
        return ROUTE_FOUND;
    }
    return found;
}
