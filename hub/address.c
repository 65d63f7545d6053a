#include "hub/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Cuts "host:port" at the last colon; an IPv6 address wears brackets. */
static bool split(struct address *a, const char *text)
{
    const char *colon = strrchr(text, ':');
    if (!colon || colon == text || strlen(colon + 1) < 1 || strlen(colon + 1) > 5 ||
        colon[1 + strspn(colon + 1, "0123456789")] != '\0')
        return false;
    const char *host = text;
    size_t len = (size_t)(colon - text);
    bool bracketed = host[0] == '[' && host[len - 1] == ']';
    if (bracketed) {
        host++;
        len -= 2;
    }
    if (len == 0 || len >= sizeof a->host || (memchr(host, ':', len) && !bracketed))
        return false;
    long port = strtol(colon + 1, NULL, 10);
    if (port > UINT16_MAX)
        return false;
    memcpy(a->host, host, len);
    a->host[len] = '\0';
    a->port = (uint16_t)port;
    return true;
}

static void look(struct address *a)
{
    if (a->sock.ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const void *)&a->sock;
        a->is_loopback = IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
        a->is_any = IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr);
    } else {
        const struct sockaddr_in *in = (const void *)&a->sock;
        a->is_loopback = ntohl(in->sin_addr.s_addr) >> 24 == 127;
        a->is_any = in->sin_addr.s_addr == htonl(INADDR_ANY);
    }
    uint8_t bytes[16];
    a->is_literal =
        inet_pton(AF_INET, a->host, bytes) == 1 || inet_pton(AF_INET6, a->host, bytes) == 1;
}

enum dl_err address_parse(struct address *ret, const char *text, struct dl_why *why)
{
    struct address a = {.port = 0};
    if (!split(&a, text)) {
        dl_why_set(why, "an address is HOST:PORT, such as 127.0.0.1:8443 or [::1]:8443");
        return DL_E_INPUT;
    }
    char port[8];
    snprintf(port, sizeof port, "%u", a.port);
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    if (getaddrinfo(a.host, port, &hints, &found) != 0 || !found) {
        dl_why_set(why, "the host of the address resolves to nothing");
        return DL_E_NET;
    }
    memcpy(&a.sock, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    look(&a);
    *ret = a;
    return DL_OK;
}

void address_format(const struct address *a, uint16_t port, char ret[static ADDRESS_TEXT_BYTES])
{
    const char *format = strchr(a->host, ':') ? "[%s]:%u" : "%s:%u";
    snprintf(ret, ADDRESS_TEXT_BYTES, format, a->host, port);
}
