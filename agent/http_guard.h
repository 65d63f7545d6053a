/* http_guard.h - who may ask at all, before a body is looked at.
 *
 * Over TCP a request needs the bearer key and a Host that is ours (a page on the
 * web could otherwise have its own name resolve to 127.0.0.1). On the Unix socket
 * file modes have decided. An Origin, which a browser sends on behalf of a page, is
 * refused on both unless it is listed, or our own address: the page at /gate.
 *
 * The gate's key is derived of the bearer key and good for check-ins alone, so that
 * whoever stands at a gate's screen cannot forget people or read the till's figures.
 */
#ifndef DUNLIN_HTTP_GUARD_H
#define DUNLIN_HTTP_GUARD_H

#include "platform/err.h"

#include <stdbool.h>

#define HTTP_GUARD_KEY_CHARS 64

struct http_guard {
    char key[HTTP_GUARD_KEY_CHARS + 1];
    char gate_key[HTTP_GUARD_KEY_CHARS + 1];
    const char *listen;  /* "127.0.0.1:8787" as it was bound; borrowed */
    const char *asked;   /* the same as it was configured; borrowed */
    const char *origins; /* separated by spaces; borrowed */
};

struct http_guard_request {
    bool over_tcp;
    bool needs_key;   /* false: healthz, readyz, /gate's files, and a browser's preflight */
    bool for_gate;    /* the gate's key will do */
    const char *host; /* header values; NULL: absent */
    const char *origin;
    const char *authorization;
};

/* NULL: come in. Else the code of the problem (problem.h). */
const char *http_guard_check(const struct http_guard *g, const struct http_guard_request *req);

/* Reads DIR/api.key, making it first if there is none. DL_E_CORRUPT: not 64 hex digits. */
DL_MUST_CHECK enum dl_err http_guard_load_key(char ret[static HTTP_GUARD_KEY_CHARS + 1],
                                              const char *dir, struct dl_why *why);

/* The gate's key that goes with a bearer key. */
void http_guard_gate_key(char ret[static HTTP_GUARD_KEY_CHARS + 1],
                         const char key[static HTTP_GUARD_KEY_CHARS + 1]);

#endif
