#include "platform/local_socket.h"

#include <winsock2.h>
#include <ws2tcpip.h>

#include <stdio.h>
#include <string.h>

#define BACKLOG 200

static bool winsock_ready(void)
{
    static bool ready;
    WSADATA data;
    if (!ready)
        ready = WSAStartup(MAKEWORD(2, 2), &data) == 0;
    return ready;
}

static enum dl_err make(int family, SOCKET *ret)
{
    u_long on = 1;
    /* Not inherited by children: WSA_FLAG_NO_HANDLE_INHERIT, Windows 7 SP1. */
    SOCKET s = WSASocketW(family, SOCK_STREAM, 0, NULL, 0,
                          WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
    if (s == INVALID_SOCKET)
        return DL_E_IO;
    if (ioctlsocket(s, (long)FIONBIO, &on) != 0) {
        closesocket(s);
        return DL_E_IO;
    }
    *ret = s;
    return DL_OK;
}

static bool is_loopback(const struct sockaddr_storage *at)
{
    if (at->ss_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)at)->sin6_addr);
    return ntohl(((const struct sockaddr_in *)at)->sin_addr.s_addr) >> 24 == 127;
}

static enum dl_err describe(SOCKET s, char ret[static LOCAL_SOCKET_TEXT_BYTES],
                            bool *ret_loopback)
{
    struct sockaddr_storage at;
    int len = sizeof at;
    char host[256], port[16];
    if (getsockname(s, (struct sockaddr *)&at, &len) != 0 ||
        getnameinfo((struct sockaddr *)&at, len, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return DL_E_IO;
    snprintf(ret, LOCAL_SOCKET_TEXT_BYTES,
             at.ss_family == AF_INET6 ? "[%.255s]:%.8s" : "%.255s:%.8s", host, port);
    *ret_loopback = is_loopback(&at);
    return DL_OK;
}

static enum dl_err bind_to(const struct addrinfo *to, SOCKET *ret)
{
    const BOOL on = TRUE;
    enum dl_err err = make(to->ai_family, ret);
    if (err)
        return err;
    /* On Windows SO_REUSEADDR would let another program take the port from us. */
    (void)setsockopt(*ret, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (const char *)&on, sizeof on);
    if (bind(*ret, to->ai_addr, (int)to->ai_addrlen) == 0 && listen(*ret, BACKLOG) == 0)
        return DL_OK;
    int code = WSAGetLastError();
    closesocket(*ret);
    return code == WSAEADDRINUSE || code == WSAEACCES ? DL_E_BUSY : DL_E_IO;
}

enum dl_err local_socket_tcp(const char *address, local_socket *ret,
                             char ret_text[static LOCAL_SOCKET_TEXT_BYTES], bool *ret_loopback,
                             struct dl_why *why)
{
    char host[LOCAL_SOCKET_HOST_BYTES], service[8];
    uint16_t port = 0;
    if (local_socket_parse(address, host, &port)) {
        dl_why_set(why, "the address to listen on is HOST:PORT");
        return DL_E_INPUT;
    }
    snprintf(service, sizeof service, "%u", port);
    const struct addrinfo hints = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (!winsock_ready() || getaddrinfo(host, service, &hints, &found) != 0) {
        dl_why_set(why, "the host to listen on is not known here");
        return DL_E_INPUT;
    }
    SOCKET s = INVALID_SOCKET;
    enum dl_err err = bind_to(found, &s);
    freeaddrinfo(found);
    if (err)
        dl_why_set(why,
                   err == DL_E_BUSY ? "another program listens on %s"
                                    : "%s cannot be listened on",
                   address);
    else if ((err = describe(s, ret_text, ret_loopback)))
        closesocket(s);
    if (!err)
        *ret = (local_socket)s;
    return err;
}

/* Windows has AF_UNIX since 2018, but neither curl's build nor the HTTP library
 * takes it everywhere: commands use TCP and the folder's key. */
enum dl_err local_socket_unix(const char *path, local_socket *ret)
{
    (void)path;
    (void)ret;
    return DL_E_NOT_FOUND;
}

void local_socket_close(local_socket s)
{
    closesocket((SOCKET)s);
}
