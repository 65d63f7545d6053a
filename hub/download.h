/* download.h - an answer that is made while its client reads it, from a store handle of its
 * own.
 *
 * The API's exports differ in what they read; the handle, its end, and what a client
 * sees of a failure in the middle are the same.
 */
#ifndef DUNLIN_HUB_DOWNLOAD_H
#define DUNLIN_HUB_DOWNLOAD_H

#include "hub/hub.h"
#include "hub/request.h"
#include "platform/err.h"

#include <stddef.h>

struct download {
    struct hub *hub;
    struct store *store; /* to open the source on */
    void *source;        /* set by who makes it, once it is open */
    /* What it says next, 0 at the end; a failure cuts the answer off. */
    enum dl_err (*read)(void *source, char *ret, size_t cap, size_t *ret_len);
    void (*close)(void *source); /* NULL is fine for it */
};

/* With a handle of hub_open_reader, whose errors it has. `read` and `close` are the
 * source's. The caller gives it to download_reply or to download_drop. */
DL_MUST_CHECK enum dl_err download_make(struct download **ret, struct hub *hub,
                                        enum dl_err (*read)(void *, char *, size_t, size_t *),
                                        void (*close)(void *));
/* NULL is fine. */
void download_drop(struct download *d);
/* 200 with all that read gives; takes d. */
void download_reply(struct request *req, struct download *d, const char *content_type);

#endif
