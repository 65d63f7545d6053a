/* listener.h - the listening socket, and a thread that hands its connections on.
 *
 * libmicrohttpd's workers would each accept for themselves, and one that is busy
 * gets few: agents on an idle worker were served ten times as often as others.
 * So one thread accepts, and the daemon spreads what it is given evenly.
 */
#ifndef DUNLIN_HUB_LISTENER_H
#define DUNLIN_HUB_LISTENER_H

#include "hub/address.h"
#include "platform/err.h"

#include <microhttpd.h>
#include <stdint.h>

struct listener;

/* Binds and listens; nobody is accepted yet. `ret_port`: the port in force, where
 * the address says 0. DL_E_BUSY: in use; DL_E_IO. `why` says which. */
DL_MUST_CHECK enum dl_err listener_open(struct listener **ret, const struct address *address,
                                        uint16_t *ret_port, struct dl_why *why);
/* Accepts for the daemon, which needs MHD_USE_ITC and no listening socket of its
 * own, until listener_close; the daemon outlives it. */
DL_MUST_CHECK enum dl_err listener_start(struct listener *l, struct MHD_Daemon *daemon);
/* Accepts no more and closes the socket. NULL is fine. */
void listener_close(struct listener *l);

#endif
