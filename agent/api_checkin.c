/* Scans at a gate: the verdict, what is taken back, what is looked up. */
#include "agent/api_internal.h"
#include "agent/pii_guard.h"
#include "agent/problem.h"

#include "platform/bytes.h"
#include "platform/time_text.h"

#include <string.h>

static const char *const kept[] = {"time", "consent", "identifiers", NULL};
static const struct api_rename renames[] = {
    {"/identifiers/ticket", "/ticket"}, {"/id", "/nonce"}, {"/data", ""}, {NULL, NULL}};
static const struct api_shape shape = {"checkin", "nonce", kept, "ticket", renames};

static void answer(struct api_response *r, int status, json_t *json)
{
    r->status = status;
    r->content_type = "application/json";
    text_json(&r->body, json);
}

/* ---- without a roster ------------------------------------------------------------- */

/* The scan as it was recorded, without the ticket. Nobody judged it: null. */
static void add_scan(struct api_response *r, const json_t *event)
{
    json_t *json = NULL;
    if (r->body.failed || json_parse(&json, r->body.s, r->body.len, NULL, NULL))
        return;
    json_object_set_new(json, "verdict", json_null());
    json_object_set_new(json, "reason", json_null());
    json_object_set_new(json, "mode", json_string("none"));
    json_object_set(json, "checkin", json_object_get(event, "data"));
    text_done(&r->body);
    text_json(&r->body, json);
}

static void record_only(struct agent *a, const struct api_events *list, struct api_response *r)
{
    api_take(a, list, true, false, r);
    if (r->status == 200 || r->status == 201)
        add_scan(r, list->events[0]);
}

/* ---- with one --------------------------------------------------------------------- */

/* The client's event without what the door decides about. */
static json_t *record_of(const json_t *event)
{
    json_t *record = json_copy((json_t *)event);
    json_t *data = json_copy(json_object_get(event, "data"));
    json_t *identifiers = json_copy(json_object_get(event, "identifiers"));
    (void)json_object_del(record, "id");
    (void)json_object_del(record, "identifiers");
    (void)json_object_del(identifiers, "ticket");
    if (json_object_size(identifiers) > 0)
        json_object_set(record, "identifiers", identifiers);
    json_decref(identifiers);
    json_object_set_new(record, "data", data);
    return record;
}

static enum scan_type type_of(const json_t *data)
{
    const char *type = json_get_str(data, "type");
    return type && strcmp(type, "exit") == 0 ? SCAN_EXIT : SCAN_ENTRY;
}

/* What accept.h has looked at, as the door wants it. */
static struct door_ask ask_of(const json_t *event, bool force, json_t *record)
{
    const json_t *data = json_object_get(event, "data");
    const json_t *code = json_object_get(json_object_get(event, "identifiers"), "ticket");
    const char *gate = json_get_str(data, "gate"), *time = json_get_str(event, "time");
    struct door_ask ask = {.event = json_get_str(data, "event"),
                           .list = json_get_str(data, "list"),
                           .gate = gate ? gate : "",
                           .code = json_string_value(code),
                           .code_len = json_string_length(code),
                           .type = type_of(data),
                           .force = force,
                           .nonce = json_get_str(event, "id"),
                           .record = record};
    ask.has_time = time && time_text_parse(time, &ask.time_ms);
    return ask;
}

static void show(const struct api_events *list, struct door_answer *answered,
                 struct api_response *r)
{
    switch (answered->outcome) {
    case DOOR_DECIDED:
        api_add_warnings(answered->json, list, 0, &answered->problems.items[0]);
        answer(r, 201, answered->json);
        break;
    case DOOR_REPEATED:
        answer(r, 200, answered->json);
        break;
    case DOOR_NO_LIST:
        api_refuse_member("/list", "bad_value",
                          "must be a list of the event's roster; GET /v1/rosters has them", r);
        break;
    case DOOR_NO_CODE:
        api_refuse_member("/ticket", "bad_value", "must be more than space", r);
        break;
    case DOOR_REFUSED:
        api_refuse(list, &answered->problems, r);
        break;
    case DOOR_NO_ROSTER:
        break;
    }
}

/* False: there is no roster to judge by. */
static bool judge(struct agent *a, const struct api_events *list, bool force,
                  struct api_response *r)
{
    struct door_answer answered = {.json = NULL};
    json_t *record = record_of(list->events[0]);
    struct door_ask ask = ask_of(list->events[0], force, record);
    enum dl_err err = ask.event && ask.code ? door_scan(a->door, &ask, &answered) : DL_OK;
    bool judged = err || (ask.code && answered.outcome != DOOR_NO_ROSTER);
    if (err != DL_E_INPUT && err != DL_E_BUSY && answered.outcome == DOOR_DECIDED)
        atomic_store(&a->store_bad, false);
    if (err == DL_E_IO || err == DL_E_FULL || err == DL_E_CORRUPT)
        atomic_store(&a->store_bad, true);
    if (err)
        problem_set_err(r, err);
    else if (judged)
        show(list, &answered, r);
    accept_answer_done(&answered.problems);
    json_decref(record);
    return judged;
}

/* Who overrules says who and why. Takes the member off; false: answered. */
static bool take_force(json_t *event, bool *ret, struct api_response *r)
{
    json_t *data = json_object_get(event, "data");
    const json_t *force = json_object_get(data, "force");
    *ret = json_is_true(force);
    if (force && !json_is_boolean(force)) {
        api_refuse_member("/force", "wrong_type", "must be true or false", r);
    } else if (*ret && !json_get_str(data, "operator")) {
        api_refuse_member("/operator", "required", "who overrules says who they are", r);
    } else if (*ret && !json_get_str(data, "why")) {
        api_refuse_member("/why", "required", "who overrules says why", r);
    } else {
        (void)json_object_del(data, "force");
        return true;
    }
    return false;
}

/* The gate's name is kept beside the scan, where nothing is redacted. */
static bool is_plain_gate(const json_t *event, struct api_response *r)
{
    const char *gate = json_get_str(json_object_get(event, "data"), "gate");
    if (!gate ||
        (pii_find(gate, strlen(gate), PII_IN_CODE) == PII_NONE && scan_name_fits(gate)))
        return true;
    api_refuse_member("/gate", "pii_in_field", "must be the name of a gate", r);
    return false;
}

static bool looks_right(struct agent *a, const struct api_events *list, struct api_response *r)
{
    struct accept_answer checked = {0};
    enum dl_err err = accept_check(a->accept, list->events, list->count, &checked);
    if (err == DL_E_INPUT)
        api_refuse(list, &checked, r);
    else if (err)
        problem_set_err(r, err);
    accept_answer_done(&checked);
    return !err && is_plain_gate(list->events[0], r);
}

void api_checkins(struct agent *a, const struct api_request *req, struct api_response *r)
{
    struct api_events list = {0};
    bool force = false;
    if (api_shape_take(req, &shape, &list, r) && take_force(list.events[0], &force, r) &&
        looks_right(a, &list, r) && !judge(a, &list, force, r))
        record_only(a, &list, r);
    api_events_done(&list);
}

/* ---- taking one back -------------------------------------------------------------- */

static void refuse_annulment(enum door_annulled outcome, struct api_response *r)
{
    switch (outcome) {
    case DOOR_ANNUL_OTHERS:
        problem_set(r, "not-annullable", "Another device made it; take it back there");
        break;
    case DOOR_ANNUL_LATE:
        problem_set(r, "not-annullable", "It is more than 15 minutes old");
        break;
    case DOOR_ANNUL_NOTHING:
        problem_set(r, "not-annullable", "It let nobody pass");
        break;
    default:
        problem_set(r, "not-found", NULL);
        break;
    }
}

static void annul(struct agent *a, const uint8_t id[static SCAN_ID_BYTES], const char *why,
                  struct api_response *r)
{
    enum door_annulled outcome = DOOR_ANNUL_UNKNOWN;
    struct accept_answer problems = {0};
    json_t *json = NULL;
    enum dl_err err = door_annul(a->door, id, why, &outcome, &json, &problems);
    if (err)
        problem_set_err(r, err);
    else if (json)
        answer(r, outcome == DOOR_ANNULLED ? 201 : 200, json);
    else if (outcome == DOOR_ANNUL_REFUSED)
        api_refuse_member("/why", problems.problems[0].code, problems.problems[0].detail, r);
    else
        refuse_annulment(outcome, r);
    accept_answer_done(&problems);
}

/* Members of a body that has no others; false: answered. */
static bool known_only(const json_t *body, const char *const *names, size_t count,
                       struct api_response *r)
{
    size_t known = 0;
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_object_get(body, names[i]);
        known += value != NULL;
        if (!value || json_is_string(value))
            continue;
        char pointer[40] = "/";
        strncat(pointer, names[i], sizeof pointer - 2);
        api_refuse_member(pointer, "wrong_type", "must be a string", r);
        return false;
    }
    if (known == json_object_size(body))
        return true;
    api_refuse_member("", "unknown_field", "has a member that is not known here", r);
    return false;
}

/* The member of the path; false: it is no scan's id. */
static bool id_of(const char *path, uint8_t ret[static SCAN_ID_BYTES])
{
    char hex[2 * SCAN_ID_BYTES + 1];
    const char *from = path + strlen(API_CHECKINS);
    size_t len = strcspn(from, "/");
    if (len != sizeof hex - 1)
        return false;
    memcpy(hex, from, len);
    hex[len] = '\0';
    return bytes_from_hex(ret, SCAN_ID_BYTES, hex);
}

void api_annul(struct agent *a, const struct api_request *req, struct api_response *r)
{
    static const char *const names[] = {"why"};
    uint8_t id[SCAN_ID_BYTES];
    json_t *body = NULL;
    if (req->body_len > 0 && !api_parse_json(req, &body, r))
        return;
    if (body && !known_only(body, names, 1, r))
        ;
    else if (!id_of(req->path, id))
        problem_set(r, "not-found", NULL);
    else
        annul(a, id, json_get_str(body, "why"), r);
    json_decref(body);
}

/* ---- looking ---------------------------------------------------------------------- */

void api_search(struct agent *a, const struct api_request *req, struct api_response *r)
{
    static const char *const names[] = {"event", "order", "ticket"};
    json_t *body = NULL, *tickets = NULL;
    if (!api_parse_json(req, &body, r))
        return;
    const json_t *order = json_object_get(body, "order");
    const json_t *text = order ? order : json_object_get(body, "ticket");
    const char *event = json_get_str(body, "event");
    enum dl_err err = DL_OK;
    if (!known_only(body, names, 3, r)) {
        ;
    } else if (!event) {
        api_refuse_member("/event", "required", "is missing", r);
    } else if (json_object_size(body) != 2) {
        api_refuse_member("/order", "required", "an order or a ticket, one of them", r);
    } else {
        err = door_search(a->door, event, order != NULL, json_string_value(text),
                          json_string_length(text), &tickets);
        if (err == DL_E_NOT_FOUND)
            problem_set(r, "no-roster", NULL);
        else if (err == DL_E_INPUT)
            api_refuse_member(order ? "/order" : "/ticket", "bad_value",
                              "must be more than space", r);
        else if (err)
            problem_set_err(r, err);
        else
            answer(r, 200, json_pack("{s:o}", "tickets", tickets));
    }
    json_decref(body);
}

void api_checkin_stats(struct agent *a, const struct api_request *req, struct api_response *r)
{
    char event[SCAN_NAME_BYTES], list[SCAN_NAME_BYTES];
    json_t *json = NULL;
    static const char *const names[] = {"event", "list"};
    if (!api_query_known(req, names, 2, r) ||
        !api_query_text(req, "event", event, sizeof event, r) ||
        !api_query_text(req, "list", list, sizeof list, r))
        return;
    enum dl_err err = door_stats(a->door, event, list, &json);
    if (err == DL_E_NOT_FOUND)
        problem_set(r, "no-roster", NULL);
    else if (err)
        problem_set_err(r, err);
    else
        answer(r, 200, json);
}

void api_rosters(struct agent *a, const struct api_request *req, struct api_response *r)
{
    (void)req;
    struct feed_status feed = {.online = false};
    if (a->feed)
        feed_status(a->feed, &feed);
    answer(r, 200,
           json_pack("{s:s,s:b,s:o}", "device", a->enrolment.device, "online", feed.online,
                     "rosters", door_rosters(a->door)));
}

void api_rosters_refresh(struct agent *a, const struct api_request *req, struct api_response *r)
{
    (void)req;
    if (!a->feed) {
        problem_set(r, "no-sync", NULL);
        return;
    }
    feed_kick(a->feed);
    answer(r, 202, json_object());
}
