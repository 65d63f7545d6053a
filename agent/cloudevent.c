/* CloudEvents 1.0, structured JSON: the envelope's names are ours already, but
 * for those that say how the event was packed. */
#include "agent/accept.h"
#include "agent/accept_code.h"

#include <stdio.h>
#include <string.h>

enum part {
    PART_KEEP,    /* a member of our envelope, checked by validate.c */
    PART_VERSION, /* must be "1.0" */
    PART_JSON,    /* a media type of JSON */
    PART_STRING,  /* any string; not kept */
};

static const struct {
    const char *name;
    enum part part;
    bool required;
} parts[] = {
    {"specversion", PART_VERSION, true},
    {"id", PART_KEEP, true},
    {"source", PART_STRING, true},
    {"type", PART_KEEP, true},
    {"time", PART_KEEP, false},
    {"subject", PART_STRING, false},
    {"datacontenttype", PART_JSON, false},
    {"dataschema", PART_STRING, false},
    {"data", PART_KEEP, false},
    {"identifiers", PART_KEEP, false}, /* extensions: ours, then W3C's tracing */
    {"consent", PART_KEEP, false},
    {"traceparent", PART_STRING, false},
    {"tracestate", PART_STRING, false},
};

#define PART_COUNT (sizeof parts / sizeof *parts)

static enum dl_err refuse(struct accept_problem *problem, enum accept_code code,
                          const char *name, const char *detail)
{
    problem->index = 0;
    problem->code = accept_code_name(code);
    (void)snprintf(problem->pointer, sizeof problem->pointer, "%s%s", *name ? "/" : "", name);
    (void)snprintf(problem->detail, sizeof problem->detail, "%s", detail);
    return DL_E_INPUT;
}

/* "application/json", "application/geo+json; charset=utf-8". */
static bool is_json_type(const char *text)
{
    size_t len = strcspn(text, "; \t");
    bool named = len >= 16 && memcmp(text, "application/json", 16) == 0 && len == 16;
    bool suffixed = len > 5 && memcmp(text + len - 5, "+json", 5) == 0;
    return named || suffixed;
}

static enum dl_err check_part(size_t i, const json_t *value, struct accept_problem *problem)
{
    const char *name = parts[i].name;
    if (parts[i].part == PART_KEEP)
        return DL_OK;
    if (!json_is_string(value))
        return refuse(problem, ACCEPT_CODE_WRONG_TYPE, name, "must be a string");
    const char *text = json_string_value(value);
    if (!*text)
        return refuse(problem, ACCEPT_CODE_BAD_VALUE, name, "must not be empty");
    if (parts[i].part == PART_VERSION && strcmp(text, "1.0") != 0)
        return refuse(problem, ACCEPT_CODE_BAD_VALUE, name, "must be 1.0");
    if (parts[i].part == PART_JSON && !is_json_type(text))
        return refuse(problem, ACCEPT_CODE_BAD_VALUE, name, "data must be JSON");
    return DL_OK;
}

static bool is_known(const char *name)
{
    for (size_t i = 0; i < PART_COUNT; i++)
        if (strcmp(parts[i].name, name) == 0)
            return true;
    return false;
}

static enum dl_err check_members(json_t *cloud_event, struct accept_problem *problem)
{
    const char *name;
    json_t *value;
    json_object_foreach(cloud_event, name, value)
    {
        if (strcmp(name, "data_base64") == 0)
            return refuse(problem, ACCEPT_CODE_UNKNOWN_FIELD, "data_base64",
                          "data must be JSON, not base64");
        if (!is_known(name))
            return refuse(problem, ACCEPT_CODE_UNKNOWN_FIELD, "",
                          "an extension attribute is not known here; its name is not shown");
    }
    return DL_OK;
}

enum dl_err accept_from_cloudevent(json_t *cloud_event, json_t **ret,
                                   struct accept_problem *problem)
{
    if (!json_is_object(cloud_event))
        return refuse(problem, ACCEPT_CODE_NOT_OBJECT, "", "an event is a JSON object");
    enum dl_err err = check_members(cloud_event, problem);
    if (err)
        return err;
    json_t *event = json_object();
    if (!event)
        return DL_E_NOMEM;
    for (size_t i = 0; i < PART_COUNT && !err; i++) {
        json_t *value = json_object_get(cloud_event, parts[i].name);
        if (!value)
            err = parts[i].required
                      ? refuse(problem, ACCEPT_CODE_REQUIRED, parts[i].name, "is missing")
                      : DL_OK;
        else
            err = check_part(i, value, problem);
        if (!err && value && parts[i].part == PART_KEEP &&
            json_object_set(event, parts[i].name, value))
            err = DL_E_NOMEM;
    }
    if (err)
        json_decref(event);
    else
        *ret = event;
    return err;
}
