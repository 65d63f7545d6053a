#include "hub/checkins_export.h"

#include "hub/export_internal.h"
#include "platform/bytes.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)64 * 1024) /* made before anything is read of it */

static const char *const columns[] = {
    "event",        "list",   "ticket", "scan_id", "type",     "verdict", "winner",
    "false_reject", "reason", "mode",   "forced",  "version",  "gate",    "device",
    "seq",          "time",   "timed",  "product", "operator", "annuls",  NULL};

struct checkins_export {
    struct checkins *walk;
    enum export_format format;
    struct export_text text; /* rows made and not yet read */
    size_t text_at;
    bool ended;
};

static json_t *hash_json(const uint8_t *bytes)
{
    char hex[33];
    bytes_to_hex(hex, bytes, 16);
    return json_string(hex);
}

static json_t *text_json(const char *text)
{
    return text && *text ? json_string(text) : json_null();
}

static json_t *row_json(const struct checkins *walk, const struct fold_item *item)
{
    const struct scan *s = item->scan;
    const struct store_scan *row = checkins_row(s);
    bool annulment = s->type == SCAN_ANNULMENT;
    char time[CHECKINS_TIME_BYTES];
    checkins_time(walk, s->time_ms, time);
    return json_pack(
        "{s:s, s:s, s:o, s:o, s:s, s:s, s:o, s:b, s:o, s:o, s:b, s:I, s:o, s:s, s:I, s:s, s:b, "
        "s:o, s:o, s:o}",
        "event", s->event, "list", s->list, "ticket", hash_json(s->ticket), "scan_id",
        hash_json(s->id), "type", scan_type_name(s->type), "verdict",
        fold_verdict_name(item->verdict), "winner",
        item->winner ? hash_json(item->winner->id) : json_null(), "false_reject",
        item->false_reject, "reason", text_json(annulment ? NULL : scan_reason_name(s->reason)),
        "mode", text_json(annulment ? NULL : scan_mode_name(s->mode)), "forced", s->forced,
        "version", (json_int_t)s->version, "gate", text_json(s->gate), "device", s->device,
        "seq", (json_int_t)s->seq, "time", time, "timed", s->timed, "product",
        text_json(checkins_product(walk, row)), "operator", text_json(row->operator_name),
        "annuls", annulment ? hash_json(s->annuls) : json_null());
}

static enum dl_err put_row(struct checkins_export *ex, const struct fold_item *item)
{
    json_t *row = row_json(ex->walk, item);
    if (!row)
        return DL_E_NOMEM;
    enum dl_err err = ex->format == EXPORT_CSV ? export_text_csv(&ex->text, row, columns)
                                               : export_text_json(&ex->text, row);
    json_decref(row);
    return err;
}

static enum dl_err next_block(struct checkins_export *ex)
{
    enum dl_err err = DL_OK;
    ex->text.len = ex->text_at = 0;
    while (!err && !ex->ended && ex->text.len < BLOCK_BYTES) {
        const struct checkins_ticket *ticket = NULL;
        err = checkins_next(ex->walk, &ticket);
        ex->ended = !err && !ticket;
        for (size_t i = 0; !err && ticket && i < ticket->count; i++)
            err = put_row(ex, &ticket->items[i]);
    }
    return err;
}

enum dl_err checkins_export_open(struct checkins_export **ret, struct store *st,
                                 const char *event, const char *list, enum export_format format)
{
    struct checkins_export *ex = calloc(1, sizeof *ex);
    if (!ex)
        return DL_E_NOMEM;
    ex->format = format;
    enum dl_err err = checkins_open(&ex->walk, st, event, list);
    if (!err && format == EXPORT_CSV)
        err = export_text_header(&ex->text, columns);
    if (err)
        checkins_export_close(ex);
    else
        *ret = ex;
    return err;
}

enum dl_err checkins_export_read(struct checkins_export *ex, char *ret, size_t cap,
                                 size_t *ret_len)
{
    enum dl_err err = DL_OK;
    while (!err && ex->text_at == ex->text.len && !ex->ended)
        err = next_block(ex);
    if (err)
        return err;
    size_t left = ex->text.len - ex->text_at;
    size_t len = left < cap ? left : cap;
    if (len)
        memcpy(ret, ex->text.at + ex->text_at, len);
    ex->text_at += len;
    *ret_len = len;
    return DL_OK;
}

const struct checkins *checkins_export_walk(const struct checkins_export *ex)
{
    return ex->walk;
}

void checkins_export_close(struct checkins_export *ex)
{
    if (!ex)
        return;
    checkins_close(ex->walk);
    free(ex->text.at);
    free(ex);
}
