#include "hub/listener.h"

#include "platform/clock.h"
#include "platform/log.h"
#include "platform/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 512
#define REST_MS 100 /* without descriptors or memory: until some may be free again */

struct listener {
    int fd;
    int wake[2]; /* closing [1] ends the thread */
    struct thread *thread;
    struct MHD_Daemon *daemon;
};

/* One connection, or none that is our fault. */
static void accept_one(struct listener *l)
{
    struct sockaddr_storage peer;
    socklen_t len = sizeof peer;
    int fd = accept(l->fd, (struct sockaddr *)&peer, &len);
    if (fd >= 0) {
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
        MHD_add_connection(l->daemon, fd, (struct sockaddr *)&peer, len); /* closes it where it
                                                                             is one too many */
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        LOG_WARN("serve.descriptors");
        clock_sleep_ms(REST_MS);
    }
}

static void accept_on(void *ctx)
{
    struct listener *l = ctx;
    struct pollfd ready[2] = {{.fd = l->fd, .events = POLLIN}, {.fd = l->wake[0]}};
    for (;;) {
        if (poll(ready, 2, -1) < 0 && errno != EINTR)
            return;
        if (ready[1].revents)
            return;
        if (ready[0].revents & POLLIN)
            accept_one(l);
    }
}

static uint16_t port_of(int fd)
{
    struct sockaddr_storage bound;
    socklen_t len = sizeof bound;
    if (getsockname(fd, (struct sockaddr *)&bound, &len) != 0)
        return 0;
    return ntohs(bound.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&bound)->sin6_port
                                             : ((struct sockaddr_in *)&bound)->sin_port);
}

static bool bind_to(int fd, const struct address *address)
{
    const int on = 1;
    socklen_t len = address->sock.ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                        : sizeof(struct sockaddr_in);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL,
          fcntl(fd, F_GETFL) | O_NONBLOCK); /* who gave up leaves nothing to accept */
    return bind(fd, (const struct sockaddr *)&address->sock, len) == 0 &&
           listen(fd, BACKLOG) == 0;
}

enum dl_err listener_open(struct listener **ret, const struct address *address,
                          uint16_t *ret_port, struct dl_why *why)
{
    struct listener *l = calloc(1, sizeof *l);
    if (!l)
        return DL_E_NOMEM;
    l->wake[0] = l->wake[1] = -1;
    l->fd = socket(address->sock.ss_family, SOCK_STREAM, 0);
    if (l->fd < 0 || !bind_to(l->fd, address) || pipe(l->wake) != 0) {
        bool in_use = errno == EADDRINUSE;
        dl_why_set(why,
                   in_use ? "%.255s port %u is in use" : "%.255s port %u cannot be listened on",
                   address->host, address->port);
        listener_close(l);
        return in_use ? DL_E_BUSY : DL_E_IO;
    }
    *ret_port = port_of(l->fd);
    *ret = l;
    return DL_OK;
}

enum dl_err listener_start(struct listener *l, struct MHD_Daemon *daemon)
{
    l->daemon = daemon;
    return thread_start(&l->thread, accept_on, l);
}

void listener_close(struct listener *l)
{
    if (!l)
        return;
    if (l->wake[1] >= 0)
        close(l->wake[1]);
    thread_join(l->thread);
    if (l->wake[0] >= 0)
        close(l->wake[0]);
    if (l->fd >= 0)
        close(l->fd);
    free(l);
}
