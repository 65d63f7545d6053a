/* Numbers and names of fields, for counters and for helpful refusals. */
#include "agent/schema.h"

#include <stdio.h>
#include <string.h>

size_t schema_field_count(void)
{
    size_t count = 1; /* what lies in custom data */
    for (int id = 0; id < SCHEMA_OBJECT_COUNT; id++)
        count += schema_object((enum schema_object_id)id)->field_count;
    return count;
}

size_t schema_field_no(const struct schema_field *field)
{
    size_t before = 0;
    for (int id = 0; id < SCHEMA_OBJECT_COUNT; id++) {
        const struct schema_object *object = schema_object((enum schema_object_id)id);
        for (size_t i = 0; i < object->field_count; i++)
            if (&object->fields[i] == field)
                return before + i;
        before += object->field_count;
    }
    return before;
}

const char *schema_field_name(size_t no)
{
    static _Thread_local char name[64];
    for (int id = 0; id < SCHEMA_OBJECT_COUNT; id++) {
        const struct schema_object *object = schema_object((enum schema_object_id)id);
        if (no < object->field_count) {
            (void)snprintf(name, sizeof name, "%s.%s", object->name, object->fields[no].name);
            return name;
        }
        no -= object->field_count;
    }
    return "custom";
}

/* Lower-case letters and digits alone: "storeId", "store-id" and "store_id" meet. */
static size_t skeleton(const char *name, char *ret, size_t cap)
{
    size_t len = 0;
    for (; *name && len < cap; name++) {
        char c = *name;
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            ret[len++] = c;
    }
    return len;
}

#define SKELETON_MAX 48

/* Levenshtein's distance, by two rows. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t row[SKELETON_MAX + 1];
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[b_len];
}

const char *schema_suggest(enum schema_object_id id, const char *name)
{
    char wanted[SKELETON_MAX], ours[SKELETON_MAX];
    size_t wanted_len = skeleton(name, wanted, sizeof wanted);
    const struct schema_object *object = schema_object(id);
    const char *found = NULL;
    size_t found_distance = 3;
    for (size_t i = 0; i < object->field_count; i++) {
        size_t len = skeleton(object->fields[i].name, ours, sizeof ours);
        size_t d = distance(wanted, wanted_len, ours, len);
        if (d < found_distance && d * 3 < len) {
            found = object->fields[i].name;
            found_distance = d;
        }
    }
    return found;
}
