/* One person's profile and timeline, and profiles by what they come to. Whoever reads
 * leaves a line in the audit log. */
#include "hub/api.h"
#include "hub/clockfix.h"
#include "hub/devices.h"
#include "hub/query.h"
#include "platform/bytes.h"
#include "platform/clock.h"
#include "platform/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- parameters ------------------------------------------------------------------------ */

/* A number from `min`; the fallback when absent. False: answered. */
static bool take_number(struct request *req, const char *name, int64_t min, int64_t max,
                        int64_t *ret)
{
    const char *text = request_query(req, name);
    if (!text)
        return true;
    int64_t n = -1;
    if (*text && strlen(text) <= 18 && text[strspn(text, "0123456789")] == '\0')
        n = strtoll(text, NULL, 10);
    if (n >= min && n <= max) {
        *ret = n;
        return true;
    }
    char detail[96];
    snprintf(detail, sizeof detail, "%s is a whole number from %lld to %lld", name,
             (long long)min, (long long)max);
    reply_problem(req, 400, "malformed", detail);
    return false;
}

/* A day or a time. False: answered. */
static bool take_time(struct request *req, const char *name, int64_t *ret)
{
    const char *text = request_query(req, name);
    if (!text || clockfix_parse_bound(text, ret) == DL_OK)
        return true;
    char detail[96];
    snprintf(detail, sizeof detail, "%s is " CLOCKFIX_BOUND_WORDS, name);
    reply_problem(req, 400, "malformed", detail);
    return false;
}

static bool take_currency(struct request *req, const char **ret)
{
    const char *text = request_query(req, "currency");
    *ret = text;
    if (!text || (strlen(text) == 3 && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3))
        return true;
    reply_problem(req, 400, "malformed", "currency is a code of ISO 4217");
    return false;
}

/* ---- answers ----------------------------------------------------------------------------- */

/* Takes `value`, which `err` says is there. */
static void answer(struct api *api, struct request *req, const char *what, enum dl_err err,
                   json_t *value)
{
    if (!err)
        err = devices_audit_read(api->hub->store, req->actor, what,
                                 *req->param ? req->param : NULL, clock_wall_ms());
    if (!err) {
        reply_json_tagged(req, api->hub->id_key, value);
        return;
    }
    json_decref(value);
    if (err == DL_E_INPUT)
        reply_problem(req, 400, "malformed", "a profile's id is p_ and 24 hex digits");
    else if (err == DL_E_REJECTED)
        reply_problem(req, 400, "malformed", "cursor is the `next` of the page before");
    else if (err == DL_E_NOT_FOUND)
        reply_problem(req, 404, "no-profile", "there is no profile of this id");
    else
        reply_error(req, err);
}

void api_profile(struct api *api, struct request *req)
{
    struct store *st = api->hub->reader;
    json_t *profile = NULL;
    enum dl_err err = st->begin(st, STORE_READ);
    if (!err) {
        err = query_profile(st, req->param, &profile);
        st->rollback(st);
    }
    if (!err)
        err = rfm_score(profile, &api->settings->rfm, clock_wall_ms());
    answer(api, req, "profile.read", err, profile);
}

void api_profile_timeline(struct api *api, struct request *req)
{
    struct store *st = api->hub->reader;
    struct query_span span = {.until_ms = INT64_MAX,
                              .limit = QUERY_EVENTS_DEFAULT,
                              .cursor = request_query(req, "cursor")};
    json_t *timeline = NULL;
    if (!take_time(req, "since", &span.since_ms) || !take_time(req, "until", &span.until_ms) ||
        !take_number(req, "limit", 1, QUERY_EVENTS_MAX, &span.limit))
        return;
    enum dl_err err = st->begin(st, STORE_READ);
    if (!err) {
        err = query_timeline(st, req->param, &span, &timeline);
        st->rollback(st);
    }
    answer(api, req, "profile.timeline", err, timeline);
}

void api_profiles(struct api *api, struct request *req)
{
    struct store *st = api->hub->reader;
    struct query_filter filter = {.limit = QUERY_PROFILES_MAX,
                                  .store = request_query(req, "store"),
                                  .cursor = request_query(req, "cursor")};
    json_t *page = NULL, *profile;
    size_t i;
    if (!take_currency(req, &filter.currency) ||
        !take_number(req, "spend_min", 0, INT64_MAX, &filter.spend_min) ||
        !take_number(req, "orders_min", 0, INT64_MAX, &filter.orders_min) ||
        !take_time(req, "seen_since", &filter.seen_since_ms) ||
        !take_time(req, "seen_before", &filter.seen_before_ms) ||
        !take_number(req, "limit", 1, QUERY_PROFILES_MAX, &filter.limit))
        return;
    enum dl_err err = st->begin(st, STORE_READ);
    if (!err) {
        err = query_find(st, &filter, &page);
        st->rollback(st);
    }
    json_array_foreach(json_object_get(page, "profiles"), i, profile)
    {
        if (!err)
            err = rfm_score(profile, &api->settings->rfm, clock_wall_ms());
    }
    answer(api, req, "profile.find", err, page);
}
