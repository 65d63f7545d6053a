/* http.h - the listeners: HTTP/1.1 on TCP and on DIR/dunlin.sock, by libmicrohttpd.
 *
 * A thread a connection, at most HTTP_CONNECTIONS_MAX on each listener, so that
 * idle pages on TCP never keep a till off its socket. What is slow or silent is
 * dropped. A body lies in locked memory that is wiped when its request ends; the
 * library's own buffers are wiped by it or by the heap (platform/wipe_heap.c).
 */
#ifndef DUNLIN_HTTP_H
#define DUNLIN_HTTP_H

#include "agent/agent.h"

#define HTTP_CONNECTIONS_MAX 256
#define HTTP_IDLE_S          15 /* without a byte */
#define HTTP_BODY_S          60 /* for a whole body, however its bytes drip */
#define HTTP_SOCKET_FILE     "dunlin.sock"
#define HTTP_LISTEN_FILE     "listen"

struct http;

/* Listens as the agent's settings say; sets agent->listen and writes it to
 * DIR/listen for commands and scripts. The agent outlives it. */
DL_MUST_CHECK enum dl_err http_start(struct http **ret, struct agent *agent,
                                     struct dl_why *why);
/* Takes no more connections, lets requests under way be answered, stops. NULL is fine. */
void http_stop(struct http *h);

#endif
