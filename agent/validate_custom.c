#include "agent/validate_internal.h"

#include <string.h>

struct level {
    json_t *value;
    void *member; /* of an object: the next one */
    size_t index; /* of an array: the next one */
    size_t path_len;
};

struct custom {
    struct walk *walk;
    struct level levels[VALIDATE_CUSTOM_DEPTH_MAX];
    size_t depth;
    size_t values;
};

/* A card number may come as a number as well, 4242424242424242.0 included. */
static json_int_t whole_number(const json_t *value)
{
    double real = json_real_value(value); /* 0 where it is none */
    if (json_is_real(value))
        return real > 0 && real < 9e18 ? (json_int_t)real : 0;
    return json_integer_value(value);
}

static bool is_card_integer(const json_t *value)
{
    char digits[24];
    size_t len = 0;
    json_int_t n = whole_number(value);
    if (n <= 0)
        return false;
    for (json_int_t v = n; v > 0; v /= 10)
        len++;
    for (size_t i = len; i > 0; i--, n /= 10)
        digits[i - 1] = (char)('0' + n % 10);
    return pii_is_card_number(digits, len);
}

static void check_text(struct walk *w, json_t *value)
{
    if (!w->mutate && json_string_length(value) > VALIDATE_CUSTOM_TEXT_MAX)
        report_problem(w->report, ACCEPT_CODE_TOO_LARGE, w->path.text,
                       "must have at most %d bytes", VALIDATE_CUSTOM_TEXT_MAX);
    else
        validate_guard(w, value, PII_IN_TEXT, SCHEMA_FIELD_CUSTOM);
}

static void push(struct custom *c, json_t *value)
{
    struct walk *w = c->walk;
    if (c->depth == VALIDATE_CUSTOM_DEPTH_MAX) {
        if (!w->mutate)
            report_problem(w->report, ACCEPT_CODE_TOO_DEEP, w->path.text,
                           "data may be nested %d deep", VALIDATE_CUSTOM_DEPTH_MAX);
        return;
    }
    struct level *level = &c->levels[c->depth++];
    *level = (struct level){.value = value, .path_len = w->path.len};
    level->member = json_is_object(value) ? json_object_iter(value) : NULL;
}

static void check_any(struct custom *c, json_t *value)
{
    struct walk *w = c->walk;
    c->values++;
    if (json_is_object(value) || json_is_array(value)) {
        push(c, value);
    } else if (json_is_string(value)) {
        check_text(w, value);
    } else if (json_is_number(value) && is_card_integer(value) && !w->mutate) {
        w->report->tally.guard[SCHEMA_FIELD_CUSTOM]++;
        report_problem(w->report, ACCEPT_CODE_PII_IN_FIELD, w->path.text,
                       "contains %s; personal data belongs into identifiers",
                       pii_name(PII_CARD));
    }
}

/* A member's name is data too, and cannot be redacted without making two equal.
 * Names of the client's are not shown in pointers beyond the harmless ones. */
static bool check_key(struct walk *w, const char *key)
{
    size_t len = strlen(key);
    if (w->mutate)
        return true;
    if (len > VALIDATE_CUSTOM_KEY_MAX) {
        report_problem(w->report, ACCEPT_CODE_TOO_LARGE, w->path.text,
                       "names of members must have at most %d bytes", VALIDATE_CUSTOM_KEY_MAX);
        return false;
    }
    enum pii pii = pii_find(key, len, PII_IN_TEXT);
    if (pii == PII_NONE)
        return true;
    w->report->tally.guard[SCHEMA_FIELD_CUSTOM]++;
    report_problem(w->report, ACCEPT_CODE_PII_IN_FIELD, w->path.text,
                   "the name of a member contains %s", pii_name(pii));
    return false;
}

/* The next value of the innermost level; NULL when it is done. */
static json_t *next(struct custom *c)
{
    struct walk *w = c->walk;
    struct level *level = &c->levels[c->depth - 1];
    path_cut(&w->path, level->path_len);
    if (json_is_array(level->value)) {
        json_t *value = json_array_get(level->value, level->index);
        if (value)
            path_add_index(&w->path, level->index++);
        return value;
    }
    while (level->member) {
        const char *key = json_object_iter_key(level->member);
        json_t *value = json_object_iter_value(level->member);
        level->member = json_object_iter_next(level->value, level->member);
        if (!check_key(w, key))
            continue;
        validate_add_name(&w->path, key);
        return value;
    }
    return NULL;
}

void validate_custom(struct walk *w, json_t *data)
{
    struct custom c = {.walk = w};
    size_t before = w->path.len;
    push(&c, data);
    while (c.depth > 0 && c.values <= VALIDATE_CUSTOM_VALUES_MAX) {
        json_t *value = next(&c);
        if (value)
            check_any(&c, value);
        else
            c.depth--;
    }
    path_cut(&w->path, before);
    if (c.values > VALIDATE_CUSTOM_VALUES_MAX && !w->mutate)
        report_problem(w->report, ACCEPT_CODE_TOO_LARGE, w->path.text,
                       "data may hold at most %d values", VALIDATE_CUSTOM_VALUES_MAX);
}
