#include "platform/service.h"

#include "platform/posix/os_err.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Signals end up as flags; a byte in the pipe wakes whoever waits. */
static int wake_fd[2] = {-1, -1};
static atomic_bool stop_asked; /* lock-free, so good in a handler as well */
static atomic_bool reload_asked;

static void wake(void)
{
    int keep = errno;
    if (wake_fd[1] >= 0 && write(wake_fd[1], "", 1) < 0) {
        /* full: somebody is being woken already */
    }
    errno = keep;
}

static void on_signal(int number)
{
    if (number == SIGHUP)
        reload_asked = true;
    else
        stop_asked = true;
    wake();
}

static enum dl_err make_pipe(void)
{
    if (pipe(wake_fd) != 0)
        return os_err(errno);
    for (int i = 0; i < 2; i++) {
        if (fcntl(wake_fd[i], F_SETFL, O_NONBLOCK) != 0 ||
            fcntl(wake_fd[i], F_SETFD, FD_CLOEXEC) != 0)
            return os_err(errno);
    }
    return DL_OK;
}

enum dl_err service_init(void)
{
    enum dl_err err = wake_fd[0] < 0 ? make_pipe() : DL_OK;
    if (err)
        return err;
    struct sigaction ours = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigfillset(&ours.sa_mask);
    if (sigaction(SIGTERM, &ours, NULL) != 0 || sigaction(SIGINT, &ours, NULL) != 0 ||
        sigaction(SIGHUP, &ours, NULL) != 0 || sigaction(SIGPIPE, &ignore, NULL) != 0)
        return os_err(errno);
    return DL_OK;
}

enum service_wish service_wait(uint32_t timeout_ms)
{
    if (!stop_asked && !reload_asked) {
        struct pollfd p = {.fd = wake_fd[0], .events = POLLIN};
        (void)poll(&p, 1, timeout_ms < INT32_MAX ? (int)timeout_ms : INT32_MAX);
    }
    char drain[16];
    while (wake_fd[0] >= 0 && read(wake_fd[0], drain, sizeof drain) > 0)
        continue;
    if (stop_asked)
        return SERVICE_WISH_STOP;
    return atomic_exchange(&reload_asked, false) ? SERVICE_WISH_RELOAD : SERVICE_WISH_NONE;
}

void service_stop(void)
{
    stop_asked = true;
    wake();
}

/* sd_notify(3): one datagram to the socket that NOTIFY_SOCKET names; a leading
 * @ means the abstract name space. Nobody there is no error of ours. */
static void notify(const char *message)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t len = path ? strlen(path) : 0;
    if (len < 2 || len >= sizeof to.sun_path)
        return;
    memcpy(to.sun_path, path, len);
    if (path[0] == '@')
        to.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (fd < 0)
        return;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    (void)sendto(fd, message, strlen(message), 0, (const struct sockaddr *)&to,
                 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
    close(fd);
}

void service_ready(void)
{
    notify("READY=1");
}

void service_stopping(void)
{
    notify("STOPPING=1");
}

void service_watchdog(void)
{
    if (service_watchdog_ms() > 0)
        notify("WATCHDOG=1");
}

uint32_t service_watchdog_ms(void)
{
    const char *usec = getenv("WATCHDOG_USEC");
    const char *pid = getenv("WATCHDOG_PID");
    if (!usec || (pid && strtoimax(pid, NULL, 10) != (intmax_t)getpid()))
        return 0;                                        /* meant for a parent of ours */
    uintmax_t ms = strtoumax(usec, NULL, 10) / 1000 / 2; /* twice in the time allowed */
    return ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
}
