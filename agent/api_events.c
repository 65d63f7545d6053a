#include "agent/api_internal.h"
#include "agent/problem.h"

#include "platform/bytes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the list --------------------------------------------------------------------- */

static bool grow(struct api_events *list)
{
    size_t cap = list->cap ? 2 * list->cap : 16;
    json_t **events = realloc(list->events, cap * sizeof(json_t *));
    if (!events)
        return false;
    list->events = events;
    size_t *lines = realloc(list->lines, cap * sizeof *lines);
    if (!lines)
        return false;
    list->lines = lines;
    list->cap = cap;
    return true;
}

bool api_events_add(struct api_events *list, json_t *event, size_t line)
{
    if (list->count == list->cap && !grow(list)) {
        json_decref(event);
        return false;
    }
    list->events[list->count] = event;
    list->lines[list->count++] = line;
    return true;
}

void api_events_done(struct api_events *list)
{
    for (size_t i = 0; i < list->count; i++)
        json_decref(list->events[i]);
    free(list->events);
    free(list->lines);
    *list = (struct api_events){0};
}

/* ---- errors with their place ------------------------------------------------------ */

/* One member of "errors"; `line` 0: none. Takes nothing. */
static json_t *error_json(size_t line, const char *pointer, const char *code,
                          const char *detail)
{
    json_t *e = json_object();
    if (line > 0)
        json_object_set_new(e, "line", json_integer((json_int_t)line));
    if (pointer)
        json_object_set_new(e, "pointer", json_string(pointer));
    json_object_set_new(e, "code", json_string(code));
    if (detail && *detail)
        json_object_set_new(e, "detail", json_string(detail));
    return e;
}

/* The pointer as whoever sent this body would write it. */
static void name_place(const struct api_events *list, size_t index, const char *pointer,
                       char *ret, size_t cap)
{
    const struct api_rename *r = list->renames;
    for (; r && r->from; r++) {
        size_t len = strlen(r->from);
        if (strncmp(pointer, r->from, len) == 0 && (!pointer[len] || pointer[len] == '/'))
            break;
    }
    if (r && r->from)
        snprintf(ret, cap, "%s%s", r->to, pointer + strlen(r->from));
    else if (list->by_index)
        snprintf(ret, cap, "/%zu%s", index, pointer);
    else
        snprintf(ret, cap, "%s", pointer);
}

#define PLACE_BYTES (ACCEPT_POINTER_MAX + 24)

static json_t *problem_json(const struct api_events *list, const struct accept_problem *p)
{
    char pointer[PLACE_BYTES];
    name_place(list, p->index, p->pointer, pointer, sizeof pointer);
    size_t line = p->index < list->count ? list->lines[p->index] : 0;
    return error_json(line, pointer, p->code, p->detail);
}

void api_refuse(const struct api_events *list, const struct accept_answer *answer,
                struct api_response *r)
{
    json_t *errors = json_array();
    for (size_t i = 0; i < answer->problem_count; i++)
        json_array_append_new(errors, problem_json(list, &answer->problems[i]));
    char detail[80];
    snprintf(detail, sizeof detail, "%zu thing%s to mend", answer->problems_total,
             answer->problems_total == 1 ? "" : "s");
    problem_set_errors(r, "invalid", detail, errors);
}

void api_refuse_member(const char *pointer, const char *code, const char *detail,
                       struct api_response *r)
{
    problem_set_errors(r, "invalid", NULL,
                       json_pack("[o]", error_json(0, pointer, code, detail)));
}

/* ---- answers ---------------------------------------------------------------------- */

static json_t *warning_json(const struct api_events *list, size_t index,
                            const struct accept_warning *w)
{
    char pointer[PLACE_BYTES];
    name_place(list, index, w->pointer, pointer, sizeof pointer);
    json_t *j = json_pack("{s:s,s:s}", "pointer", pointer, "code", w->code);
    if (j && (w->expected_minor != 0 || w->found_minor != 0)) {
        json_object_set_new(j, "expected_minor", json_integer(w->expected_minor));
        json_object_set_new(j, "found_minor", json_integer(w->found_minor));
    }
    return j;
}

void api_add_warnings(json_t *to, const struct api_events *events, size_t index,
                      const struct accept_item *item)
{
    if (item->warning_count == 0)
        return;
    json_t *list = json_array();
    for (size_t i = 0; i < item->warning_count; i++)
        json_array_append_new(list, warning_json(events, index, &item->warnings[i]));
    json_object_set_new(to, "warnings", list);
}

/* The client's id, or one that names the record: stream and seq are unique. */
static void add_id(json_t *to, const json_t *event, const char *stream_hex, uint64_t seq)
{
    json_t *own = json_object_get(event, "id");
    if (json_is_string(own)) {
        json_object_set(to, "id", own);
        return;
    }
    char id[2 * SEAL_STREAM_BYTES + 24];
    snprintf(id, sizeof id, "%s-%" PRIu64, stream_hex, seq);
    json_object_set_new(to, "id", json_string(id));
}

static json_t *item_json(const struct api_events *list, size_t index,
                         const struct accept_item *item, bool dry, const char *stream_hex)
{
    json_t *j = json_object();
    if (!dry) {
        add_id(j, list->events[index], stream_hex, item->seq);
        json_object_set_new(j, "seq", json_integer((json_int_t)item->seq));
        if (!item->is_new)
            json_object_set_new(j, "duplicate", json_true());
    }
    api_add_warnings(j, list, index, item);
    return j;
}

static json_t *items_json(const struct api_events *list, const struct accept_answer *answer,
                          bool dry, const char *stream_hex, size_t *ret_new)
{
    json_t *items = json_array();
    *ret_new = 0;
    for (size_t i = 0; i < answer->item_count; i++) {
        *ret_new += answer->items[i].is_new;
        json_array_append_new(items, item_json(list, i, &answer->items[i], dry, stream_hex));
    }
    return items;
}

static void confirm(struct agent *a, const struct api_events *list,
                    const struct accept_answer *answer, bool single, bool dry,
                    struct api_response *r)
{
    uint8_t stream[SEAL_STREAM_BYTES];
    char hex[2 * SEAL_STREAM_BYTES + 1];
    writer_stream(a->writer, stream);
    bytes_to_hex(hex, stream, sizeof stream);
    size_t new = 0;
    json_t *items = items_json(list, answer, dry, hex, &new);
    r->status = dry || new == 0 ? 200 : 201;
    r->content_type = "application/json";
    if (single) {
        text_json(&r->body, json_incref(json_array_get(items, 0)));
        json_decref(items);
    } else {
        text_json(&r->body,
                  json_pack("{s:I,s:I,s:o}", dry ? "checked" : "stored",
                            (json_int_t)(dry ? answer->item_count : new), "duplicates",
                            (json_int_t)(dry ? 0 : answer->item_count - new), "events", items));
    }
}

void api_take(struct agent *a, const struct api_events *list, bool single, bool dry,
              struct api_response *r)
{
    struct accept_answer answer = {0};
    enum dl_err err = dry ? accept_check(a->accept, list->events, list->count, &answer)
                          : accept_events(a->accept, list->events, list->count, &answer);
    if (!dry && err != DL_E_INPUT && err != DL_E_BUSY)
        atomic_store(&a->store_bad, err != DL_OK);
    if (err == DL_E_INPUT)
        api_refuse(list, &answer, r);
    else if (err)
        problem_set_err(r, err);
    else
        confirm(a, list, &answer, single, dry, r);
    accept_answer_done(&answer);
}

/* ---- bodies ----------------------------------------------------------------------- */

static json_t *parse_error(size_t line, size_t offset, const char *detail)
{
    json_t *e = error_json(line, NULL, "not_json", detail);
    json_object_set_new(e, "offset", json_integer((json_int_t)offset));
    return e;
}

/* False after adding to *errors. */
static bool parse(const char *text, size_t len, size_t line, json_t **ret, json_t **errors)
{
    size_t offset = 0;
    struct dl_why why = {""};
    enum dl_err err = json_parse(ret, text, len, &offset, &why);
    if (!err)
        return true;
    if (!*errors)
        *errors = json_array();
    if (json_array_size(*errors) < ACCEPT_PROBLEMS_MAX)
        json_array_append_new(*errors, parse_error(line, offset, why.text));
    return false;
}

bool api_parse_object(const struct api_request *req, json_t **ret, struct api_response *r)
{
    json_t *errors = NULL;
    if (!parse(req->body ? req->body : "", req->body_len, 0, ret, &errors)) {
        problem_set_errors(r, "malformed", NULL, errors);
        return false;
    }
    if (json_is_object(*ret))
        return true;
    json_decref(*ret);
    *ret = NULL;
    problem_set(r, "malformed",
                "One JSON object is taken here; several go as application/x-ndjson");
    return false;
}

static bool is_blank(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (s[i] != ' ' && s[i] != '\t' && s[i] != '\r')
            return false;
    return true;
}

/* One event a line; blank lines are none. */
static bool parse_lines(const struct api_request *req, struct api_events *list,
                        struct api_response *r)
{
    json_t *errors = NULL;
    const char *at = req->body, *end = at + req->body_len;
    bool room = true;
    for (size_t line = 1; at < end && room; line++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((newline ? newline : end) - at);
        json_t *event = NULL;
        if (!is_blank(at, len) && parse(at, len, line, &event, &errors))
            room = list->count < ACCEPT_EVENTS_MAX && api_events_add(list, event, line);
        if (!room && list->count == ACCEPT_EVENTS_MAX)
            json_decref(event);
        at += len + 1;
    }
    if (!room)
        problem_set(r, "too-large", "At most 1000 events in a request");
    else if (errors)
        problem_set_errors(r, "malformed", NULL, json_incref(errors));
    else if (list->count == 0)
        problem_set(r, "malformed", "The body has no event");
    json_decref(errors);
    return r->status == 0;
}

static json_t *from_cloudevent(json_t *cloud_event, size_t index, const struct api_events *list,
                               struct api_response *r)
{
    struct accept_problem problem = {.index = index};
    json_t *event = NULL;
    enum dl_err err = accept_from_cloudevent(cloud_event, &event, &problem);
    problem.index = index;
    if (err == DL_E_INPUT) {
        json_t *errors = json_array();
        json_array_append_new(errors, problem_json(list, &problem));
        problem_set_errors(r, "invalid", NULL, errors);
    } else if (err) {
        problem_set_err(r, err);
    }
    return err ? NULL : event;
}

static bool parse_cloudevents(const struct api_request *req, struct api_events *list,
                              struct api_response *r)
{
    json_t *array = NULL, *errors = NULL;
    list->by_index = true;
    if (!parse(req->body, req->body_len, 0, &array, &errors))
        problem_set_errors(r, "malformed", NULL, errors);
    else if (!json_is_array(array) || json_array_size(array) == 0)
        problem_set(r, "malformed", "An array of CloudEvents is taken here");
    else if (json_array_size(array) > ACCEPT_EVENTS_MAX)
        problem_set(r, "too-large", "At most 1000 events in a request");
    for (size_t i = 0; r->status == 0 && i < json_array_size(array); i++) {
        json_t *event = from_cloudevent(json_array_get(array, i), i, list, r);
        if (event && !api_events_add(list, event, 0))
            problem_set_err(r, DL_E_NOMEM);
    }
    json_decref(array);
    return r->status == 0;
}

static bool parse_one(const struct api_request *req, bool cloud, struct api_events *list,
                      struct api_response *r)
{
    json_t *value = NULL;
    if (req->body_len > API_EVENT_BYTES_MAX)
        problem_set(r, "too-large", "One event may have 256 KiB");
    else if (api_parse_object(req, &value, r)) {
        json_t *event = cloud ? from_cloudevent(value, 0, list, r) : json_incref(value);
        if (event && !api_events_add(list, event, 0))
            problem_set_err(r, DL_E_NOMEM);
        json_decref(value);
    }
    return r->status == 0;
}

static void take_bodies(struct agent *a, const struct api_request *req, enum api_body kind,
                        bool dry, struct api_response *r)
{
    struct api_events list = {0};
    bool single = kind == API_BODY_JSON || kind == API_BODY_CLOUDEVENT;
    bool ok = single                    ? parse_one(req, kind == API_BODY_CLOUDEVENT, &list, r)
              : kind == API_BODY_NDJSON ? parse_lines(req, &list, r)
                                        : parse_cloudevents(req, &list, r);
    if (ok)
        api_take(a, &list, single, dry, r);
    api_events_done(&list);
}

void api_events(struct agent *a, const struct api_request *req, struct api_response *r)
{
    int64_t check = 0;
    enum api_body kind = api_body_of(req->content_type);
    bool many = kind == API_BODY_NDJSON || kind == API_BODY_CLOUDEVENT_BATCH;
    if (!api_query(req, "check", 1, &check, r))
        return;
    if (kind == API_BODY_OTHER) {
        problem_set(r, "unsupported-type",
                    "application/json, application/x-ndjson, application/cloudevents+json, "
                    "application/cloudevents-batch+json; UTF-8");
        return;
    }
    if (req->body_len == 0) {
        problem_set(r, "malformed", "The request has no body");
        return;
    }
    if (many)
        gate_enter(&a->batches);
    take_bodies(a, req, kind, check != 0, r);
    if (many)
        gate_leave(&a->batches);
}
