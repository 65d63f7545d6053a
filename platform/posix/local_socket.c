#include "platform/local_socket.h"

#include "platform/posix/os_err.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 512

static enum dl_err make(int family, int *ret)
{
    int fd = socket(family, SOCK_STREAM, 0);
    if (fd < 0)
        return os_err(errno);
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        enum dl_err err = os_err(errno);
        close(fd);
        return err;
    }
    *ret = fd;
    return DL_OK;
}

static bool is_loopback(const struct sockaddr_storage *at)
{
    if (at->ss_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)at)->sin6_addr);
    return ntohl(((const struct sockaddr_in *)at)->sin_addr.s_addr) >> 24 == 127;
}

static enum dl_err describe(int fd, char ret[static LOCAL_SOCKET_TEXT_BYTES],
                            bool *ret_loopback)
{
    struct sockaddr_storage at;
    socklen_t len = sizeof at;
    char host[256], port[16];
    if (getsockname(fd, (struct sockaddr *)&at, &len) != 0 ||
        getnameinfo((struct sockaddr *)&at, len, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return DL_E_IO;
    snprintf(ret, LOCAL_SOCKET_TEXT_BYTES,
             at.ss_family == AF_INET6 ? "[%.255s]:%.8s" : "%.255s:%.8s", host, port);
    *ret_loopback = is_loopback(&at);
    return DL_OK;
}

static enum dl_err bind_to(const struct addrinfo *to, int *ret)
{
    const int on = 1;
    enum dl_err err = make(to->ai_family, ret);
    if (err)
        return err;
    /* A restart need not wait for the last process's connections to time out. */
    (void)setsockopt(*ret, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(*ret, to->ai_addr, to->ai_addrlen) == 0 && listen(*ret, BACKLOG) == 0)
        return DL_OK;
    err = errno == EADDRINUSE ? DL_E_BUSY : os_err(errno);
    close(*ret);
    return err;
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
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    if (getaddrinfo(host, service, &hints, &found) != 0) {
        dl_why_set(why, "the host to listen on is not known here");
        return DL_E_INPUT;
    }
    int fd = -1;
    enum dl_err err = bind_to(found, &fd);
    freeaddrinfo(found);
    if (err)
        dl_why_set(why,
                   err == DL_E_BUSY ? "another program listens on %s"
                                    : "%s cannot be listened on",
                   address);
    else if ((err = describe(fd, ret_text, ret_loopback)))
        close(fd);
    if (!err)
        *ret = fd;
    return err;
}

enum dl_err local_socket_unix(const char *path, local_socket *ret)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = -1;
    if (strlen(path) >= sizeof at.sun_path)
        return DL_E_INPUT;
    strcpy(at.sun_path, path);
    enum dl_err err = make(AF_UNIX, &fd);
    if (err)
        return err;
    (void)unlink(path);
    /* Nobody can connect before listen, so the mode is right in time. */
    if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || chmod(path, 0600) != 0 ||
        listen(fd, BACKLOG) != 0) {
        err = os_err(errno);
        close(fd);
        return err;
    }
    *ret = fd;
    return DL_OK;
}

void local_socket_close(local_socket s)
{
    close((int)s);
}
