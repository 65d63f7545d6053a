#include "hub/desk.h"

#include "hub/consent.h"
#include "hub/devices.h"
#include "hub/match_internal.h"
#include "hub/query.h"
#include "hub/rekey.h"
#include "platform/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS         INT64_C(86400000)
#define MINUTE_MS      INT64_C(60000)
#define PAGE_EVENTS    500
#define PAGE_BYTES_MAX ((size_t)2 * 1024 * 1024)

enum dl_err desk_grant(struct store *st, const char *name, bool desk, const char *who,
                       int64_t now_ms)
{
    struct store_device device;
    enum dl_err err = st->begin(st, STORE_WRITE);
    if (err)
        return err;
    err = st->device_find(st, name, &device);
    if (!err && device.state == STORE_DEVICE_REMOVED)
        err = DL_E_NOT_FOUND;
    if (!err && desk && device.state == STORE_DEVICE_REVOKED)
        err = DL_E_REJECTED;
    if (!err)
        err = st->device_set_desk(st, device.no, desk);
    if (!err)
        err = devices_audit(st, who, "device.grant", name, desk ? "desk" : "none", now_ms);
    if (!err)
        return st->commit(st);
    st->rollback(st);
    return err;
}

/* ---- how often ------------------------------------------------------------------------ */

/* Counts one; false: it has to wait. The first refusal of a day is audited, so the
 * count goes one past the bound, and no further. */
static bool take_use(struct store_desk_use *use, const struct desk_limits *limits,
                     int64_t now_ms, int64_t *ret_wait_ms, bool *ret_first_refusal)
{
    int64_t day = now_ms / DAY_MS, minute = now_ms / MINUTE_MS;
    if (use->day != day)
        use->used_day = 0;
    if (use->minute != minute)
        use->used_minute = 0;
    use->day = day;
    use->minute = minute;
    *ret_first_refusal = use->used_day == limits->per_day;
    if (use->used_day >= limits->per_day) {
        use->used_day = limits->per_day + 1;
        *ret_wait_ms = (day + 1) * DAY_MS - now_ms;
        return false;
    }
    if (use->used_minute >= limits->per_minute) {
        *ret_wait_ms = (minute + 1) * MINUTE_MS - now_ms;
        return false;
    }
    use->used_day++;
    use->used_minute++;
    return true;
}

/* ---- one question --------------------------------------------------------------------- */

struct asking {
    struct hub *hub;
    struct store *st;
    const struct desk_question *question;
    int64_t now_ms;
    json_t *events;
    size_t bytes;
    int64_t last_no;
    bool more;
};

static enum dl_err note(struct asking *a, const char *profile, const char *outcome)
{
    char who[STORE_NAME_BYTES + 8], detail[96];
    const char *type = token_type_name(a->question->token->type);
    snprintf(who, sizeof who, "device %s", a->question->device->name);
    snprintf(detail, sizeof detail, "%s: %s", type ? type : "unknown", outcome);
    return devices_audit(a->st, who, a->question->whole ? "desk.access" : "desk.lookup",
                         profile, detail, a->now_ms);
}

/* A re-key may have begun since the share was last used, so it is read in here. */
static enum desk_result convert(struct asking *a, uint8_t ret[static GROUP_ELEMENT_BYTES],
                                enum dl_err *ret_err)
{
    uint8_t sealed[HUB_SHARE_SEALED_BYTES];
    struct hub_share *share = NULL;
    const struct token *token = a->question->token;
    int64_t device = a->question->device->no;
    *ret_err = a->st->share_get(a->st, device, token->epoch, sealed);
    if (*ret_err == DL_E_NOT_FOUND)
        return DESK_NO_SHARE;
    if (!*ret_err)
        *ret_err = hub_share_of(a->hub, device, token->epoch, sealed, &share);
    if (!*ret_err)
        *ret_err = hub_share_convert(share, token->element, ret);
    hub_share_free(share);
    if (*ret_err == DL_E_INPUT)
        return DESK_BAD_TOKEN;
    if (!*ret_err)
        *ret_err = rekey_bring(a->hub, a->st, (const uint8_t(*)[GROUP_ELEMENT_BYTES])ret, 1);
    return *ret_err ? DESK_FAILED : DESK_OK;
}

/* Identifiers as numbers by type, in place of the list that head office sees. */
static enum dl_err count_identifiers(json_t *profile)
{
    json_t *counts = json_object(), *one;
    size_t i;
    json_array_foreach(json_object_get(profile, "identifiers"), i, one)
    {
        const char *type = json_get_str(one, "type");
        if (type)
            json_object_set_new(counts, type, json_integer(json_get_int(counts, type, 0) + 1));
    }
    return json_object_set_new(profile, "identifiers", counts) == 0 ? DL_OK : DL_E_NOMEM;
}

static enum dl_err add_event(void *ctx, const struct store_event_row *row)
{
    struct asking *a = ctx;
    char time[CLOCK_TEXT_BYTES];
    json_t *event = NULL;
    if (a->more || (a->bytes > 0 && a->bytes + row->event.json_len > PAGE_BYTES_MAX) ||
        json_array_size(a->events) == PAGE_EVENTS) {
        a->more = true;
        return DL_OK;
    }
    enum dl_err err = json_parse(&event, row->event.json, row->event.json_len, NULL, NULL);
    if (err)
        return err == DL_E_INPUT ? DL_E_CORRUPT : err;
    clock_text(row->event.time_ms, time);
    json_object_set_new(event, "time", json_string(time));
    json_object_set_new(event, "device", json_string(row->device_name));
    a->bytes += row->event.json_len;
    a->last_no = row->event.no;
    return json_array_append_new(a->events, event) == 0 ? DL_OK : DL_E_NOMEM;
}

/* Everything the person said, oldest first. */
static enum dl_err list_consents(struct asking *a, int64_t root, json_t *list)
{
    struct match_nodes members = {.count = 0};
    struct consent_history history = {.count = 0};
    enum dl_err err = a->st->nodes_of_root(a->st, root, match_nodes_add, &members);
    for (size_t i = 0; !err && i < members.count; i++)
        err = consent_history_add(&history, a->st, members.at[i].element);
    for (size_t i = 0; !err && i < history.count; i++) {
        const struct store_consent *c = &history.at[i];
        char at[CLOCK_TEXT_BYTES], captured[CLOCK_TEXT_BYTES];
        clock_text(c->at_ms, at);
        clock_text(c->captured_ms, captured);
        json_t *row =
            json_pack("{s:s, s:b, s:o, s:s?, s:s?}", "at", at, "profiling", (int)c->profiling,
                      "marketing", c->marketing < 0 ? json_null() : json_boolean(c->marketing),
                      "captured_at", c->captured_ms ? captured : NULL, "notice_version",
                      *c->notice_version ? c->notice_version : NULL);
        err = row && json_array_append_new(list, row) == 0 ? DL_OK : DL_E_NOMEM;
    }
    free(members.at);
    consent_history_done(&history);
    return err;
}

static enum dl_err show_all(struct asking *a, const struct store_node *node, json_t *profile)
{
    json_t *consents = json_array();
    a->events = json_array();
    enum dl_err err = a->events && consents ? DL_OK : DL_E_NOMEM;
    if (!err)
        err = list_consents(a, node->root, consents);
    if (!err && json_object_set(profile, "consents", consents) != 0)
        err = DL_E_NOMEM;
    if (!err)
        err = a->st->events_of_root(a->st, node->root, a->question->after, PAGE_EVENTS + 1,
                                    add_event, a);
    if (!err && (json_object_set(profile, "history", a->events) != 0 ||
                 json_object_set_new(profile, "next",
                                     a->more ? json_integer(a->last_no) : json_null()) != 0))
        err = DL_E_NOMEM;
    json_decref(a->events);
    json_decref(consents);
    return err;
}

/* What a lookup tells: enough to know that it is they, and how they fare. */
static enum dl_err shorten(json_t **profile)
{
    static const char *const kept[] = {"profile_id", "first_seen",  "last_seen", "events",
                                       "value",      "identifiers", "stores"};
    json_t *shorter = json_object();
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        json_t *value = json_object_get(*profile, kept[i]);
        if (value)
            json_object_set(shorter, kept[i], value);
    }
    json_decref(*profile);
    *profile = shorter;
    return shorter ? DL_OK : DL_E_NOMEM;
}

static enum dl_err show(struct asking *a, const struct store_node *node, json_t **ret)
{
    json_t *profile = NULL;
    char id[QUERY_PROFILE_ID_BYTES];
    query_profile_id(node->root_key, id);
    enum dl_err err = query_profile_of_root(a->st, node->root, node->root_key, &profile);
    if (!err)
        err = count_identifiers(profile);
    if (!err)
        err = a->question->whole ? show_all(a, node, profile) : shorten(&profile);
    if (!err && json_object_set_new(profile, "known", json_true()) != 0)
        err = DL_E_NOMEM;
    if (!err)
        err = note(a, id, a->question->after ? "known, next page" : "known");
    if (err)
        json_decref(profile);
    else
        *ret = profile;
    return err;
}

static enum dl_err answer(struct asking *a, const uint8_t element[static GROUP_ELEMENT_BYTES],
                          json_t **ret)
{
    struct store_node node;
    enum dl_err err = a->st->node_find(a->st, element, &node);
    if (!err && node.type != a->question->token->type) /* the log would name another */
        err = DL_E_NOT_FOUND;
    if (!err)
        return show(a, &node, ret);
    if (err != DL_E_NOT_FOUND)
        return err;
    err = note(a, NULL, "not known");
    if (!err && !(*ret = json_pack("{s:b}", "known", 0)))
        err = DL_E_NOMEM;
    return err;
}

/* True: what was noted is to be kept. */
static bool judge(struct asking *a, const struct desk_limits *limits, json_t **ret,
                  int64_t *ret_wait_ms, enum desk_result *ret_result, enum dl_err *ret_err)
{
    struct store_device now;
    struct store_desk_use use;
    uint8_t element[GROUP_ELEMENT_BYTES];
    bool first_refusal = false;
    *ret_err = a->st->device_get(a->st, a->question->device->no, &now);
    if (!*ret_err)
        *ret_err = a->st->desk_use_get(a->st, now.no, &use);
    if (*ret_err)
        return false;
    bool granted = now.state == STORE_DEVICE_ACTIVE && now.desk;
    bool may = take_use(&use, limits, a->now_ms, ret_wait_ms, &first_refusal);
    *ret_err = a->st->desk_use_put(a->st, &use);
    if (!granted || !may) { /* a log that only grows is not for a device to fill */
        *ret_result = granted ? DESK_TOO_OFTEN : DESK_NOT_GRANTED;
        if (!*ret_err && (may || first_refusal))
            *ret_err =
                note(a, NULL,
                     granted ? "refused: as often as a day allows" : "refused: no desk role");
        return !*ret_err;
    }
    if (!*ret_err)
        *ret_result = convert(a, element, ret_err);
    if (!*ret_err && *ret_result == DESK_OK)
        *ret_err = answer(a, element, ret);
    return !*ret_err && *ret_result == DESK_OK;
}

enum desk_result desk_ask(struct hub *hub, const struct desk_question *question,
                          const struct desk_limits *limits, int64_t now_ms, json_t **ret,
                          int64_t *ret_wait_ms, enum dl_err *ret_err)
{
    struct asking a = {.hub = hub, .st = hub->store, .question = question, .now_ms = now_ms};
    enum desk_result result = DESK_FAILED;
    json_t *found = NULL;
    *ret_err = a.st->begin(a.st, STORE_WRITE);
    if (*ret_err)
        return DESK_FAILED;
    if (judge(&a, limits, &found, ret_wait_ms, &result, ret_err))
        *ret_err = a.st->commit(a.st);
    else
        a.st->rollback(a.st);
    if (*ret_err && result != DESK_NO_SHARE && result != DESK_BAD_TOKEN)
        result = DESK_FAILED;
    if (result == DESK_OK)
        *ret = found;
    else
        json_decref(found);
    return result;
}
