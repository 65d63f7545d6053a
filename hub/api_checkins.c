/* What gates saw: for each other, and for people. */
#include "hub/api.h"
#include "hub/checkins_export.h"
#include "hub/checkins_report.h"
#include "hub/devices.h"
#include "hub/download.h"
#include "hub/scans_poll.h"
#include "platform/clock.h"

/* ---- GET /v1/device/scans ---------------------------------------------------------- */

void api_device_scans(struct api *api, struct request *req)
{
    int64_t since = request_number(req, "since", 0);
    json_t *scans = NULL;
    if (since < 0) {
        reply_problem(req, 400, "malformed", "since is a number");
        return;
    }
    enum dl_err err = scans_poll(api->hub->reader, req->device.no, since, &scans);
    if (err)
        reply_error(req, err);
    else
        reply_json(req, 200, scans);
}

/* ---- GET /v1/checkins/{}/report ---------------------------------------------------- */

static void reply_failure(struct request *req, enum dl_err err)
{
    if (err == DL_E_NOT_FOUND)
        reply_problem(req, 404, "no-event", "no roster and no scans of such an event");
    else
        reply_error(req, err);
}

static enum dl_err note(struct api *api, const struct request *req, const char *what)
{
    return devices_audit_read(api->hub->store, req->actor, what, req->param, clock_wall_ms());
}

/* On a handle of its own: it may take long, and the others go on. */
static enum dl_err make_report(struct api *api, const struct request *req, json_t **ret)
{
    struct store *st = NULL;
    struct checkins *walk = NULL;
    enum dl_err err = hub_open_reader(&st, api->hub, NULL);
    if (!err)
        err = checkins_open(&walk, st, req->param, request_query(req, "list"));
    if (!err)
        err = checkins_report(walk, st->now_ms(st), NULL, NULL, ret);
    checkins_close(walk);
    hub_close_reader(api->hub, st);
    return err;
}

void api_checkins_report(struct api *api, struct request *req)
{
    json_t *report = NULL;
    enum dl_err err = note(api, req, "checkins.report");
    if (!err)
        err = make_report(api, req, &report);
    if (err)
        reply_failure(req, err);
    else
        reply_json(req, 200, report);
}

/* ---- GET /v1/checkins/{}/export ---------------------------------------------------- */

static enum dl_err read_export(void *source, char *ret, size_t cap, size_t *ret_len)
{
    return checkins_export_read(source, ret, cap, ret_len);
}

static void close_export(void *source)
{
    checkins_export_close(source);
}

static enum dl_err open_export(struct download **ret, struct hub *hub,
                               const struct request *req, enum export_format format)
{
    struct checkins_export *source = NULL;
    enum dl_err err = download_make(ret, hub, read_export, close_export);
    if (!err)
        err = checkins_export_open(&source, (*ret)->store, req->param,
                                   request_query(req, "list"), format);
    if (!err)
        (*ret)->source = source;
    return err;
}

void api_checkins_export(struct api *api, struct request *req)
{
    enum export_format format = EXPORT_NDJSON;
    const char *wanted = request_query(req, "format");
    struct download *d = NULL;
    if (wanted && !export_format_from_name(wanted, &format)) {
        reply_problem(req, 400, "malformed", "format is ndjson or csv");
        return;
    }
    enum dl_err err = note(api, req, "checkins.export");
    if (!err)
        err = open_export(&d, api->hub, req, format);
    if (!err) {
        download_reply(req, d, export_content_type(format));
        return;
    }
    download_drop(d);
    reply_failure(req, err);
}
