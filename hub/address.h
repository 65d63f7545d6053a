/* address.h - "HOST:PORT" as an operator writes it, and the socket address of it. */
#ifndef DUNLIN_HUB_ADDRESS_H
#define DUNLIN_HUB_ADDRESS_H

#include "platform/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define ADDRESS_HOST_BYTES 256

struct address {
    char host[ADDRESS_HOST_BYTES]; /* without brackets */
    uint16_t port;                 /* 0: any free one */
    bool is_literal;               /* host is an IPv4 or IPv6 address */
    bool is_loopback;
    bool is_any; /* 0.0.0.0 or :: */
    struct sockaddr_storage sock;
};

/* Splits and resolves. "[::1]:8443" and "localhost:8443" are fine. DL_E_INPUT:
 * not HOST:PORT. DL_E_NET: the name resolves to nothing. */
DL_MUST_CHECK enum dl_err address_parse(struct address *ret, const char *text,
                                        struct dl_why *why);

/* "host:port" or "[host]:port", for a URL. */
#define ADDRESS_TEXT_BYTES (ADDRESS_HOST_BYTES + 16)
void address_format(const struct address *a, uint16_t port,
                    char ret[static ADDRESS_TEXT_BYTES]);

#endif
