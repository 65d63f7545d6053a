/* event.h - what the till sent, looked at but not copied.
 *
 * A struct event points into the caller's JSON; only what had to be changed
 * (a redacted field) is a copy of its own. One thread.
 */
#ifndef DUNLIN_EVENT_H
#define DUNLIN_EVENT_H

#include "platform/err.h"
#include "platform/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum event_type {
    EVENT_TYPE_PURCHASE,
    EVENT_TYPE_CHECKIN,
    EVENT_TYPE_CHECKIN_ANNULLED,
    EVENT_TYPE_VISIT,
    EVENT_TYPE_CONSENT,
    EVENT_TYPE_ERASE,
    EVENT_TYPE_CUSTOM, /* every custom.* */
    EVENT_TYPE_COUNT,
    EVENT_TYPE_NONE = EVENT_TYPE_COUNT,
};

/* "purchase", ..., "custom". */
const char *event_type_name(enum event_type type);
/* EVENT_TYPE_NONE when unknown; "custom." wants a name after it, of 1 to 57
 * characters of a-z 0-9 _ - and dots between them. */
enum event_type event_type_of(const char *name);

struct accept_scan; /* agent/accept.h */

struct event {
    enum event_type type;
    json_t *root; /* borrowed, or `own` */
    json_t *own;  /* a copy with redactions; NULL: none needed */
    bool has_time;
    bool wants_currency;            /* data has none: the site's is put in */
    bool profiling;                 /* tokens may be computed */
    bool advertising;               /* values for advertising platforms, too */
    const struct accept_scan *scan; /* what the agent says of a check-in; NULL: nothing */
};

/* Releases what is its own, not the caller's JSON. */
void event_done(struct event *event);

#endif
