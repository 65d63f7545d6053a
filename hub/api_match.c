/* Why people are one, and what is decided of it. */
#include "hub/api.h"
#include "hub/decision.h"
#include "hub/devices.h"
#include "hub/explain.h"
#include "hub/rules.h"
#include "hub/token_text.h"
#include "platform/clock.h"
#include "platform/json.h"

#include <stdlib.h>
#include <string.h>

#define APART_MAX 256 /* identifiers named in one split */

static void refuse(struct request *req, enum dl_err err)
{
    if (err == DL_E_INPUT)
        reply_problem(req, 400, "malformed", "an id is p_ or i_ and 24 hex digits");
    else if (err == DL_E_NOT_FOUND)
        reply_problem(req, 404, "no-profile", "nobody has this id");
    else if (err == DL_E_REJECTED)
        reply_problem(req, 409, "not-apart",
                      "name some of that profile's identifiers, not all");
    else
        reply_error(req, err);
}

static void answer(struct request *req, enum dl_err err, int64_t no)
{
    if (err)
        refuse(req, err);
    else
        reply_json(req, 201, json_pack("{s:I}", "decision", (json_int_t)no));
}

void api_explain(struct api *api, struct request *req)
{
    struct store *st = api->hub->reader;
    json_t *explanation = NULL;
    enum dl_err err = st->begin(st, STORE_READ);
    if (!err) {
        err = explain_profile(st, req->param, &explanation);
        st->rollback(st);
    }
    if (!err)
        err = devices_audit_read(api->hub->store, req->actor, "profile.explain", req->param,
                                 clock_wall_ms());
    if (!err) {
        reply_json(req, 200, explanation);
        return;
    }
    json_decref(explanation);
    refuse(req, err);
}

void api_split(struct api *api, struct request *req)
{
    static const char *const known[] = {"identifiers", NULL};
    const char *apart[APART_MAX];
    size_t i, count = 0;
    json_t *one, *body = request_json(req, known);
    if (!body)
        return;
    const json_t *list = json_object_get(body, "identifiers");
    bool ok = json_array_size(list) > 0 && json_array_size(list) <= APART_MAX;
    json_array_foreach(list, i, one)
    {
        ok = ok && json_is_string(one);
        apart[count] = ok ? json_string_value(one) : NULL;
        count += ok;
    }
    int64_t no = 0;
    enum dl_err err = ok ? decision_split(api->hub->store, req->param, apart, count, req->actor,
                                          clock_wall_ms(), &no)
                         : DL_E_INPUT;
    json_decref(body);
    answer(req, err, no);
}

/* ---- /v1/decisions ------------------------------------------------------------------- */

/* A query parameter of digits; the fallback when absent, -1 when it is something else. */
static int64_t number_of(const char *text, int64_t fallback)
{
    if (!text)
        return fallback;
    if (!*text || strlen(text) > 18 || text[strspn(text, "0123456789")] != '\0')
        return -1;
    return strtoll(text, NULL, 10);
}

void api_decisions(struct api *api, struct request *req)
{
    int64_t after = number_of(request_query(req, "after"), 0);
    int64_t limit = number_of(request_query(req, "limit"), DECISION_PAGE_MAX);
    json_t *list = NULL;
    if (after < 0 || limit < 1 || limit > DECISION_PAGE_MAX) {
        reply_problem(req, 400, "malformed", "after is a number, limit one from 1 to 1000");
        return;
    }
    enum dl_err err = decision_list(api->hub->reader, after, limit, &list);
    if (err)
        reply_error(req, err);
    else
        reply_json(req, 200, json_pack("{s:o}", "decisions", list));
}

static enum dl_err block(struct api *api, const struct request *req, const char *what,
                         int64_t *ret_no)
{
    uint8_t key[STORE_NODE_KEY_BYTES];
    struct store_node node;
    struct store *st = api->hub->reader;
    enum dl_err err = DL_OK;
    if (what && strchr(what, '/')) {
        err = token_text_key(api->hub, what, key);
    } else {
        err = st->begin(st, STORE_READ);
        if (err)
            return err;
        err = decision_node(st, what, &node);
        st->rollback(st);
        if (!err)
            memcpy(key, node.key, sizeof key);
    }
    return err ? err
               : decision_block(api->hub->store, key, req->actor, clock_wall_ms(), ret_no);
}

void api_decide(struct api *api, struct request *req)
{
    static const char *const known[] = {"kind", "a", "b", NULL};
    json_t *body = request_json(req, known);
    if (!body)
        return;
    const char *kind = json_get_str(body, "kind"), *a = json_get_str(body, "a");
    const char *b = json_get_str(body, "b");
    int64_t no = 0;
    enum dl_err err = DL_E_INPUT;
    if (kind && strcmp(kind, "block") == 0 && !b)
        err = block(api, req, a, &no);
    else if (kind && (strcmp(kind, "never") == 0 || strcmp(kind, "always") == 0))
        err = decision_pair(api->hub->store,
                            kind[0] == 'n' ? STORE_DECISION_NEVER : STORE_DECISION_ALWAYS, a, b,
                            req->actor, clock_wall_ms(), &no);
    json_decref(body);
    answer(req, err, no);
}

void api_decision_undo(struct api *api, struct request *req)
{
    int64_t no = number_of(req->param, -1);
    enum dl_err err = no < 1 ? DL_E_NOT_FOUND
                             : decision_undo(api->hub->store, no, req->actor, clock_wall_ms());
    if (err == DL_E_NOT_FOUND)
        reply_problem(req, 404, "no-decision", "no decision of this number stands");
    else if (err)
        reply_error(req, err);
    else
        reply_json(req, 200, json_pack("{s:I}", "undone", (json_int_t)no));
}

void api_rules(struct api *api, struct request *req)
{
    struct store *st = api->hub->reader;
    struct rules rules;
    enum dl_err err = st->begin(st, STORE_READ);
    if (!err) {
        err = rules_current(st, &rules);
        st->rollback(st);
    }
    if (err)
        reply_error(req, err);
    else
        reply_json(req, 200, rules_json(&rules));
}
