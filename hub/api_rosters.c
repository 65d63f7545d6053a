/* Who may enter an event: people import and give away, devices fetch. */
#include "hub/api.h"
#include "hub/roster_file.h"
#include "hub/rosters.h"
#include "platform/bytes.h"
#include "platform/clock.h"
#include "platform/json.h"

#include <stdlib.h>
#include <string.h>

#define VERSION_DIGITS_MAX 18

static void answer_problem(struct request *req, enum dl_err err, const struct dl_why *why)
{
    const char *said = why && why->text[0] ? why->text : NULL;
    switch (err) {
    case DL_E_INPUT:
    case DL_E_FULL:
        if (said)
            reply_problem(req, 400, "malformed", said);
        else
            reply_error(req, err);
        break;
    case DL_E_NOT_FOUND:
        reply_problem(req, 404, "no-roster", said ? said : "there is no roster of this event");
        break;
    case DL_E_BUSY:
        reply_problem(req, 409, "changed", "it was changed meanwhile; send this again");
        break;
    default:
        reply_error(req, err);
        break;
    }
}

/* Takes `value` where there is no error. */
static void answer(struct request *req, enum dl_err err, const struct dl_why *why,
                   json_t *value)
{
    if (err)
        answer_problem(req, err, why);
    else
        reply_json(req, 200, value);
}

/* ---- looking -------------------------------------------------------------------------- */

void api_rosters(struct api *api, struct request *req)
{
    json_t *list = NULL;
    enum dl_err err = rosters_list(api->hub->reader, &list);
    answer(req, err, NULL, err ? NULL : json_pack("{s:o}", "rosters", list));
}

void api_roster(struct api *api, struct request *req)
{
    json_t *shown = NULL;
    enum dl_err err = rosters_show(api->hub->reader, req->param, &shown);
    answer(req, err, NULL, shown);
}

void api_roster_stats(struct api *api, struct request *req)
{
    json_t *stats = NULL;
    enum dl_err err = rosters_stats(api->hub->reader, req->param, &stats);
    answer(req, err, NULL, stats);
}

/* ---- importing ------------------------------------------------------------------------ */

static bool said_yes(const struct request *req, const char *name)
{
    const char *text = request_query(req, name);
    return text && (strcmp(text, "true") == 0 || strcmp(text, "1") == 0);
}

/* As ?format= says, else as the body's type does. */
static bool format_of(const struct request *req, enum roster_format *ret)
{
    const char *name = request_query(req, "format");
    const char *type = request_header(req, MHD_HTTP_HEADER_CONTENT_TYPE);
    if (name)
        return roster_format_of(name, ret);
    if (!type)
        return false;
    *ret = strncmp(type, "text/csv", 8) == 0 ? ROSTER_FORMAT_CSV : ROSTER_FORMAT_PRETIX;
    return *ret == ROSTER_FORMAT_CSV || strncmp(type, "application/json", 16) == 0;
}

static enum dl_err import(struct api *api, struct request *req,
                          const enum roster_format *format, struct rosters_change *ret,
                          struct dl_why *why)
{
    struct roster_draft draft;
    const char *body = (const char *)req->body;
    int64_t now_ms = clock_wall_ms();
    enum dl_err err = rosters_draft(api->hub, req->param, request_query(req, "timezone"),
                                    now_ms, &draft, why);
    if (err)
        return err;
    if (format)
        err = roster_file_read(&draft, *format, body, req->body_len, now_ms, why);
    else
        err = roster_file_lists(&draft, body, req->body_len, why);
    if (!err)
        err = rosters_import(api->hub, &draft, said_yes(req, "dry_run"), req->actor, now_ms,
                             ret, why);
    roster_draft_done(&draft);
    return err;
}

static void answer_import(struct api *api, struct request *req,
                          const enum roster_format *format)
{
    struct rosters_change change = {.created = false};
    struct dl_why why = {""};
    enum dl_err err = import(api, req, format, &change, &why);
    answer(req, err, &why, err ? NULL : rosters_change_json(&change));
}

void api_roster_import(struct api *api, struct request *req)
{
    enum roster_format format;
    if (format_of(req, &format))
        answer_import(api, req, &format);
    else
        reply_problem(req, 400, "malformed",
                      "the format is csv or pretix-json; the body text/csv or "
                      "application/json");
}

void api_roster_lists(struct api *api, struct request *req)
{
    answer_import(api, req, NULL);
}

/* ---- changing ------------------------------------------------------------------------- */

void api_roster_remove(struct api *api, struct request *req)
{
    enum dl_err err = rosters_remove(api->hub->store, req->param, req->actor, clock_wall_ms());
    answer(req, err, NULL,
           err ? NULL : json_pack("{s:s, s:s}", "event", req->param, "state", "removed"));
}

/* Borrows from `body`; NULL: not as it should be. */
static struct rosters_ticket_name *names_of(const json_t *body, size_t *ret_count)
{
    const json_t *codes = json_object_get(body, "codes");
    const json_t *hashes = json_object_get(body, "tickets");
    size_t code_count = json_array_size(codes), count = code_count + json_array_size(hashes);
    if ((codes && !json_is_array(codes)) || (hashes && !json_is_array(hashes)) || count == 0)
        return NULL;
    struct rosters_ticket_name *names = calloc(count, sizeof *names);
    bool ok = names != NULL;
    for (size_t i = 0; ok && i < count; i++) {
        const json_t *one =
            i < code_count ? json_array_get(codes, i) : json_array_get(hashes, i - code_count);
        ok = json_is_string(one);
        if (ok && i < code_count) {
            names[i].code = json_string_value(one);
            names[i].code_len = json_string_length(one);
        } else if (ok) {
            ok = bytes_from_hex(names[i].hash, sizeof names[i].hash, json_string_value(one));
        }
    }
    if (!ok) {
        free(names);
        return NULL;
    }
    *ret_count = count;
    return names;
}

void api_roster_revoke(struct api *api, struct request *req)
{
    static const char *const known[] = {"codes", "tickets", "take_back", NULL};
    size_t count = 0, changed = 0;
    json_t *body = request_json(req, known);
    if (!body)
        return;
    struct rosters_ticket_name *names = names_of(body, &count);
    if (names) {
        const struct dl_why why = {"a code is empty"};
        enum dl_err err = rosters_revoke(api->hub, req->param, names, count,
                                         json_get_bool(body, "take_back", false), req->actor,
                                         clock_wall_ms(), &changed);
        answer(req, err, err == DL_E_INPUT ? &why : NULL,
               err ? NULL : json_pack("{s:I}", "changed", (json_int_t)changed));
    } else {
        reply_problem(req, 400, "malformed",
                      "codes and tickets are lists of texts, a ticket 32 hex digits");
    }
    free(names);
    json_decref(body);
}

/* ---- who has it ----------------------------------------------------------------------- */

/* False where the body does not say which device, and not that all are meant. */
static bool device_of(struct request *req, const json_t *body, const char **ret)
{
    *ret = json_get_str(body, "device");
    bool all = json_get_bool(body, "all", false);
    if ((*ret != NULL) == all)
        reply_problem(req, 400, "malformed", "it is either a device or all: true");
    return (*ret != NULL) != all;
}

void api_roster_assign(struct api *api, struct request *req)
{
    static const char *const known[] = {"device", "all", "gate", "address", NULL};
    const char *device;
    struct dl_why why = {""};
    size_t count = 0;
    json_t *body = request_json(req, known);
    if (!body)
        return;
    if (device_of(req, body, &device)) {
        enum dl_err err = rosters_assign(
            api->hub, req->param, device, json_get_str(body, "gate"),
            json_get_str(body, "address"), req->actor, clock_wall_ms(), &count, &why);
        answer(req, err, &why, err ? NULL : json_pack("{s:I}", "devices", (json_int_t)count));
    }
    json_decref(body);
}

void api_roster_unassign(struct api *api, struct request *req)
{
    static const char *const known[] = {"device", "all", NULL};
    const char *device;
    struct dl_why why = {""};
    size_t count = 0;
    json_t *body = request_json(req, known);
    if (!body)
        return;
    if (device_of(req, body, &device)) {
        enum dl_err err = rosters_unassign(api->hub->store, req->param, device, req->actor,
                                           clock_wall_ms(), &count, &why);
        answer(req, err, &why, err ? NULL : json_pack("{s:I}", "devices", (json_int_t)count));
    }
    json_decref(body);
}

/* ---- devices -------------------------------------------------------------------------- */

void api_device_roster(struct api *api, struct request *req)
{
    char *text = NULL;
    size_t len = 0;
    enum dl_err err = rosters_head_for(api->hub, req->param, req->device.no, &text, &len);
    if (err)
        answer_problem(req, err, NULL);
    else
        reply_text(req, 200, "application/json", text, len);
    json_text_free(text);
}

/* Absent counts as the start. */
static bool cursor_of(const struct request *req, uint64_t *ret_from,
                      uint8_t ret_after[static ROSTER_HASH_BYTES])
{
    const char *from = request_query(req, "from"), *after = request_query(req, "after");
    *ret_from = 0;
    memset(ret_after, 0, ROSTER_HASH_BYTES);
    if (from && (!*from || strlen(from) > VERSION_DIGITS_MAX ||
                 from[strspn(from, "0123456789")] != '\0'))
        return false;
    if (from)
        *ret_from = strtoull(from, NULL, 10);
    return !after || bytes_from_hex(ret_after, ROSTER_HASH_BYTES, after);
}

void api_device_tickets(struct api *api, struct request *req)
{
    uint64_t from;
    uint8_t after[ROSTER_HASH_BYTES], *page = NULL;
    size_t len = 0;
    if (!cursor_of(req, &from, after)) {
        reply_problem(req, 400, "malformed", "from is a number, after 32 hex digits");
        return;
    }
    enum dl_err err =
        rosters_page_for(api->hub, req->param, req->device.no, from, after, &page, &len);
    if (err)
        answer_problem(req, err, NULL);
    else
        reply_text(req, 200, "application/octet-stream", (const char *)page, len);
    free(page);
}
