#include "platform/net.h"

#include <winsock2.h>
#include <ws2tcpip.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MAX 128
/* What lies in the system's buffers is ahead of everything that is more urgent. */
#define BUFFER_BYTES (64 * 1024)

/* A datagram socket of the loopback that is connected to itself. */
struct net_waker {
    SOCKET s;
};

static bool winsock_ready(void)
{
    WSADATA data;
    return WSAStartup(MAKEWORD(2, 2), &data) == 0; /* counted by the system */
}

static bool make_quiet(SOCKET s)
{
    u_long on = 1;
    return ioctlsocket(s, (long)FIONBIO, &on) == 0;
}

/* Small messages leave at once. What the system does not take is no reason to stop. */
static void tune(SOCKET s)
{
    const BOOL on = TRUE;
    const int bytes = BUFFER_BYTES;
    (void)setsockopt(s, IPPROTO_TCP, TCP_NODELAY, (const char *)&on, sizeof on);
    (void)setsockopt(s, SOL_SOCKET, SO_SNDBUF, (const char *)&bytes, sizeof bytes);
    (void)setsockopt(s, SOL_SOCKET, SO_RCVBUF, (const char *)&bytes, sizeof bytes);
}

static SOCKET make(int family, int type)
{
    SOCKET s =
        WSASocketW(family, type, 0, NULL, 0, WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
    if (s != INVALID_SOCKET && !make_quiet(s)) {
        closesocket(s);
        s = INVALID_SOCKET;
    }
    return s;
}

enum dl_err net_dial(local_socket *ret, const char *address)
{
    char host[LOCAL_SOCKET_HOST_BYTES], service[8];
    uint16_t port = 0;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    if (local_socket_parse(address, host, &port) || port == 0 || !host[0])
        return DL_E_INPUT;
    snprintf(service, sizeof service, "%u", port);
    if (!winsock_ready() || getaddrinfo(host, service, &hints, &found) != 0)
        return DL_E_INPUT;
    enum dl_err err = DL_E_NET;
    SOCKET s = make(found->ai_family, SOCK_STREAM);
    if (s == INVALID_SOCKET)
        goto done;
    tune(s);
    if (connect(s, found->ai_addr, (int)found->ai_addrlen) != 0 &&
        WSAGetLastError() != WSAEWOULDBLOCK) {
        closesocket(s);
        goto done;
    }
    *ret = (local_socket)s;
    err = DL_OK;
done:
    freeaddrinfo(found);
    return err;
}

enum dl_err net_dialled(local_socket s)
{
    int error = 0, len = sizeof error;
    if (getsockopt((SOCKET)s, SOL_SOCKET, SO_ERROR, (char *)&error, &len) != 0 || error != 0)
        return DL_E_NET;
    return DL_OK;
}

enum dl_err net_accept(local_socket listener, local_socket *ret)
{
    SOCKET s = accept((SOCKET)listener, NULL, NULL);
    if (s == INVALID_SOCKET) {
        int code = WSAGetLastError();
        return code == WSAEWOULDBLOCK || code == WSAECONNRESET ? DL_E_NOT_FOUND : DL_E_IO;
    }
    if (!make_quiet(s)) {
        closesocket(s);
        return DL_E_IO;
    }
    tune(s);
    *ret = (local_socket)s;
    return DL_OK;
}

static ptrdiff_t moved(int n)
{
    if (n >= 0)
        return n;
    return WSAGetLastError() == WSAEWOULDBLOCK ? NET_AGAIN : NET_BROKEN;
}

ptrdiff_t net_send(local_socket s, const void *bytes, size_t len)
{
    return moved(send((SOCKET)s, bytes, (int)(len > INT32_MAX ? INT32_MAX : len), 0));
}

ptrdiff_t net_receive(local_socket s, void *ret, size_t cap)
{
    return moved(recv((SOCKET)s, ret, (int)(cap > INT32_MAX ? INT32_MAX : cap), 0));
}

enum dl_err net_wait(struct net_wait *waits, size_t count, uint32_t timeout_ms)
{
    WSAPOLLFD fds[WAIT_MAX];
    if (count > WAIT_MAX)
        return DL_E_INPUT;
    for (size_t i = 0; i < count; i++)
        fds[i] = (WSAPOLLFD){.fd = (SOCKET)waits[i].s,
                             .events = (SHORT)((waits[i].read ? POLLRDNORM : 0) |
                                               (waits[i].write ? POLLWRNORM : 0))};
    int n = WSAPoll(fds, (ULONG)count, timeout_ms > INT32_MAX ? INT32_MAX : (int)timeout_ms);
    if (n == SOCKET_ERROR)
        return DL_E_IO;
    const SHORT broken = POLLERR | POLLHUP | POLLNVAL;
    for (size_t i = 0; i < count; i++) {
        waits[i].can_read = n > 0 && (fds[i].revents & (POLLRDNORM | broken));
        waits[i].can_write = n > 0 && (fds[i].revents & (POLLWRNORM | broken));
    }
    return DL_OK;
}

enum dl_err net_waker_open(struct net_waker **ret)
{
    struct net_waker *w = malloc(sizeof *w);
    if (!w)
        return DL_E_NOMEM;
    struct sockaddr_in self = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int len = sizeof self;
    w->s = winsock_ready() ? make(AF_INET, SOCK_DGRAM) : INVALID_SOCKET;
    if (w->s == INVALID_SOCKET || bind(w->s, (struct sockaddr *)&self, len) != 0 ||
        getsockname(w->s, (struct sockaddr *)&self, &len) != 0 ||
        connect(w->s, (struct sockaddr *)&self, len) != 0) {
        net_waker_close(w);
        return DL_E_IO;
    }
    *ret = w;
    return DL_OK;
}

void net_waker_close(struct net_waker *w)
{
    if (!w)
        return;
    if (w->s != INVALID_SOCKET)
        closesocket(w->s);
    free(w);
}

local_socket net_waker_socket(const struct net_waker *w)
{
    return (local_socket)w->s;
}

void net_waker_wake(struct net_waker *w)
{
    (void)send(w->s, "", 1, 0); /* full: it is as awake as can be */
}

void net_waker_drain(struct net_waker *w)
{
    char bytes[64];
    while (recv(w->s, bytes, sizeof bytes, 0) >= 0)
        continue;
}
