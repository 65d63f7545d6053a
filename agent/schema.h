/* schema.h - every field an event may have, as flat tables.
 *
 * The tables are the schema: validate.c walks an event along them, docs/events.md
 * is printed from them, and a test holds the two together. A member that is not
 * in them does not exist. Static data, any thread.
 */
#ifndef DUNLIN_SCHEMA_H
#define DUNLIN_SCHEMA_H

#include "agent/event.h"

#include <stddef.h>
#include <stdint.h>

#define SCHEMA_FIELDS_MAX      192
#define SCHEMA_IDENTIFIERS_MAX 24

enum schema_object_id {
    SCHEMA_EVENT,
    SCHEMA_IDENTIFIERS,
    SCHEMA_CONSENT,
    SCHEMA_PURCHASE,
    SCHEMA_LINE,
    SCHEMA_TAX,
    SCHEMA_TENDER,
    SCHEMA_DISCOUNT,
    SCHEMA_ORIGINAL,
    SCHEMA_CHECKIN,
    SCHEMA_ANNULLED,
    SCHEMA_VISIT,
    SCHEMA_CONSENT_DATA,
    SCHEMA_ERASE,
    SCHEMA_OBJECT_COUNT,
};

/* What a field holds. min and max are bytes for strings, items for lists, the
 * value itself for numbers. */
enum schema_kind {
    SCHEMA_TEXT, /* free words; the guard looks for all it knows */
    SCHEMA_CODE, /* a key of the client's; the guard lets digit groups pass */
    SCHEMA_WORD, /* one of `words` */
    SCHEMA_INT,
    SCHEMA_MONEY, /* minor units, either sign */
    SCHEMA_BOOL,
    SCHEMA_DECIMAL,  /* a decimal string */
    SCHEMA_QUANTITY, /* the same; negative only where goods come back */
    SCHEMA_DATE,
    SCHEMA_TIME,
    SCHEMA_CURRENCY,
    SCHEMA_GTIN,
    SCHEMA_EVENT_TYPE,
    SCHEMA_EVENT_ID,   /* never redacted: it is the idempotency key */
    SCHEMA_IGNORED,    /* a string that is checked and not kept */
    SCHEMA_IDENTIFIER, /* min is its enum token_type, TOKEN_TYPE_NONE: no form yet */
    SCHEMA_CHILD,      /* an object of kind `child` */
    SCHEMA_LIST,       /* of objects of kind `child` */
    SCHEMA_DATA,       /* an object whose kind follows from the event's type */
};

#define SCHEMA_FOR(type) (1U << (type))
#define SCHEMA_FOR_ALL   ((1U << EVENT_TYPE_COUNT) - 1)

struct schema_field {
    const char *name;
    enum schema_kind kind;
    int64_t min, max;
    unsigned required; /* bit per enum event_type */
    enum schema_object_id child;
    const char *words; /* SCHEMA_WORD: "sale return", separated by a space */
    const char *about; /* for docs/events.md */
};

struct schema_object {
    const char *name;
    const struct schema_field *fields;
    size_t field_count;
};

const struct schema_object *schema_object(enum schema_object_id id);
/* NULL: there is no such member. */
const struct schema_field *schema_find(enum schema_object_id id, const char *name);
/* What `data` of such an event is; SCHEMA_OBJECT_COUNT for custom events. */
enum schema_object_id schema_data_of(enum event_type type);

/* All fields of all objects are numbered from 0; the last number stands for
 * whatever lies in a custom event's data. Names are "line.sku", "custom". */
size_t schema_field_count(void);
size_t schema_field_no(const struct schema_field *field);
#define SCHEMA_FIELD_CUSTOM (schema_field_count() - 1)
/* Borrowed until the thread asks again. */
const char *schema_field_name(size_t no);

/* One of ours that `name` was probably meant to be (case, separators and up to
 * two letters aside), or NULL. */
const char *schema_suggest(enum schema_object_id id, const char *name);

#endif
