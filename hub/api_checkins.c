/* What gates saw: for each other, and for people. */
#include "hub/api.h"
#include "hub/checkins_export.h"
#include "hub/checkins_report.h"
#include "hub/devices.h"
#include "hub/scans_poll.h"
#include "platform/clock.h"
#include "platform/log.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)64 * 1024)

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
    if (st)
        st->close(st);
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

/* A store handle and an export on it, while the client reads. */
struct download {
    struct store *store;
    struct checkins_export *export;
};

static void download_free(void *ctx)
{
    struct download *d = ctx;
    checkins_export_close(d->export);
    if (d->store)
        d->store->close(d->store);
    free(d);
}

static ssize_t download_read(void *ctx, uint64_t at, char *ret, size_t cap)
{
    struct download *d = ctx;
    size_t len = 0;
    (void)at;
    enum dl_err err = checkins_export_read(d->export, ret, cap, &len);
    if (err) { /* the client sees the connection break, and so an incomplete answer */
        LOG_ERROR("export.failed", LOG_ERR(err));
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    return len > 0 ? (ssize_t)len : MHD_CONTENT_READER_END_OF_STREAM;
}

static enum dl_err download_make(struct download **ret, const struct hub *hub,
                                 const struct request *req, enum export_format format)
{
    struct download *d = calloc(1, sizeof *d);
    if (!d)
        return DL_E_NOMEM;
    enum dl_err err = hub_open_reader(&d->store, hub, NULL);
    if (!err)
        err = checkins_export_open(&d->export, d->store, req->param, request_query(req, "list"),
                                   format);
    if (err)
        download_free(d);
    else
        *ret = d;
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
        err = download_make(&d, api->hub, req, format);
    if (err)
        reply_failure(req, err);
    else
        reply_stream(req, 200,
                     format == EXPORT_CSV ? "text/csv; charset=utf-8" : "application/x-ndjson",
                     BLOCK_BYTES, download_read, d, download_free);
}
