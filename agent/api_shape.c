/* Bodies that are shorter than an event and become one. */
#include "agent/api_internal.h"
#include "agent/problem.h"

#include <string.h>

static bool is_kept(const struct api_shape *shape, const char *key)
{
    for (const char *const *k = shape->kept; *k; k++)
        if (strcmp(*k, key) == 0)
            return true;
    return false;
}

/* The one identifier that stands outside, put to the others. */
static void add_identifier(json_t *event, const char *key, json_t *value)
{
    json_t *all = json_object_get(event, "identifiers");
    json_t *copy = json_is_object(all) ? json_copy(all) : json_object();
    json_object_set(copy, key, value);
    json_object_set_new(event, "identifiers", copy);
}

/* What the shape does not know goes into data, where accept.h refuses it by name. */
static json_t *event_of(const struct api_shape *shape, json_t *body)
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
        else if (!shape->identifier || strcmp(key, shape->identifier) != 0)
            json_object_set(data, key, value);
    }
    value = shape->identifier ? json_object_get(body, shape->identifier) : NULL;
    if (value)
        add_identifier(event, shape->identifier, value);
    if (json_object_size(data) > 0)
        json_object_set(event, "data", data);
    json_decref(data);
    return event;
}

bool api_parse_json(const struct api_request *req, json_t **ret, struct api_response *r)
{
    if (api_body_of(req->content_type) != API_BODY_JSON)
        problem_set(r, "unsupported-type", "application/json; UTF-8");
    else if (req->body_len > API_EVENT_BYTES_MAX)
        problem_set(r, "too-large", NULL);
    else
        return api_parse_object(req, ret, r);
    return false;
}

bool api_shape_take(const struct api_request *req, const struct api_shape *shape,
                    struct api_events *list, struct api_response *r)
{
    json_t *body = NULL;
    if (!api_parse_json(req, &body, r))
        return false;
    list->renames = shape->renames;
    if (!api_events_add(list, event_of(shape, body), 0))
        problem_set_err(r, DL_E_NOMEM);
    json_decref(body);
    return r->status == 0;
}

/* ---- a person who wants to be forgotten ------------------------------------------- */

static const char *const erase_kept[] = {"time", "identifiers", NULL};
static const struct api_rename erase_renames[] = {{"/data", ""}, {NULL, NULL}};
static const struct api_shape erase_shape = {"erase", "id", erase_kept, NULL, erase_renames};

void api_forget(struct agent *a, const struct api_request *req, struct api_response *r)
{
    struct api_events list = {0};
    if (api_shape_take(req, &erase_shape, &list, r))
        api_take(a, &list, true, false, r);
    api_events_done(&list);
}
