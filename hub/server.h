/* server.h - the hub's HTTPS: TLS 1.3, devices by certificate, people by token.
 *
 * libmicrohttpd with a pool of threads, each an epoll loop over its share of the
 * connections: a thousand idle devices cost memory and no threads, and a batch
 * that is taken in holds one thread of the pool. Bodies are bounded one by one
 * (route.h) and together. Who asks is decided before a body is kept.
 */
#ifndef DUNLIN_HUB_SERVER_H
#define DUNLIN_HUB_SERVER_H

#include "hub/settings.h"
#include "platform/err.h"

#include <stdint.h>

struct server;
struct hub;

/* Serves `dir` as `settings` say until server_stop; both and `hub` stay the
 * caller's. DL_E_BUSY: the address is in use. */
DL_MUST_CHECK enum dl_err server_start(struct server **ret, struct hub *hub, const char *dir,
                                       const struct settings *settings, struct dl_why *why);

/* "https://host:port", with the port the system chose where 0 was asked for. */
const char *server_url(const struct server *server);

/* From now on /readyz says no, and each connection ends with its next answer; whatever is
 * asked is still done. */
void server_leave(struct server *server);

/* Takes no more connections, lets requests under way end, at most a few seconds. */
void server_stop(struct server *server);

#endif
