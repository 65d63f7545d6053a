/* consent.h - whether an event's identifiers may become tokens. */
#ifndef DUNLIN_CONSENT_H
#define DUNLIN_CONSENT_H

#include "agent/event.h"

#include <stdbool.h>

struct consent {
    bool may_tokenise;
    bool said;          /* the event itself says yes or no to profiling */
    bool may_advertise; /* yes to profiling, and the event itself to ad_user_data: no
                           default of a site stands for that */
};

/* The event's own `consent.profiling`, else the site's default; consent and
 * erase events always, for they must find the person they speak of
 * (docs/adr/003). */
struct consent consent_of(const struct event *event, bool site_default);

#endif
