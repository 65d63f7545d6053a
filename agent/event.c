#include "agent/event.h"

#include <assert.h>
#include <string.h>

#define CUSTOM_PREFIX    "custom."
#define CUSTOM_BYTES_MAX 64

static const char *const names[EVENT_TYPE_COUNT] = {
    [EVENT_TYPE_PURCHASE] = "purchase",
    [EVENT_TYPE_CHECKIN] = "checkin",
    [EVENT_TYPE_CHECKIN_ANNULLED] = "checkin.annulled",
    [EVENT_TYPE_VISIT] = "visit",
    [EVENT_TYPE_CONSENT] = "consent",
    [EVENT_TYPE_ERASE] = "erase",
    [EVENT_TYPE_CUSTOM] = "custom",
};

const char *event_type_name(enum event_type type)
{
    assert(type < EVENT_TYPE_COUNT);
    return names[type];
}

static bool is_custom(const char *name)
{
    size_t prefix_len = sizeof CUSTOM_PREFIX - 1;
    size_t len = strnlen(name, CUSTOM_BYTES_MAX + 1);
    if (len <= prefix_len || len > CUSTOM_BYTES_MAX ||
        memcmp(name, CUSTOM_PREFIX, prefix_len) != 0)
        return false;
    if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_.-") != len)
        return false;
    return name[len - 1] != '.' && !strstr(name, "..");
}

enum event_type event_type_of(const char *name)
{
    for (int type = 0; type < EVENT_TYPE_CUSTOM; type++)
        if (strcmp(name, names[type]) == 0)
            return (enum event_type)type;
    return is_custom(name) ? EVENT_TYPE_CUSTOM : EVENT_TYPE_NONE;
}

void event_done(struct event *event)
{
    json_decref(event->own);
    *event = (struct event){.type = EVENT_TYPE_NONE};
}
