#include "agent/validate_internal.h"

#include <string.h>

#define NAME_SHOWN_MAX 40

/* A word of a programmer's, snake_case: "Zebulonia" or "jane@x.org" is not. */
static bool looks_like_ours(const char *name)
{
    size_t len = strnlen(name, NAME_SHOWN_MAX + 1);
    if (len == 0 || len > NAME_SHOWN_MAX || name[0] < 'a' || name[0] > 'z')
        return false;
    if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != len)
        return false;
    size_t digits = 0;
    for (const char *at = name; *at; at++)
        digits += *at >= '0' && *at <= '9';
    return digits <= 3;
}

void validate_unknown(struct walk *w, const char *name, const char *suggestion)
{
    bool shown = looks_like_ours(name) || suggestion;
    size_t before = w->path.len;
    if (shown)
        path_add(&w->path, name);
    if (suggestion)
        report_problem(w->report, ACCEPT_CODE_UNKNOWN_FIELD, w->path.text,
                       "there is no such field; is %s meant?", suggestion);
    else
        report_problem(w->report, ACCEPT_CODE_UNKNOWN_FIELD, w->path.text, "%s",
                       shown ? "there is no such field"
                             : "a member here is no field; its name is not shown");
    path_cut(&w->path, before);
}

void validate_add_name(struct path *path, const char *name)
{
    path_add(path, looks_like_ours(name) ? name : "*");
}
