/* validate_internal.h - the pieces of validate.c. */
#ifndef DUNLIN_VALIDATE_INTERNAL_H
#define DUNLIN_VALIDATE_INTERNAL_H

#include "agent/pii_guard.h"
#include "agent/schema.h"
#include "agent/validate.h"

#define VALIDATE_REDACTED "[redacted]"

/* One walk over one event. */
struct walk {
    enum event_type type;
    struct report *report;
    struct path path;
    bool redact;  /* what the guard finds is warned about, not refused */
    bool mutate;  /* second walk, over a copy: only replaces what the guard finds */
    bool failed;  /* of memory, while mutating */
    size_t found; /* by the guard, in this event */
};

/* A value that is no container, against its row. */
void validate_value(struct walk *w, const struct schema_field *field, json_t *value);

/* The guard over one string; `no` is schema_field_no() of its place. */
void validate_guard(struct walk *w, json_t *value, enum pii_scope scope, size_t no);

/* `data` of a custom event, any JSON. */
void validate_custom(struct walk *w, json_t *data);

/* A member that the schema does not have, `suggestion` being one of ours or
 * NULL. Its own name may be personal data: it is shown only when it looks like
 * a programmer's word. */
void validate_unknown(struct walk *w, const char *name, const char *suggestion);
/* Appends a client's own name to a pointer, or a * when it is not shown. */
void validate_add_name(struct path *path, const char *name);

#endif
