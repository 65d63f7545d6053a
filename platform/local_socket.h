/* local_socket.h - listening sockets of a local API.
 *
 * Sockets are the system's own (an int; a SOCKET on Windows), non-blocking, not
 * inherited, and go to whoever serves them, who closes them.
 */
#ifndef DUNLIN_LOCAL_SOCKET_H
#define DUNLIN_LOCAL_SOCKET_H

#include "platform/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef intptr_t local_socket; /* wide enough for either */

#define LOCAL_SOCKET_HOST_BYTES 256
#define LOCAL_SOCKET_TEXT_BYTES 320

/* Splits "host:port", "[::1]:port"; port 0 to 65535. DL_E_INPUT otherwise. */
DL_MUST_CHECK enum dl_err local_socket_parse(const char *address,
                                             char ret_host[static LOCAL_SOCKET_HOST_BYTES],
                                             uint16_t *ret_port);

/* Binds a literal address or "localhost". *ret_text is what was bound, with the
 * real port. DL_E_BUSY: the address is in use. DL_E_INPUT. */
DL_MUST_CHECK enum dl_err local_socket_tcp(const char *address, local_socket *ret,
                                           char ret_text[static LOCAL_SOCKET_TEXT_BYTES],
                                           bool *ret_loopback, struct dl_why *why);

/* A Unix socket that only this user may open, replacing a stale one: the caller
 * holds the folder's lock. DL_E_NOT_FOUND: the system has none. DL_E_INPUT: the
 * path is too long for one. */
DL_MUST_CHECK enum dl_err local_socket_unix(const char *path, local_socket *ret);

void local_socket_close(local_socket s);

#endif
