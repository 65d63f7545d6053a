#include "hub/roster_text.h"

#include "platform/time_text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define DAY_TEXT_LEN 10 /* "2026-11-24" */
#define SECOND_MS    1000
#define DAY_MS       INT64_C(86400000)

/* `len` digits, and nothing but them. */
static bool digits(const char *text, size_t len, int *ret)
{
    *ret = 0;
    for (size_t i = 0; i < len; i++) {
        if (!isdigit((unsigned char)text[i]))
            return false;
        *ret = 10 * *ret + (text[i] - '0');
    }
    return true;
}

/* "HH:MM" at the start; true with the rest in *ret_rest. */
static bool minute_of(const char *text, int *ret, const char **ret_rest)
{
    int hours, minutes;
    if (strlen(text) < 5 || text[2] != ':' || !digits(text, 2, &hours) ||
        !digits(text + 3, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *ret = 60 * hours + minutes;
    *ret_rest = text + 5;
    return true;
}

bool roster_text_minute(const char *text, int *ret)
{
    const char *rest;
    return minute_of(text, ret, &rest) &&
           (*rest == '\0' || (rest[0] == ':' && strlen(rest) == 3 && rest[1] == '0'));
}

bool roster_text_time(const char *text, const struct checkin_zone *zone, bool up_to,
                      int64_t *ret_ms)
{
    char day_text[DAY_TEXT_LEN + 1] = "";
    const char *rest;
    int64_t day = 0;
    int minute = 0, seconds = 0;
    if (time_text_parse(text, ret_ms))
        return true;
    strncpy(day_text, text, DAY_TEXT_LEN);
    if (!time_text_parse_date(day_text, &day))
        return false;
    if (text[DAY_TEXT_LEN] == '\0') {
        *ret_ms = up_to ? checkin_zone_moment(zone, day + 1, 0) - 1
                        : checkin_zone_moment(zone, day, 0);
        return true;
    }
    if ((text[DAY_TEXT_LEN] != ' ' && text[DAY_TEXT_LEN] != 'T') ||
        !minute_of(text + DAY_TEXT_LEN + 1, &minute, &rest))
        return false;
    if (*rest &&
        (rest[0] != ':' || strlen(rest) != 3 || !digits(rest + 1, 2, &seconds) || seconds > 59))
        return false;
    *ret_ms = checkin_zone_moment(zone, day, minute) + seconds * SECOND_MS;
    return true;
}

json_t *roster_text_id(const json_t *value)
{
    char text[32];
    if (json_is_string(value) && json_string_length(value) > 0)
        return json_string(json_string_value(value));
    if (!json_is_integer(value))
        return NULL;
    snprintf(text, sizeof text, "%lld", (long long)json_integer_value(value));
    return json_string(text);
}

const char *roster_text_of(const json_t *value)
{
    const char *key;
    json_t *one;
    if (json_is_string(value))
        return json_string_value(value);
    if (json_get_str(value, "en"))
        return json_get_str(value, "en");
    json_object_foreach((json_t *)(uintptr_t)value, key, one)
    {
        if (json_is_string(one))
            return json_string_value(one);
    }
    return NULL;
}

const json_t *roster_text_rows(const json_t *value, bool *ret_more)
{
    if (json_is_object(value)) {
        *ret_more = *ret_more || json_is_string(json_object_get(value, "next"));
        value = json_object_get(value, "results");
    }
    return json_is_array(value) ? value : NULL;
}

/* ---- lists -------------------------------------------------------------------------- */

struct list_reading {
    const struct checkin_zone *zone;
    struct dl_why *why;
    size_t number; /* of the list, from 1 */
};

static enum dl_err bad(const struct list_reading *r, const char *member, const char *what)
{
    dl_why_set(r->why, "list %zu: %s: %s", r->number, member, what);
    return DL_E_INPUT;
}

/* An id, or none at all. */
static enum dl_err take_id(const struct list_reading *r, const char *member,
                           const json_t *value, json_t *ret)
{
    if (json_is_null(value))
        return DL_OK;
    json_t *id = roster_text_id(value);
    if (!id)
        return bad(r, member, "must be a text or a number");
    return json_object_set_new(ret, member, id) == 0 ? DL_OK : DL_E_NOMEM;
}

static enum dl_err take_name(const struct list_reading *r, const json_t *value, json_t *ret)
{
    const char *name = roster_text_of(value);
    if (!name)
        return bad(r, "name", "must be a text");
    return json_object_set_new(ret, "name", json_string(name)) == 0 ? DL_OK : DL_E_NOMEM;
}

static enum dl_err take_ids(const struct list_reading *r, const char *member,
                            const json_t *value, json_t *ret)
{
    json_t *ids = json_array();
    size_t i = 0;
    const json_t *one;
    enum dl_err err = ids ? DL_OK : DL_E_NOMEM;
    if (!err && !json_is_array(value) && !json_is_null(value))
        err = bad(r, member, "must be a list of ids");
    for (; !err && i < json_array_size(value); i++) {
        one = json_array_get(value, i);
        json_t *id = roster_text_id(one);
        if (!id)
            err = bad(r, member, "must be a list of ids");
        else if (json_array_append_new(ids, id) != 0)
            err = DL_E_NOMEM;
    }
    if (!err && i > 0 && json_object_set(ret, member, ids) != 0)
        err = DL_E_NOMEM;
    json_decref(ids);
    return err;
}

static enum dl_err take_time(const struct list_reading *r, const char *member, bool up_to,
                             const char *as, const json_t *value, json_t *ret)
{
    int64_t ms = 0;
    if (json_is_null(value))
        return DL_OK;
    if (json_is_integer(value))
        ms = json_integer_value(value);
    else if (!json_is_string(value) ||
             !roster_text_time(json_string_value(value), r->zone, up_to, &ms))
        return bad(r, member, "must be a time, as 2026-11-24T18:30:00+01:00");
    return json_object_set_new(ret, as, json_integer(ms)) == 0 ? DL_OK : DL_E_NOMEM;
}

/* pretix tells a moment; the gates want the time of day there. */
static enum dl_err take_exit_all(const struct list_reading *r, const json_t *value, json_t *ret)
{
    int64_t ms = 0;
    int minute = 0;
    if (json_is_null(value))
        return DL_OK;
    if (!json_is_string(value))
        return bad(r, "exit_all_at", "must be a time of day, as 04:00");
    if (!roster_text_minute(json_string_value(value), &minute)) {
        if (!roster_text_time(json_string_value(value), r->zone, false, &ms))
            return bad(r, "exit_all_at", "must be a time of day, as 04:00");
        int64_t midnight = checkin_zone_moment(r->zone, checkin_zone_day(r->zone, ms), 0);
        minute = (int)(((ms - midnight) % DAY_MS) / 60000);
    }
    return json_object_set_new(ret, "exit_all_minute", json_integer(minute)) == 0 ? DL_OK
                                                                                  : DL_E_NOMEM;
}

/* Members that pretix has, and that say nothing to a gate. */
static bool is_passed_over(const char *member)
{
    static const char *const members[] = {
        "position_count",        "checkin_count",     "auto_checkin_sales_channels",
        "include_pending",       "addon_match",       "ignore_in_statistics",
        "consider_tickets_used", "checked_out_count", "inside_count"};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (strcmp(members[i], member) == 0)
            return true;
    return false;
}

static bool is_copied(const char *member)
{
    static const char *const members[] = {"all_products",
                                          "allow_multiple_entries",
                                          "allow_entry_after_exit",
                                          "exit_all_minute",
                                          "opens_ms",
                                          "closes_ms",
                                          "unknown"};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (strcmp(members[i], member) == 0)
            return true;
    return false;
}

static enum dl_err take_member(const struct list_reading *r, const char *member,
                               const json_t *value, bool strict, json_t *ret)
{
    if (strcmp(member, "id") == 0 || strcmp(member, "subevent") == 0)
        return take_id(r, member, value, ret);
    if (strcmp(member, "name") == 0)
        return take_name(r, value, ret);
    if (strcmp(member, "products") == 0 || strcmp(member, "limit_products") == 0)
        return take_ids(r, "products", value, ret);
    if (strcmp(member, "gates") == 0)
        return take_ids(r, "gates", value, ret);
    if (strcmp(member, "exit_all_at") == 0)
        return take_exit_all(r, value, ret);
    if (strcmp(member, "opens") == 0)
        return take_time(r, "opens", false, "opens_ms", value, ret);
    if (strcmp(member, "closes") == 0)
        return take_time(r, "closes", true, "closes_ms", value, ret);
    if (strcmp(member, "rules") == 0 && json_object_size(value) == 0 && !json_is_array(value))
        return DL_OK; /* null or {}: none */
    if (strcmp(member, "rules") == 0 || is_copied(member))
        return json_object_set(ret, member, (json_t *)(uintptr_t)value) == 0 ? DL_OK
                                                                             : DL_E_NOMEM;
    if (strict && !is_passed_over(member))
        return bad(r, "a member", "is none that a list has; docs/CHECKIN.md has them all");
    return DL_OK;
}

static enum dl_err read_list(const struct list_reading *r, const json_t *from, bool strict,
                             json_t *ret)
{
    const char *member;
    json_t *value;
    enum dl_err err = json_is_object(from) ? DL_OK : bad(r, "it", "must be an object");
    json_object_foreach((json_t *)(uintptr_t)from, member, value)
    {
        if (!err)
            err = take_member(r, member, value, strict, ret);
    }
    /* Products without more mean these. */
    if (!err && !json_object_get(from, "all_products") && json_object_get(ret, "products") &&
        json_object_set_new(ret, "all_products", json_false()) != 0)
        err = DL_E_NOMEM;
    return err;
}

enum dl_err roster_lists_read(const json_t *from, const struct checkin_zone *zone, bool strict,
                              json_t **ret, struct dl_why *why)
{
    struct list_reading r = {.zone = zone, .why = why};
    bool more = false;
    if (json_is_object(from) && json_object_get(from, "lists"))
        from = json_object_get(from, "lists");
    const json_t *rows = roster_text_rows(from, &more);
    json_t *lists = json_array();
    enum dl_err err = lists ? DL_OK : DL_E_NOMEM;
    if (!err && (!rows || more)) {
        dl_why_set(why, more ? "the lists are one page of several: fetch them all"
                             : "the lists are [{\"id\": …}, …] or {\"lists\": […]}");
        err = DL_E_INPUT;
    }
    for (size_t i = 0; !err && i < json_array_size(rows); i++) {
        json_t *list = json_object();
        r.number = i + 1;
        err = list ? read_list(&r, json_array_get(rows, i), strict, list) : DL_E_NOMEM;
        if (!err && json_array_append(lists, list) != 0)
            err = DL_E_NOMEM;
        json_decref(list);
    }
    if (err)
        json_decref(lists);
    else
        *ret = lists;
    return err;
}

json_t *roster_lists_default(void)
{
    return json_pack("[{s:s, s:s, s:b, s:b, s:b}]", "id", "main", "name", "main",
                     "all_products", 1, "allow_multiple_entries", 0, "allow_entry_after_exit",
                     1);
}
