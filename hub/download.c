#include "hub/download.h"

#include "platform/log.h"

#include <stdlib.h>

#define BLOCK_BYTES ((size_t)64 * 1024)

static void drop(void *ctx)
{
    struct download *d = ctx;
    d->close(d->source);
    hub_close_reader(d->hub, d->store);
    free(d);
}

void download_drop(struct download *d)
{
    if (d)
        drop(d);
}

enum dl_err download_make(struct download **ret, struct hub *hub,
                          enum dl_err (*read)(void *, char *, size_t, size_t *),
                          void (*close)(void *))
{
    struct download *d = calloc(1, sizeof *d);
    if (!d)
        return DL_E_NOMEM;
    *d = (struct download){.hub = hub, .read = read, .close = close};
    enum dl_err err = hub_open_reader(&d->store, hub, NULL);
    if (err)
        free(d);
    else
        *ret = d;
    return err;
}

static ssize_t read_on(void *ctx, uint64_t at, char *ret, size_t cap)
{
    struct download *d = ctx;
    size_t len = 0;
    (void)at;
    enum dl_err err = d->read(d->source, ret, cap, &len);
    if (err) { /* the client sees the connection break, and so an incomplete answer */
        LOG_ERROR("download.failed", LOG_ERR(err));
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    return len > 0 ? (ssize_t)len : MHD_CONTENT_READER_END_OF_STREAM;
}

void download_reply(struct request *req, struct download *d, const char *content_type)
{
    reply_stream(req, 200, content_type, BLOCK_BYTES, read_on, d, drop);
}
