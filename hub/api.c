#include "hub/api.h"

#include "crypto/secret.h"
#include "platform/clock.h"

#include <stdlib.h>
#include <string.h>

enum dl_err api_init(struct api *api, struct hub *hub, const char *dir,
                     const struct settings *settings, struct dl_why *why)
{
    memset(api, 0, sizeof *api);
    limiter_init(&api->enrol_limiter);
    admission_init(&api->admission);
    api->hub = hub;
    api->settings = settings;
    api->started_ms = clock_wall_ms();
    api->ca = secret_make(sizeof *api->ca);
    if (!api->ca)
        return DL_E_NOMEM;
    enum dl_err err = tls_ca_load(dir, api->ca, why);
    if (!err)
        secret_freeze(api->ca);
    return err;
}

void api_done(struct api *api)
{
    if (!api->hub) /* never initialised */
        return;
    secret_free(api->ca, sizeof *api->ca);
    limiter_done(&api->enrol_limiter);
    admission_done(&api->admission);
    memset(api, 0, sizeof *api);
}

void api_health(struct api *api, struct request *req)
{
    (void)api;
    reply_json(req, 200, json_pack("{s:s}", "status", "alive"));
}

/* Ready means that the store would take a batch, and that the hub is not on its way out. */
void api_ready(struct api *api, struct request *req)
{
    struct store *st = api->hub->reader;
    if (atomic_load(&api->leaving))
        reply_problem(req, 503, "not-ready", "the hub is about to stop");
    else if (st->ready(st) != DL_OK)
        reply_problem(req, 503, "not-ready", "the hub's database does not answer");
    else
        reply_json(req, 200, json_pack("{s:s}", "status", "ready"));
}
