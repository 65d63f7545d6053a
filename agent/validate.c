#include "agent/validate.h"

#include "agent/consent.h"
#include "agent/money.h"
#include "agent/validate_internal.h"

#include <string.h>

/* event > data > lines > line is the deepest the schema goes. */
#define DEPTH_MAX 6

/* An object being walked, or a list of them. */
struct frame {
    json_t *value;
    enum schema_object_id object;
    void *member; /* the next one */
    size_t index; /* of a list */
    bool is_list;
    uint64_t seen; /* bit per row of the object */
    size_t path_len;
};

struct stack {
    struct frame frames[DEPTH_MAX];
    size_t depth;
};

static void push(struct stack *stack, const struct walk *w, json_t *value,
                 enum schema_object_id object, bool is_list)
{
    if (stack->depth == DEPTH_MAX)
        return; /* the tables do not go deeper */
    struct frame *frame = &stack->frames[stack->depth++];
    *frame = (struct frame){
        .value = value, .object = object, .is_list = is_list, .path_len = w->path.len};
    frame->member = is_list ? NULL : json_object_iter(value);
}

static void push_data(struct stack *stack, struct walk *w, json_t *data)
{
    if (w->type == EVENT_TYPE_CUSTOM)
        validate_custom(w, data);
    else
        push(stack, w, data, schema_data_of(w->type), false);
}

static void push_list(struct stack *stack, struct walk *w, const struct schema_field *field,
                      json_t *list)
{
    if ((int64_t)json_array_size(list) > field->max && !w->mutate)
        report_problem(w->report, ACCEPT_CODE_TOO_LARGE, w->path.text,
                       "must have at most %d items", (int)field->max);
    else
        push(stack, w, list, field->child, true);
}

static void step_member(struct stack *stack, struct walk *w, struct frame *frame)
{
    const char *name = json_object_iter_key(frame->member);
    json_t *value = json_object_iter_value(frame->member);
    frame->member = json_object_iter_next(frame->value, frame->member);
    const struct schema_field *field = schema_find(frame->object, name);
    if (!field) {
        validate_unknown(w, name, schema_suggest(frame->object, name));
        return;
    }
    frame->seen |= 1ULL << (field - schema_object(frame->object)->fields);
    path_add(&w->path, field->name);
    bool is_container =
        field->kind == SCHEMA_CHILD || field->kind == SCHEMA_LIST || field->kind == SCHEMA_DATA;
    bool fits = field->kind == SCHEMA_LIST ? json_is_array(value) : json_is_object(value);
    if (!is_container || !fits)
        validate_value(w, field, value);
    else if (field->kind == SCHEMA_DATA)
        push_data(stack, w, value);
    else if (field->kind == SCHEMA_LIST)
        push_list(stack, w, field, value);
    else
        push(stack, w, value, field->child, false);
}

static void step_item(struct stack *stack, struct walk *w, struct frame *frame)
{
    json_t *item = json_array_get(frame->value, frame->index);
    path_add_index(&w->path, frame->index++);
    if (json_is_object(item))
        push(stack, w, item, frame->object, false);
    else
        report_problem(w->report, ACCEPT_CODE_WRONG_TYPE, w->path.text, "must be an object");
}

static void check_required(struct walk *w, const struct frame *frame)
{
    const struct schema_object *object = schema_object(frame->object);
    for (size_t i = 0; i < object->field_count; i++) {
        if (!(object->fields[i].required & SCHEMA_FOR(w->type)) || frame->seen >> i & 1)
            continue;
        size_t before = path_add(&w->path, object->fields[i].name);
        report_problem(w->report, ACCEPT_CODE_REQUIRED, w->path.text, "is missing");
        path_cut(&w->path, before);
    }
}

static void walk_event(struct walk *w, json_t *root)
{
    struct stack stack = {.depth = 0};
    push(&stack, w, root, SCHEMA_EVENT, false);
    while (stack.depth > 0) {
        struct frame *frame = &stack.frames[stack.depth - 1];
        path_cut(&w->path, frame->path_len);
        if (frame->is_list && frame->index < json_array_size(frame->value)) {
            step_item(&stack, w, frame);
        } else if (frame->member) {
            step_member(&stack, w, frame);
        } else {
            if (!frame->is_list && !w->mutate)
                check_required(w, frame);
            stack.depth--;
        }
    }
}

/* ---- what takes more than one field ---------------------------------------- */

static bool goods_come_back(const json_t *data, const json_t *line)
{
    const char *whole = json_get_str(data, "transaction_type");
    const char *part = json_get_str(line, "type");
    return (whole && strcmp(whole, "sale") != 0) || (part && strcmp(part, "sale") != 0);
}

static void check_quantities(const json_t *data, struct report *report)
{
    size_t i;
    json_t *line;
    json_array_foreach(json_object_get(data, "lines"), i, line)
    {
        const char *quantity = json_get_str(line, "quantity");
        if (!quantity || quantity[0] != '-' || goods_come_back(data, line))
            continue;
        struct path path = {.len = 0};
        path_add(&path, "data");
        path_add(&path, "lines");
        path_add_index(&path, i);
        path_add(&path, "quantity");
        report_problem(
            report, ACCEPT_CODE_NEGATIVE_QUANTITY, path.text,
            "is negative on a sale; a return has transaction_type or line type return");
    }
}

static void check_purchase(struct event *event, const struct accept_settings *settings,
                           struct report *report)
{
    size_t problems = report->problems_total;
    const json_t *data = json_object_get(event->root, "data");
    const char *currency = json_get_str(data, "currency");
    event->wants_currency = !currency;
    if (!currency)
        currency = settings->currency;
    if (!currency[0])
        report_problem(report, ACCEPT_CODE_REQUIRED, "/data/currency",
                       "is missing, and the site has no default");
    check_quantities(data, report);
    if (report->problems_total == problems)
        money_check(data, currency, report);
}

static void check_consent(struct event *event, const struct accept_settings *settings,
                          struct report *report)
{
    struct consent consent = consent_of(event, settings->consent_default);
    event->profiling = consent.may_tokenise;
    event->advertising = consent.may_advertise;
    const json_t *identifiers = json_object_get(event->root, "identifiers");
    if (!consent.may_tokenise && !consent.said && json_object_size(identifiers) > 0)
        report_warning(report, ACCEPT_CODE_NO_CONSENT, "/consent/profiling");
}

/* A copy of what the record keeps, with the guard's finds replaced. */
static enum dl_err redact(struct event *event, struct walk *w)
{
    event->own = json_copy(event->root);
    json_t *data = json_object_get(event->root, "data");
    json_t *consent = json_object_get(event->root, "consent");
    if (!event->own ||
        (data && json_object_set_new(event->own, "data", json_deep_copy(data))) ||
        (consent && json_object_set_new(event->own, "consent", json_deep_copy(consent))))
        return DL_E_NOMEM;
    event->root = event->own;
    w->mutate = true;
    walk_event(w, event->own);
    return w->failed ? DL_E_NOMEM : DL_OK;
}

static enum event_type type_of(const json_t *root, struct report *report)
{
    const json_t *type = json_object_get(root, "type");
    if (!json_is_object(root))
        report_problem(report, ACCEPT_CODE_NOT_OBJECT, "", "an event is a JSON object");
    else if (!type)
        report_problem(report, ACCEPT_CODE_REQUIRED, "/type", "is missing");
    else if (!json_is_string(type))
        report_problem(report, ACCEPT_CODE_WRONG_TYPE, "/type", "must be a string");
    else if (event_type_of(json_string_value(type)) == EVENT_TYPE_NONE)
        report_problem(report, ACCEPT_CODE_UNKNOWN_TYPE, "/type",
                       "must be purchase, checkin, checkin.annulled, visit, consent, erase or "
                       "custom. and a name");
    else
        return event_type_of(json_string_value(type));
    return EVENT_TYPE_NONE;
}

enum dl_err validate(json_t *root, const struct accept_settings *settings,
                     struct report *report, struct event *ret)
{
    size_t problems = report->problems_total;
    *ret = (struct event){.root = root, .type = type_of(root, report)};
    if (ret->type == EVENT_TYPE_NONE)
        return DL_E_INPUT;
    struct walk w = {.type = ret->type, .report = report};
    w.redact = settings->guard == ACCEPT_GUARD_REDACT;
    walk_event(&w, root);
    if (report->problems_total > problems)
        return DL_E_INPUT;
    ret->has_time = json_object_get(root, "time") != NULL;
    if (ret->type == EVENT_TYPE_PURCHASE)
        check_purchase(ret, settings, report);
    check_consent(ret, settings, report);
    if (report->problems_total > problems)
        return DL_E_INPUT;
    return w.found > 0 ? redact(ret, &w) : DL_OK;
}
