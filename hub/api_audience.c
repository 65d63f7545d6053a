/* GET /v1/audience: for an administrator alone. Handing it out is a decision, since with
 * the custodian's keyring it finds people again. */
#include "hub/api.h"
#include "hub/audience.h"
#include "hub/download.h"
#include "platform/clock.h"

static enum dl_err read_audience(void *source, char *ret, size_t cap, size_t *ret_len)
{
    return audience_read(source, ret, cap, ret_len);
}

static void close_audience(void *source)
{
    audience_close(source);
}

static enum dl_err open_audience(struct download **ret, struct api *api,
                                 const struct audience_wish *wish)
{
    struct audience *source = NULL;
    enum dl_err err = download_make(ret, api->hub, read_audience, close_audience);
    if (!err)
        err = audience_open(&source, (*ret)->store, api->settings->name, wish, NULL,
                            clock_wall_ms());
    if (!err)
        (*ret)->source = source;
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
        err = open_audience(&d, api, &wish);
    if (!err) {
        download_reply(req, d, "application/x-ndjson");
        return;
    }
    download_drop(d);
    reply_error(req, err);
}
