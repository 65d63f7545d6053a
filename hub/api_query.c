/* What people and programs read. Nothing here changes the store, save for the line
 * in the audit log that an export leaves. */
#include "hub/api.h"
#include "hub/audit.h"
#include "hub/devices.h"
#include "hub/download.h"
#include "hub/export.h"
#include "hub/metrics.h"
#include "hub/query.h"
#include "platform/clock.h"
#include "platform/json.h"
#include "platform/log.h"

#include <stdlib.h>
#include <string.h>

void api_stats(struct api *api, struct request *req)
{
    struct store *st = api->hub->reader;
    json_t *stats = NULL;
    enum dl_err err = st->begin(st, STORE_READ);
    if (!err) {
        err = query_stats(st, &stats);
        st->rollback(st);
    }
    if (err)
        reply_error(req, err);
    else
        reply_json(req, 200, stats);
}

void api_metrics(struct api *api, struct request *req)
{
    struct store *st = api->hub->reader;
    struct store_stats stats;
    char *text = NULL;
    size_t len = 0;
    enum dl_err err = st->begin(st, STORE_READ);
    if (!err) {
        err = st->stats(st, &stats);
        st->rollback(st);
    }
    if (!err)
        err = metrics_text(&stats, &api->counters, api->started_ms, &text, &len);
    if (err)
        reply_error(req, err);
    else
        reply_text(req, 200, METRICS_CONTENT_TYPE, text, len);
    free(text);
}

/* ---- GET /v1/audit ---------------------------------------------------------------- */

void api_audit(struct api *api, struct request *req)
{
    int64_t after = request_number(req, "after", 0);
    int64_t limit = request_number(req, "limit", AUDIT_PAGE_MAX);
    json_t *list = NULL;
    if (after < 0 || limit < 1 || limit > AUDIT_PAGE_MAX) {
        reply_problem(req, 400, "malformed", "after is a number, limit one from 1 to 1000");
        return;
    }
    enum dl_err err = audit_list(api->hub->reader, after, limit, &list);
    if (err)
        reply_error(req, err);
    else
        reply_json(req, 200, json_pack("{s:o}", "audit", list));
}

/* ---- GET /v1/export/{} ------------------------------------------------------------ */

static enum dl_err read_export(void *source, char *ret, size_t cap, size_t *ret_len)
{
    return export_read(source, ret, cap, ret_len);
}

static void close_export(void *source)
{
    export_close(source);
}

static enum dl_err open_export(struct download **ret, struct hub *hub, enum export_what what,
                               enum export_format format)
{
    struct export *source = NULL;
    enum dl_err err = download_make(ret, hub, read_export, close_export);
    if (!err)
        err = export_open(&source, (*ret)->store, what, format);
    if (!err)
        (*ret)->source = source;
    return err;
}

void api_export(struct api *api, struct request *req)
{
    enum export_what what;
    enum export_format format = EXPORT_NDJSON;
    const char *wanted = request_query(req, "format");
    struct download *d = NULL;
    if (!export_what_from_name(req->param, &what)) {
        reply_problem(req, 404, "no-path", "events, profiles and links can be exported");
        return;
    }
    if (wanted && !export_format_from_name(wanted, &format)) {
        reply_problem(req, 400, "malformed", "format is ndjson or csv");
        return;
    }
    enum dl_err err =
        devices_audit_read(api->hub->store, req->actor, "export", req->param, clock_wall_ms());
    if (!err)
        err = open_export(&d, api->hub, what, format);
    if (!err) {
        download_reply(req, d, export_content_type(format));
        return;
    }
    download_drop(d);
    reply_error(req, err);
}
