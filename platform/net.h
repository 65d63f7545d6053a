/* net.h - TCP between machines that never blocks: dial, accept, send, receive, wait.
 *
 * Sockets are those of local_socket.h, non-blocking, not inherited; the caller
 * closes them with local_socket_close. Addresses are literal ("192.0.2.7:8788",
 * "[2001:db8::7]:8788"): a resolver may keep its caller waiting, and a shop whose
 * uplink is cut has none. Not thread-safe on one socket, apart from net_waker_wake.
 */
#ifndef DUNLIN_NET_H
#define DUNLIN_NET_H

#include "platform/err.h"
#include "platform/local_socket.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Starts to connect. DL_E_INPUT: no literal address and port. DL_E_NET: there is
 * no way there. When the socket can be written, net_dialled says what came of it. */
DL_MUST_CHECK enum dl_err net_dial(local_socket *ret, const char *address);
/* DL_E_NET: refused or unreachable. */
DL_MUST_CHECK enum dl_err net_dialled(local_socket s);
/* DL_E_NOT_FOUND: nobody waits to be let in. */
DL_MUST_CHECK enum dl_err net_accept(local_socket listener, local_socket *ret);

/* Bytes moved; a receiver's 0: the other end has finished. */
#define NET_AGAIN  (-1) /* not now: wait for the socket */
#define NET_BROKEN (-2)
ptrdiff_t net_send(local_socket s, const void *bytes, size_t len);
ptrdiff_t net_receive(local_socket s, void *ret, size_t cap);

struct net_wait {
    local_socket s;
    bool read, write;         /* wanted */
    bool can_read, can_write; /* answered; a broken socket can both */
};
/* Returns when one of them is ready, or after timeout_ms. DL_E_IO. */
DL_MUST_CHECK enum dl_err net_wait(struct net_wait *waits, size_t count, uint32_t timeout_ms);

/* Ends a net_wait from another thread: wait for its socket to be readable. */
struct net_waker;
DL_MUST_CHECK enum dl_err net_waker_open(struct net_waker **ret);
void net_waker_close(struct net_waker *w);
local_socket net_waker_socket(const struct net_waker *w);
/* Any thread; never blocks; many wakes may come to one. */
void net_waker_wake(struct net_waker *w);
/* Forgets the wakes so far. */
void net_waker_drain(struct net_waker *w);

#endif
