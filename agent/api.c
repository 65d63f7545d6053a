#include "agent/api.h"

#include "agent/api_internal.h"
#include "agent/gate_page.h"
#include "agent/metrics.h"
#include "agent/problem.h"
#include "agent/status.h"
#include "crypto/secret.h"
#include "platform/clock.h"

#include <string.h>
#include <strings.h>

#define JSON_TYPE "application/json"
/* A flush tries again this often, so that a stopping agent need not wait long. */
#define FLUSH_STEP_MS 2000

/* ---- small parts ------------------------------------------------------------------ */

static void answer_json(struct api_response *r, int status, json_t *value)
{
    r->status = status;
    r->content_type = JSON_TYPE;
    text_json(&r->body, value);
}

static void answer_text(struct api_response *r, int status, const char *text)
{
    r->status = status;
    r->content_type = "text/plain; charset=utf-8";
    text_add(&r->body, text, strlen(text));
}

static bool charset_ok(const char *params)
{
    const char *at = params;
    while (*at == ';' || *at == ' ' || *at == '\t')
        at++;
    if (*at == '\0')
        return true;
    return strcasecmp(at, "charset=utf-8") == 0 || strcasecmp(at, "charset=\"utf-8\"") == 0;
}

enum api_body api_body_of(const char *content_type)
{
    static const char *const types[] = {
        [API_BODY_JSON] = "application/json",
        [API_BODY_NDJSON] = "application/x-ndjson",
        [API_BODY_CLOUDEVENT] = "application/cloudevents+json",
        [API_BODY_CLOUDEVENT_BATCH] = "application/cloudevents-batch+json",
    };
    if (!content_type)
        return API_BODY_OTHER;
    size_t len = strcspn(content_type, "; \t");
    for (int i = 0; i < API_BODY_OTHER; i++)
        if (strlen(types[i]) == len && strncasecmp(types[i], content_type, len) == 0)
            return charset_ok(content_type + len) ? (enum api_body)i : API_BODY_OTHER;
    return API_BODY_OTHER;
}

bool api_query(const struct api_request *req, const char *name, int64_t max, int64_t *ret,
               struct api_response *r)
{
    if (!req->query || *req->query == '\0')
        return true;
    size_t len = strlen(name);
    const char *digits = req->query + len + 1;
    bool ok = strncmp(req->query, name, len) == 0 && req->query[len] == '=' && *digits != '\0';
    int64_t value = 0;
    for (; ok && *digits; digits++) {
        ok = *digits >= '0' && *digits <= '9' && value <= max;
        value = value * 10 + (*digits - '0');
    }
    if (!ok || value > max) {
        problem_set(r, "bad-query", NULL);
        return false;
    }
    *ret = value;
    return true;
}

static int hex_of(char c)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) % 16 : -1;
}

/* Up to the next &; false: too long, or no text. */
static bool decode(const char *from, char *ret, size_t cap)
{
    size_t len = 0;
    for (; *from && *from != '&'; from++) {
        char c = *from;
        if (c == '+') {
            c = ' ';
        } else if (c == '%') {
            int high = hex_of(from[1]), low = high < 0 ? -1 : hex_of(from[2]);
            if (low < 0)
                return false;
            c = (char)(high << 4 | low);
            from += 2;
        }
        if (c == '\0' || len + 1 >= cap)
            return false;
        ret[len++] = c;
    }
    ret[len] = '\0';
    return true;
}

bool api_query_known(const struct api_request *req, const char *const *names, size_t count,
                     struct api_response *r)
{
    for (const char *at = req->query; at && *at; at = strchr(at, '&'), at += at ? 1 : 0) {
        size_t i = 0;
        while (i < count &&
               !(strncmp(at, names[i], strlen(names[i])) == 0 && at[strlen(names[i])] == '='))
            i++;
        if (i == count) {
            problem_set(r, "bad-query", NULL);
            return false;
        }
    }
    return true;
}

bool api_query_text(const struct api_request *req, const char *name, char *ret, size_t cap,
                    struct api_response *r)
{
    size_t len = strlen(name);
    ret[0] = '\0';
    for (const char *at = req->query; at && *at; at = strchr(at, '&'), at += at ? 1 : 0) {
        if (strncmp(at, name, len) != 0 || at[len] != '=')
            continue;
        if (decode(at + len + 1, ret, cap))
            return true;
        ret[0] = '\0';
        problem_set(r, "bad-query", NULL);
        return false;
    }
    return true;
}

/* ---- routes that need no file of their own ---------------------------------------- */

static void healthz(struct agent *a, const struct api_request *req, struct api_response *r)
{
    (void)a;
    (void)req;
    answer_text(r, 200, "ok\n");
}

/* Ready: an event would be taken. Whether the hub is there is none of the till's business. */
static void readyz(struct agent *a, const struct api_request *req, struct api_response *r)
{
    (void)req;
    if (atomic_load(&a->stopping))
        answer_text(r, 503, "stopping\n");
    else if (status_outbox_full(a))
        answer_text(r, 503, "the outbox is full\n");
    else if (atomic_load(&a->store_bad))
        answer_text(r, 503, "the last write to the outbox failed\n");
    else
        answer_text(r, 200, "ready\n");
}

static void get_status(struct agent *a, const struct api_request *req, struct api_response *r)
{
    (void)req;
    answer_json(r, 200, status_of_agent(a));
}

static void get_gate(struct agent *a, const struct api_request *req, struct api_response *r)
{
    gate_page_answer(a->settings.gate_decoder, req, r);
}

static void get_metrics(struct agent *a, const struct api_request *req, struct api_response *r)
{
    (void)req;
    r->status = 200;
    r->content_type = "text/plain; version=0.0.4; charset=utf-8";
    metrics_write(a, &r->body);
}

static enum dl_err flush_for(struct agent *a, int64_t wait_ms)
{
    uint64_t end = clock_mono_ms() + (uint64_t)wait_ms;
    for (;;) {
        uint64_t now = clock_mono_ms();
        int64_t left = end > now ? (int64_t)(end - now) : 0;
        enum dl_err err = sync_flush(a->sync, left < FLUSH_STEP_MS ? left : FLUSH_STEP_MS);
        if (err != DL_E_NET || left <= FLUSH_STEP_MS || atomic_load(&a->stopping))
            return err;
    }
}

static void flush(struct agent *a, const struct api_request *req, struct api_response *r)
{
    int64_t wait_s = 10;
    if (!api_query(req, "wait_s", API_FLUSH_S_MAX, &wait_s, r))
        return;
    if (!a->sync) {
        problem_set(r, "no-sync", NULL);
        return;
    }
    enum dl_err err = flush_for(a, wait_s * 1000);
    struct outbox_stats stats;
    writer_stats(a->writer, &stats);
    if (err == DL_E_AUTH)
        problem_set(r, "revoked", NULL);
    else if (err == DL_E_NET)
        problem_set(r, "not-delivered", NULL);
    else if (err)
        problem_set_err(r, err);
    else
        answer_json(r, 200,
                    json_pack("{s:I}", "queued_events", (json_int_t)stats.queued_events));
}

/* ---- the table -------------------------------------------------------------------- */

struct route {
    const char *method;
    const char *path;
    bool limited; /* counts against requests_per_second */
    void (*run)(struct agent *a, const struct api_request *req, struct api_response *r);
};

static const struct route routes[] = {
    {"POST", "/v1/events", true, api_events},
    {"POST", "/v1/checkins", true, api_checkins},
    {"POST", "/v1/forget", true, api_forget},
    {"POST", "/v1/flush", false, flush},
    {"POST", "/v1/checkins/{scan_id}/annul", true, api_annul},
    {"POST", "/v1/checkins/search", true, api_search},
    {"GET", "/v1/checkins/stats", false, api_checkin_stats},
    {"GET", "/v1/checkins/last", false, api_last},
    {"POST", "/v1/scanner", false, api_scanner},
    {"GET", "/v1/rosters", false, api_rosters},
    {"POST", "/v1/rosters/refresh", false, api_rosters_refresh},
    {"GET", "/v1/status", false, get_status},
    {"GET", "/healthz", false, healthz},
    {"GET", "/readyz", false, readyz},
    {"GET", "/metrics", false, get_metrics},
    {"GET", "/gate", false, get_gate},
};

/* A path may have one {member}: some bytes that are no slash. */
static bool path_fits(const char *pattern, const char *path)
{
    const char *open = strchr(pattern, '{'), *close = open ? strchr(open, '}') : NULL;
    if (!close)
        return strcmp(pattern, path) == 0;
    size_t before = (size_t)(open - pattern);
    if (strncmp(pattern, path, before) != 0)
        return false;
    size_t member = strcspn(path + before, "/");
    return member > 0 && strcmp(path + before + member, close + 1) == 0;
}

/* The page's other files are its own affair. */
static const struct route *route_of(const char *asked)
{
    const char *path = gate_page_has(asked) ? GATE_PAGE_PATH : asked;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (path_fits(routes[i].path, path))
            return &routes[i];
    return NULL;
}

static bool method_fits(const struct route *route, const char *method)
{
    return strcmp(method, route->method) == 0 ||
           (strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0);
}

static void run_route(struct agent *a, const struct route *route, const struct api_request *req,
                      struct api_response *r)
{
    uint32_t wait_ms = 0;
    if (req->body_len > (size_t)a->settings.body_max) {
        problem_set(r, "too-large", NULL);
    } else if (route->limited && !ratelimit_take(&a->ratelimit, &wait_ms)) {
        problem_set(r, "too-fast", NULL);
        r->retry_after_s = (wait_ms + 999) / 1000;
    } else {
        route->run(a, req, r);
    }
}

static void count(struct agent *a, int status)
{
    atomic_fetch_add(&a->counts.requests, 1);
    if (status >= 100 && status < 600)
        atomic_fetch_add(&a->counts.answers[status / 100], 1);
    if (status == 507)
        atomic_fetch_add(&a->counts.full, 1);
    if (status == 429)
        atomic_fetch_add(&a->counts.too_fast, 1);
}

void api_dispatch(struct agent *a, const struct api_request *req, struct api_response *ret)
{
    *ret = (struct api_response){.retry_after_s = -1};
    const struct route *route = route_of(req->path);
    if (!route) {
        problem_set(ret, "not-found", NULL);
    } else if (!method_fits(route, req->method)) {
        problem_set(ret, "method-not-allowed", NULL);
        ret->allow = route->method;
    } else {
        run_route(a, route, req, ret);
    }
    if (ret->body.failed) { /* out of memory while writing the answer */
        text_done(&ret->body);
        ret->status = 500;
        ret->content_type = "text/plain; charset=utf-8";
    }
    count(a, ret->status);
    secret_wipe_stack(); /* parsers and hashes left copies below */
}

void api_response_done(struct api_response *r)
{
    text_done(&r->body);
}
