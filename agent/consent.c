#include "agent/consent.h"

struct consent consent_of(const struct event *event, bool site_default)
{
    const json_t *given = json_object_get(event->root, "consent");
    const json_t *profiling = json_object_get(given, "profiling");
    struct consent consent = {
        .may_tokenise = profiling ? json_is_true(profiling) : site_default,
        .said = profiling != NULL,
    };
    consent.may_advertise =
        consent.may_tokenise && json_is_true(json_object_get(given, "ad_user_data"));
    if (event->type == EVENT_TYPE_CONSENT || event->type == EVENT_TYPE_ERASE)
        consent.may_tokenise = true;
    return consent;
}
