#include "agent/counts.h"

#include "platform/thread.h"

#include <stdlib.h>

struct counts {
    struct mutex lock;
    struct counts_tally sum;
};

enum dl_err counts_make(struct counts **ret)
{
    struct counts *counts = calloc(1, sizeof *counts);
    if (!counts)
        return DL_E_NOMEM;
    mutex_init(&counts->lock);
    *ret = counts;
    return DL_OK;
}

void counts_free(struct counts *counts)
{
    if (!counts)
        return;
    mutex_done(&counts->lock);
    free(counts);
}

static void add(uint64_t *sum, const uint64_t *more, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sum[i] += more[i];
}

void counts_add(struct counts *counts, const struct counts_tally *tally)
{
    mutex_lock(&counts->lock);
    add(counts->sum.events, tally->events, EVENT_TYPE_COUNT);
    add(counts->sum.refused, tally->refused, ACCEPT_CODE_COUNT);
    add(counts->sum.warnings, tally->warnings, ACCEPT_CODE_COUNT);
    add(counts->sum.identifiers, tally->identifiers, SCHEMA_IDENTIFIERS_MAX);
    add(counts->sum.dropped, tally->dropped, SCHEMA_IDENTIFIERS_MAX);
    add(counts->sum.guard, tally->guard, SCHEMA_FIELDS_MAX);
    counts->sum.duplicates += tally->duplicates;
    counts->sum.audience += tally->audience;
    mutex_unlock(&counts->lock);
}

void counts_add_refused(struct counts *counts, const struct counts_tally *tally)
{
    mutex_lock(&counts->lock);
    add(counts->sum.refused, tally->refused, ACCEPT_CODE_COUNT);
    add(counts->sum.guard, tally->guard, SCHEMA_FIELDS_MAX);
    mutex_unlock(&counts->lock);
}

static const char *event_word(size_t i)
{
    return event_type_name((enum event_type)i);
}

static const char *code_word(size_t i)
{
    return accept_code_name((enum accept_code)i);
}

static const char *identifier_word(size_t i)
{
    return schema_object(SCHEMA_IDENTIFIERS)->fields[i].name;
}

/* {word: n} of the counters that are not zero. */
static json_t *group(const uint64_t *values, size_t count, const char *(*word)(size_t i))
{
    json_t *obj = json_object();
    for (size_t i = 0; obj && i < count; i++) {
        if (values[i] == 0)
            continue;
        if (json_object_set_new(obj, word(i), json_integer((json_int_t)values[i]))) {
            json_decref(obj);
            return NULL;
        }
    }
    return obj;
}

json_t *counts_json(struct counts *counts)
{
    mutex_lock(&counts->lock);
    struct counts_tally sum = counts->sum;
    mutex_unlock(&counts->lock);
    size_t identifiers = schema_object(SCHEMA_IDENTIFIERS)->field_count;
    json_t *obj = json_object();
    int failed = !obj;
    failed |=
        json_object_set_new(obj, "events", group(sum.events, EVENT_TYPE_COUNT, event_word));
    failed |=
        json_object_set_new(obj, "refused", group(sum.refused, ACCEPT_CODE_COUNT, code_word));
    failed |=
        json_object_set_new(obj, "warnings", group(sum.warnings, ACCEPT_CODE_COUNT, code_word));
    failed |= json_object_set_new(obj, "identifiers",
                                  group(sum.identifiers, identifiers, identifier_word));
    failed |=
        json_object_set_new(obj, "dropped", group(sum.dropped, identifiers, identifier_word));
    failed |= json_object_set_new(obj, "guard",
                                  group(sum.guard, schema_field_count(), schema_field_name));
    failed |= json_object_set_new(obj, "duplicates", json_integer((json_int_t)sum.duplicates));
    failed |= json_object_set_new(obj, "audience", json_integer((json_int_t)sum.audience));
    if (!failed)
        return obj;
    json_decref(obj);
    return NULL;
}
