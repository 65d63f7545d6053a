#include "platform/net.h"

#include "platform/posix/os_err.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAIT_MAX 128
/* What lies in the system's buffers is ahead of everything that is more urgent. */
#define BUFFER_BYTES (64 * 1024)

struct net_waker {
    int read_end, write_end;
};

static bool make_quiet(int fd)
{
    return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

/* Small messages leave at once. What the system does not take is no reason to stop. */
static void tune(int fd)
{
    const int on = 1, bytes = BUFFER_BYTES;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

static enum dl_err dial(const struct addrinfo *to, int *ret)
{
    int fd = socket(to->ai_family, SOCK_STREAM, 0);
    if (fd < 0)
        return errno == EAFNOSUPPORT ? DL_E_NET : os_err(errno);
    enum dl_err err = DL_E_IO;
    if (!make_quiet(fd))
        goto done;
    tune(fd);
    err = DL_E_NET;
    if (connect(fd, to->ai_addr, to->ai_addrlen) != 0 && errno != EINPROGRESS)
        goto done;
    *ret = fd;
    return DL_OK;
done:
    close(fd);
    return err;
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
    if (getaddrinfo(host, service, &hints, &found) != 0)
        return DL_E_INPUT;
    int fd = -1;
    enum dl_err err = dial(found, &fd);
    freeaddrinfo(found);
    if (!err)
        *ret = fd;
    return err;
}

enum dl_err net_dialled(local_socket s)
{
    int error = 0;
    socklen_t len = sizeof error;
    if (getsockopt((int)s, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error != 0)
        return DL_E_NET;
    return DL_OK;
}

enum dl_err net_accept(local_socket listener, local_socket *ret)
{
    int fd = accept((int)listener, NULL, NULL);
    if (fd < 0) {
        bool nobody =
            errno == EAGAIN || errno == EWOULDBLOCK || errno == ECONNABORTED || errno == EINTR;
        return nobody ? DL_E_NOT_FOUND : os_err(errno);
    }
    if (!make_quiet(fd)) {
        close(fd);
        return DL_E_IO;
    }
    tune(fd);
    *ret = fd;
    return DL_OK;
}

static ptrdiff_t moved(ssize_t n)
{
    if (n >= 0)
        return n;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? NET_AGAIN : NET_BROKEN;
}

ptrdiff_t net_send(local_socket s, const void *bytes, size_t len)
{
    return moved(send((int)s, bytes, len, MSG_NOSIGNAL));
}

ptrdiff_t net_receive(local_socket s, void *ret, size_t cap)
{
    return moved(recv((int)s, ret, cap, 0));
}

enum dl_err net_wait(struct net_wait *waits, size_t count, uint32_t timeout_ms)
{
    struct pollfd fds[WAIT_MAX];
    if (count > WAIT_MAX)
        return DL_E_INPUT;
    for (size_t i = 0; i < count; i++)
        fds[i] = (struct pollfd){
            .fd = (int)waits[i].s,
            .events = (short)((waits[i].read ? POLLIN : 0) | (waits[i].write ? POLLOUT : 0))};
    int n = poll(fds, (nfds_t)count, timeout_ms > INT32_MAX ? INT32_MAX : (int)timeout_ms);
    if (n < 0 && errno != EINTR)
        return DL_E_IO;
    const short broken = POLLERR | POLLHUP | POLLNVAL;
    for (size_t i = 0; i < count; i++) {
        waits[i].can_read = n > 0 && (fds[i].revents & (POLLIN | broken));
        waits[i].can_write = n > 0 && (fds[i].revents & (POLLOUT | broken));
    }
    return DL_OK;
}

enum dl_err net_waker_open(struct net_waker **ret)
{
    int ends[2];
    struct net_waker *w = malloc(sizeof *w);
    if (!w)
        return DL_E_NOMEM;
    if (pipe(ends) != 0) {
        free(w);
        return os_err(errno);
    }
    *w = (struct net_waker){.read_end = ends[0], .write_end = ends[1]};
    if (!make_quiet(ends[0]) || !make_quiet(ends[1])) {
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
    close(w->read_end);
    close(w->write_end);
    free(w);
}

local_socket net_waker_socket(const struct net_waker *w)
{
    return w->read_end;
}

void net_waker_wake(struct net_waker *w)
{
    /* Full: it is as awake as can be. */
    if (write(w->write_end, "", 1) < 0)
        return;
}

void net_waker_drain(struct net_waker *w)
{
    char bytes[64];
    while (read(w->read_end, bytes, sizeof bytes) == (ssize_t)sizeof bytes)
        continue;
}
