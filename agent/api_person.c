/* Bodies that are shorter than an event and become one: a scan at a gate, and a
 * person who wants to be forgotten. */
#include "agent/api_internal.h"
#include "agent/problem.h"

#include <string.h>

struct shape {
    const char *type;        /* of the event */
    const char *id;          /* the member that is its id */
    const char *const *kept; /* members that an event has under the same name */
    const char *identifier;  /* the member that is an identifier; NULL: none */
    const struct api_rename *renames;
};

static const char *const checkin_kept[] = {"time", "consent", NULL};
static const struct api_rename checkin_renames[] = {
    {"/identifiers/ticket", "/ticket"}, {"/id", "/nonce"}, {"/data", ""}, {NULL, NULL}};
static const struct shape checkin_shape = {"checkin", "nonce", checkin_kept, "ticket",
                                           checkin_renames};

static const char *const erase_kept[] = {"time", "identifiers", NULL};
static const struct api_rename erase_renames[] = {{"/data", ""}, {NULL, NULL}};
static const struct shape erase_shape = {"erase", "id", erase_kept, NULL, erase_renames};

static bool is_kept(const struct shape *shape, const char *key)
{
    for (const char *const *k = shape->kept; *k; k++)
        if (strcmp(*k, key) == 0)
            return true;
    return false;
}

/* What the shape does not know goes into data, where accept.h refuses it by name. */
static json_t *event_of(const struct shape *shape, json_t *body)
{
    json_t *event = json_object(), *data = json_object();
    const char *key;
    json_t *value;
    json_object_set_new(event, "type", json_string(shape->type));
    json_object_foreach(body, key, value)
    {
        if (strcmp(key, shape->id) == 0)
            json_object_set(event, "id", value);
        else if (is_kept(shape, key))
            json_object_set(event, key, value);
        else if (shape->identifier && strcmp(key, shape->identifier) == 0)
            json_object_set_new(event, "identifiers", json_pack("{s:O}", key, value));
        else
            json_object_set(data, key, value);
    }
    if (json_object_size(data) > 0)
        json_object_set(event, "data", data);
    json_decref(data);
    return event;
}

/* The event, as the only one of *list; false: *r has the problem. */
static bool take_body(const struct api_request *req, const struct shape *shape,
                      struct api_events *list, struct api_response *r)
{
    json_t *body = NULL;
    if (api_body_of(req->content_type) != API_BODY_JSON)
        problem_set(r, "unsupported-type", "application/json; UTF-8");
    else if (req->body_len > API_EVENT_BYTES_MAX)
        problem_set(r, "too-large", NULL);
    else if (api_parse_object(req, &body, r)) {
        list->renames = shape->renames;
        if (!api_events_add(list, event_of(shape, body), 0))
            problem_set_err(r, DL_E_NOMEM);
        json_decref(body);
    }
    return r->status == 0;
}

/* The scan as it was recorded, without the ticket. The verdict at the door needs
 * the roster, which this version does not have: null, so that a gate knows. */
static void add_scan(struct api_response *r, const json_t *event)
{
    json_t *answer = NULL;
    if (r->body.failed || json_parse(&answer, r->body.s, r->body.len, NULL, NULL))
        return;
    json_object_set_new(answer, "verdict", json_null());
    json_object_set(answer, "checkin", json_object_get(event, "data"));
    text_done(&r->body);
    text_json(&r->body, answer);
}

void api_checkins(struct agent *a, const struct api_request *req, struct api_response *r)
{
    struct api_events list = {0};
    if (take_body(req, &checkin_shape, &list, r)) {
        api_take(a, &list, true, false, r);
        if (list.count > 0 && (r->status == 200 || r->status == 201))
            add_scan(r, list.events[0]);
    }
    api_events_done(&list);
}

void api_forget(struct agent *a, const struct api_request *req, struct api_response *r)
{
    struct api_events list = {0};
    if (take_body(req, &erase_shape, &list, r))
        api_take(a, &list, true, false, r);
    api_events_done(&list);
}
