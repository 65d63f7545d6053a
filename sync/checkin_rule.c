#include "sync/checkin_rule.h"

#include "platform/time_text.h"

#include <string.h>

#define MINUTE_MS INT64_C(60000)

/* ---- values ------------------------------------------------------------------------- */

enum kind { NOTHING, TRUTH, NUMBER, TEXT, TIME, CHOICES };

struct value {
    enum kind kind;
    double number; /* of a TRUTH: 0 or 1 */
    int64_t time_ms;
    const char *text;      /* borrowed from the rules or the facts */
    const json_t *choices; /* of an objectList */
};

static struct value nothing(void)
{
    return (struct value){.kind = NOTHING};
}

static struct value truth(bool yes)
{
    return (struct value){.kind = TRUTH, .number = yes};
}

static struct value number(double n)
{
    return (struct value){.kind = NUMBER, .number = n};
}

static struct value text_or_nothing(const char *text)
{
    return text ? (struct value){.kind = TEXT, .text = text} : nothing();
}

static struct value moment(int64_t ms)
{
    return (struct value){.kind = TIME, .time_ms = ms};
}

static struct value moment_or_nothing(int64_t ms)
{
    return ms ? moment(ms) : nothing();
}

static bool is_true(const struct value *v)
{
    switch (v->kind) {
    case TRUTH:
    case NUMBER:
        return v->number != 0;
    case TEXT:
        return v->text[0] != '\0';
    case TIME:
        return true;
    default:
        return false;
    }
}

/* ---- variables ---------------------------------------------------------------------- */

/* Of the entries in [from, to): how many, or on how many days there. */
static double count_between(const struct checkin_facts *f, int64_t from, int64_t to, bool days)
{
    size_t count = 0;
    int64_t last_day = INT64_MIN;
    for (size_t i = 0; i < f->entry_count; i++) {
        if (f->entries[i] < from || f->entries[i] >= to)
            continue;
        int64_t day = checkin_zone_day(f->zone, f->entries[i]);
        count += !days || day != last_day;
        last_day = day;
    }
    return (double)count;
}

static double minutes_since(const struct checkin_facts *f, size_t entry)
{
    if (f->entry_count == 0)
        return -1;
    return (double)((f->now_ms - f->entries[entry]) / MINUTE_MS);
}

static struct value var_product(const struct checkin_facts *f)
{
    return text_or_nothing(f->product);
}
static struct value var_variation(const struct checkin_facts *f)
{
    return text_or_nothing(f->variation);
}
static struct value var_gate(const struct checkin_facts *f)
{
    return text_or_nothing(f->gate);
}
static struct value var_now(const struct checkin_facts *f)
{
    return moment(f->now_ms);
}
static struct value var_weekday(const struct checkin_facts *f)
{
    return number(checkin_zone_weekday(f->zone, f->now_ms));
}
static struct value var_status(const struct checkin_facts *f)
{
    return text_or_nothing(f->inside ? "present" : "absent");
}
static struct value var_entries(const struct checkin_facts *f)
{
    return number((double)f->entry_count);
}
static struct value var_today(const struct checkin_facts *f)
{
    int64_t midnight = checkin_zone_moment(f->zone, checkin_zone_day(f->zone, f->now_ms), 0);
    return number(count_between(f, midnight, INT64_MAX, false));
}
static struct value var_days(const struct checkin_facts *f)
{
    return number(count_between(f, INT64_MIN, INT64_MAX, true));
}
static struct value var_since_last(const struct checkin_facts *f)
{
    return number(minutes_since(f, f->entry_count - 1));
}
static struct value var_since_first(const struct checkin_facts *f)
{
    return number(minutes_since(f, 0));
}

static const struct variable {
    const char *name;
    struct value (*get)(const struct checkin_facts *f);
} variables[] = {
    {"product", var_product},
    {"variation", var_variation},
    {"gate", var_gate},
    {"now", var_now},
    {"now_isoweekday", var_weekday},
    {"entry_status", var_status},
    {"entries_number", var_entries},
    {"entries_today", var_today},
    {"entries_days", var_days},
    {"minutes_since_last_entry", var_since_last},
    {"minutes_since_first_entry", var_since_first},
};

static const struct variable *find_variable(const char *name)
{
    for (size_t i = 0; name && i < sizeof variables / sizeof variables[0]; i++)
        if (strcmp(variables[i].name, name) == 0)
            return &variables[i];
    return NULL;
}

/* ---- operators ---------------------------------------------------------------------- */

struct call {
    const struct checkin_facts *facts;
    const json_t *args; /* an array */
    size_t count;
    int depth;
};

static struct value eval(const json_t *node, const struct checkin_facts *facts, int depth);

static struct value arg(const struct call *c, size_t i)
{
    return i < c->count ? eval(json_array_get(c->args, i), c->facts, c->depth + 1) : nothing();
}

static struct value op_and(const struct call *c)
{
    for (size_t i = 0; i < c->count; i++) {
        struct value v = arg(c, i);
        if (!is_true(&v))
            return truth(false);
    }
    return truth(true);
}

static struct value op_or(const struct call *c)
{
    for (size_t i = 0; i < c->count; i++) {
        struct value v = arg(c, i);
        if (is_true(&v))
            return truth(true);
    }
    return truth(false);
}

static struct value op_not(const struct call *c)
{
    struct value v = arg(c, 0);
    return truth(!is_true(&v));
}

static bool equal(const struct value *a, const struct value *b)
{
    if (a->kind == TEXT && b->kind == TEXT)
        return strcmp(a->text, b->text) == 0;
    if (a->kind == TIME && b->kind == TIME)
        return a->time_ms == b->time_ms;
    bool a_counts = a->kind == NUMBER || a->kind == TRUTH;
    bool b_counts = b->kind == NUMBER || b->kind == TRUTH;
    return a_counts && b_counts && a->number == b->number;
}

static struct value op_equal(const struct call *c)
{
    struct value a = arg(c, 0), b = arg(c, 1);
    return truth(equal(&a, &b));
}

static struct value op_unequal(const struct call *c)
{
    struct value a = arg(c, 0), b = arg(c, 1);
    return truth(a.kind != NOTHING && b.kind != NOTHING && !equal(&a, &b));
}

/* -1, 0, 1; false: they do not compare. */
static bool compared(const struct call *c, int *ret)
{
    struct value a = arg(c, 0), b = arg(c, 1);
    if (a.kind != NUMBER || b.kind != NUMBER)
        return false;
    *ret = (a.number > b.number) - (a.number < b.number);
    return true;
}

static struct value op_less(const struct call *c)
{
    int way = 0;
    return truth(compared(c, &way) && way < 0);
}
static struct value op_at_most(const struct call *c)
{
    int way = 0;
    return truth(compared(c, &way) && way <= 0);
}
static struct value op_more(const struct call *c)
{
    int way = 0;
    return truth(compared(c, &way) && way > 0);
}
static struct value op_at_least(const struct call *c)
{
    int way = 0;
    return truth(compared(c, &way) && way >= 0);
}

static bool two_times(const struct call *c, int64_t *ret_a, int64_t *ret_b,
                      int64_t *ret_tolerance)
{
    struct value a = arg(c, 0), b = arg(c, 1), tolerance = arg(c, 2);
    *ret_a = a.time_ms;
    *ret_b = b.time_ms;
    *ret_tolerance =
        tolerance.kind == NUMBER ? (int64_t)(tolerance.number * (double)MINUTE_MS) : 0;
    return a.kind == TIME && b.kind == TIME;
}

static struct value op_before(const struct call *c)
{
    int64_t a, b, tolerance;
    return truth(two_times(c, &a, &b, &tolerance) && a < b + tolerance);
}

static struct value op_after(const struct call *c)
{
    int64_t a, b, tolerance;
    return truth(two_times(c, &a, &b, &tolerance) && a > b - tolerance);
}

/* The id in {"lookup": [what, id, name]}; NULL: it is no such thing. */
static const char *lookup_id(const json_t *node)
{
    const json_t *args = json_object_get(node, "lookup");
    return json_string_value(json_array_get(args, 1));
}

static struct value op_in_list(const struct call *c)
{
    struct value what = arg(c, 0), list = arg(c, 1);
    if (what.kind != TEXT || list.kind != CHOICES)
        return truth(false);
    for (size_t i = 0; i < json_array_size(list.choices); i++) {
        const char *id = lookup_id(json_array_get(list.choices, i));
        if (id && strcmp(id, what.text) == 0)
            return truth(true);
    }
    return truth(false);
}

static struct value op_object_list(const struct call *c)
{
    return (struct value){.kind = CHOICES, .choices = c->args};
}

static struct value op_lookup(const struct call *c)
{
    return text_or_nothing(json_string_value(json_array_get(c->args, 1)));
}

static struct value op_var(const struct call *c)
{
    const struct variable *v = find_variable(json_string_value(json_array_get(c->args, 0)));
    return v ? v->get(c->facts) : nothing();
}

static bool minute_of(const char *text, int *ret)
{
    if (!text || strlen(text) < 5 || text[2] != ':')
        return false;
    for (size_t i = 0; i < 5; i++)
        if (i != 2 && (text[i] < '0' || text[i] > '9'))
            return false;
    int hour = (text[0] - '0') * 10 + text[1] - '0';
    int minute = (text[3] - '0') * 10 + text[4] - '0';
    *ret = hour * 60 + minute;
    return hour < 24 && minute < 60 && (text[5] == '\0' || strcmp(text + 5, ":00") == 0);
}

static struct value op_build_time(const struct call *c)
{
    const char *what = json_string_value(json_array_get(c->args, 0));
    const char *text = json_string_value(json_array_get(c->args, 1));
    const struct checkin_facts *f = c->facts;
    int64_t ms = 0;
    int minute = 0;
    if (!what)
        return nothing();
    if (strcmp(what, "custom") == 0)
        return text && checkin_time_of(text, &ms) ? moment(ms) : nothing();
    if (strcmp(what, "customtime") == 0)
        return minute_of(text, &minute)
                   ? moment(checkin_zone_moment(f->zone, checkin_zone_day(f->zone, f->now_ms),
                                                minute))
                   : nothing();
    if (strcmp(what, "date_from") == 0)
        return moment_or_nothing(f->date_from_ms);
    if (strcmp(what, "date_to") == 0)
        return moment_or_nothing(f->date_to_ms);
    return moment_or_nothing(f->date_admission_ms ? f->date_admission_ms : f->date_from_ms);
}

static struct value entries(const struct call *c, bool since, bool days)
{
    struct value at = arg(c, 0);
    if (at.kind != TIME)
        return nothing();
    return number(since ? count_between(c->facts, at.time_ms, INT64_MAX, days)
                        : count_between(c->facts, INT64_MIN, at.time_ms, days));
}

static struct value op_entries_since(const struct call *c)
{
    return entries(c, true, false);
}
static struct value op_entries_before(const struct call *c)
{
    return entries(c, false, false);
}
static struct value op_days_since(const struct call *c)
{
    return entries(c, true, true);
}
static struct value op_days_before(const struct call *c)
{
    return entries(c, false, true);
}

static const struct operation {
    const char *name;
    size_t args_min, args_max;
    struct value (*run)(const struct call *c);
} operations[] = {
    {"and", 0, CHECKIN_RULE_NODES_MAX, op_and},
    {"or", 0, CHECKIN_RULE_NODES_MAX, op_or},
    {"!", 1, 1, op_not},
    {"==", 2, 2, op_equal},
    {"!=", 2, 2, op_unequal},
    {"<", 2, 2, op_less},
    {"<=", 2, 2, op_at_most},
    {">", 2, 2, op_more},
    {">=", 2, 2, op_at_least},
    {"isBefore", 2, 3, op_before},
    {"isAfter", 2, 3, op_after},
    {"inList", 2, 2, op_in_list},
    {"objectList", 0, CHECKIN_RULE_NODES_MAX, op_object_list},
    {"lookup", 2, 3, op_lookup},
    {"var", 1, 1, op_var},
    {"buildTime", 1, 2, op_build_time},
    {"entries_since", 1, 1, op_entries_since},
    {"entries_before", 1, 1, op_entries_before},
    {"entries_days_since", 1, 1, op_days_since},
    {"entries_days_before", 1, 1, op_days_before},
};

static const struct operation *find_operation(const char *name)
{
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++)
        if (strcmp(operations[i].name, name) == 0)
            return &operations[i];
    return NULL;
}

/* The only member of an operator's object; NULL: it is none. */
static const char *operator_of(const json_t *node, const json_t **ret_args)
{
    void *iter = json_object_iter((json_t *)(uintptr_t)node);
    if (json_object_size(node) != 1 || !iter)
        return NULL;
    *ret_args = json_object_iter_value(iter);
    return json_object_iter_key(iter);
}

static struct value eval(const json_t *node, const struct checkin_facts *facts, int depth)
{
    if (depth > CHECKIN_RULE_DEPTH_MAX)
        return nothing();
    if (json_is_boolean(node))
        return truth(json_is_true(node));
    if (json_is_number(node))
        return number(json_number_value(node));
    if (json_is_string(node))
        return text_or_nothing(json_string_value(node));
    const json_t *args = NULL;
    const char *name = operator_of(node, &args);
    const struct operation *op = name ? find_operation(name) : NULL;
    if (!op)
        return nothing();
    json_t *alone = NULL; /* {"var": "product"} is {"var": ["product"]} */
    if (!json_is_array(args))
        args = alone = json_pack("[O]", args);
    struct call call = {facts, args, json_array_size(args), depth};
    struct value v = op->run(&call);
    json_decref(alone);
    return alone && v.kind == CHOICES ? nothing() : v;
}

static bool is_empty(const json_t *rules)
{
    return !rules || json_is_null(rules) ||
           (json_is_object(rules) && json_object_size(rules) == 0);
}

bool checkin_rule_holds(const json_t *rules, const struct checkin_facts *facts)
{
    if (is_empty(rules))
        return true;
    if (checkin_rule_check(rules, NULL) != DL_OK)
        return false;
    struct value v = eval(rules, facts, 0);
    return is_true(&v);
}

/* ---- the check ---------------------------------------------------------------------- */

struct check {
    size_t nodes;
    struct dl_why *why;
};

static enum dl_err refuse(const struct check *c, const char *op, const char *what)
{
    if (c->why)
        dl_why_set(c->why, "in \"%s\": %s", op, what);
    return DL_E_INPUT;
}

static enum dl_err check_words(const struct check *c, const struct operation *op,
                               const json_t *args)
{
    static const char *const times[] = {"custom", "customtime", "date_from", "date_to",
                                        "date_admission"};
    const char *first = json_string_value(json_array_get(args, 0));
    const char *second = json_string_value(json_array_get(args, 1));
    int64_t ms;
    int minute;
    if (op->run == op_var && !find_variable(first))
        return refuse(c, "var", "there is no such variable");
    if (op->run == op_lookup && (!first || !second))
        return refuse(c, "lookup", "it is [what, id, name], in strings");
    if (op->run != op_build_time)
        return DL_OK;
    size_t i = 0;
    while (i < 5 && !(first && strcmp(first, times[i]) == 0))
        i++;
    if (i == 5)
        return refuse(c, "buildTime", "custom, customtime, date_from, date_to, date_admission");
    if (i == 0 && !(second && checkin_time_of(second, &ms)))
        return refuse(c, "buildTime", "custom takes a time of RFC 3339");
    if (i == 1 && !minute_of(second, &minute))
        return refuse(c, "buildTime", "customtime takes HH:MM");
    return DL_OK;
}

static enum dl_err check_node(struct check *c, const json_t *node, const char *inside,
                              int depth);

static enum dl_err check_args(struct check *c, const struct operation *op, const json_t *args,
                              int depth)
{
    size_t count = json_array_size(args);
    if (count < op->args_min || count > op->args_max)
        return refuse(c, op->name, "it takes another number of arguments");
    enum dl_err err = check_words(c, op, args);
    for (size_t i = 0; !err && i < count; i++) {
        const json_t *each = json_array_get(args, i);
        if (op->run == op_object_list && !lookup_id(each))
            err = refuse(c, op->name, "it lists lookups");
        else
            err = check_node(c, each, op->name, depth + 1);
    }
    return err;
}

static enum dl_err check_node(struct check *c, const json_t *node, const char *inside,
                              int depth)
{
    const json_t *args = NULL;
    if (++c->nodes > CHECKIN_RULE_NODES_MAX || depth > CHECKIN_RULE_DEPTH_MAX)
        return refuse(c, inside, "the rules are too large or too deep");
    if (json_is_boolean(node) || json_is_number(node) || json_is_string(node) ||
        json_is_null(node))
        return DL_OK;
    const char *name = operator_of(node, &args);
    const struct operation *op = name ? find_operation(name) : NULL;
    if (!op)
        return refuse(c, inside, "there is no such operator");
    if (json_is_array(args))
        return check_args(c, op, args, depth);
    if (op->run == op_object_list)
        return refuse(c, op->name, "it lists lookups");
    json_t *alone = json_pack("[O]", args);
    enum dl_err err = alone ? check_args(c, op, alone, depth) : DL_E_NOMEM;
    json_decref(alone);
    return err;
}

enum dl_err checkin_rule_check(const json_t *rules, struct dl_why *why)
{
    struct check c = {.why = why};
    if (is_empty(rules))
        return DL_OK;
    return check_node(&c, rules, "rules", 0);
}

bool checkin_time_of(const char *text, int64_t *ret_ms)
{
    char zoned[TIME_TEXT_BYTES + 16];
    size_t len = strlen(text);
    if (time_text_parse(text, ret_ms))
        return true;
    if (len + 2 > sizeof zoned)
        return false;
    memcpy(zoned, text, len);
    memcpy(zoned + len, "Z", 2);
    return time_text_parse(zoned, ret_ms);
}
