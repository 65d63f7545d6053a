/* GET /v1/audience: for an administrator alone. Handing it out is a decision, since with
 * the custodian's keyring it finds people again. */
#include "hub/api.h"
#include "hub/audience.h"
#include "platform/clock.h"
#include "platform/log.h"

#include <stdlib.h>

#define BLOCK_BYTES ((size_t)64 * 1024)

/* A store handle and an audience on it, while the client reads. */
struct download {
    struct hub *hub;
    struct store *store;
    struct audience *audience;
};

static void download_free(void *ctx)
{
    struct download *d = ctx;
    audience_close(d->audience);
    hub_close_reader(d->hub, d->store);
    free(d);
}

static ssize_t download_read(void *ctx, uint64_t at, char *ret, size_t cap)
{
    struct download *d = ctx;
    size_t len = 0;
    (void)at;
    enum dl_err err = audience_read(d->audience, ret, cap, &len);
    if (err) { /* the client sees the connection break, and the file is cut */
        LOG_ERROR("audience.failed", LOG_ERR(err));
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    return len > 0 ? (ssize_t)len : MHD_CONTENT_READER_END_OF_STREAM;
}

static enum dl_err download_make(struct download **ret, struct api *api,
                                 const struct audience_wish *wish)
{
    struct download *d = calloc(1, sizeof *d);
    if (!d)
        return DL_E_NOMEM;
    d->hub = api->hub;
    enum dl_err err = hub_open_reader(&d->store, api->hub, NULL);
    if (!err)
        err = audience_open(&d->audience, d->store, api->settings->name, wish, NULL,
                            clock_wall_ms());
    if (err)
        download_free(d);
    else
        *ret = d;
    return err;
}

void api_audience(struct api *api, struct request *req)
{
    const struct audience_words words = {
        request_query(req, "type"),     request_query(req, "store"),
        request_query(req, "currency"), request_query(req, "min_minor"),
        request_query(req, "since"),    request_query(req, "until")};
    struct audience_wish wish;
    struct download *d = NULL;
    struct dl_why why = {""};
    if (audience_read_wish(&words, &wish, &why)) {
        reply_problem(req, 400, "malformed", why.text);
        return;
    }
    enum dl_err err = audience_prepare(api->hub->store, &words, req->actor, clock_wall_ms());
    if (!err)
        err = download_make(&d, api, &wish);
    if (err)
        reply_error(req, err);
    else
        reply_stream(req, 200, "application/x-ndjson", BLOCK_BYTES, download_read, d,
                     download_free);
}
