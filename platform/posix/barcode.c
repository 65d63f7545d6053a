#include "platform/barcode.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <poll.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define KEYBOARDS "/dev/input/"

struct barcode {
    int fd;
    bool is_keyboard;
    struct barcode_keys keys;
    struct barcode_line line;
    /* Bytes that were read and not looked at: some of an event, or what follows a code. */
    union {
        char bytes[4096];
        struct input_event events[4096 / sizeof(struct input_event)];
    } in;
    size_t in_len, in_at;
};

/* "evdev:/x" -> "/x" and true. */
static const char *path_of(const char *source, bool *ret_is_keyboard)
{
    static const char evdev[] = "evdev:", serial[] = "serial:";
    *ret_is_keyboard = strncmp(source, evdev, sizeof evdev - 1) == 0;
    if (*ret_is_keyboard)
        return source + sizeof evdev - 1;
    if (strncmp(source, serial, sizeof serial - 1) == 0)
        return source + sizeof serial - 1;
    *ret_is_keyboard = strncmp(source, KEYBOARDS, sizeof KEYBOARDS - 1) == 0;
    return source;
}

static void make_raw(int fd)
{
    struct termios t;
    if (tcgetattr(fd, &t)) /* a pipe, in tests */
        return;
    t.c_iflag = IGNBRK;
    t.c_oflag = 0;
    t.c_lflag = 0;
    t.c_cflag = CS8 | CREAD | CLOCAL;
    t.c_cc[VMIN] = 1;
    t.c_cc[VTIME] = 0;
    cfsetispeed(&t, B9600);
    cfsetospeed(&t, B9600);
    tcsetattr(fd, TCSANOW, &t);
}

/* So that codes go nowhere else, into no chat window and no shell. */
static enum dl_err grab(int fd)
{
    if (ioctl(fd, EVIOCGRAB, 1) == 0 || errno == ENOTTY || errno == EINVAL) /* a pipe */
        return DL_OK;
    return errno == EBUSY ? DL_E_BUSY : DL_E_IO;
}

enum dl_err barcode_open(struct barcode **ret, const char *source)
{
    enum dl_err err = DL_OK;
    struct barcode *b = calloc(1, sizeof *b);
    if (!b)
        return DL_E_NOMEM;
    (void)sodium_mlock(b, sizeof *b); /* people hold ID cards to readers: never to swap */
    b->fd =
        open(path_of(source, &b->is_keyboard), O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (b->fd < 0)
        err = errno == ENOENT || errno == ENXIO || errno == ENODEV ? DL_E_NOT_FOUND : DL_E_IO;
    else if (b->is_keyboard)
        err = grab(b->fd);
    else
        make_raw(b->fd);
    if (err)
        goto done;
    *ret = b;
    b = NULL; /* the caller's now */
done:
    barcode_close(b);
    return err;
}

void barcode_close(struct barcode *b)
{
    if (!b)
        return;
    if (b->fd >= 0)
        close(b->fd);                   /* lets the keyboard go, too */
    (void)sodium_munlock(b, sizeof *b); /* wipes first, whether it was locked or not */
    free(b);
}

/* What waits, behind an event that came in part. DL_E_IO: nothing will. */
static enum dl_err fill(struct barcode *b, uint32_t timeout_ms)
{
    size_t rest = b->in_len - b->in_at;
    memmove(b->in.bytes, b->in.bytes + b->in_at, rest);
    sodium_memzero(b->in.bytes + rest, sizeof b->in.bytes - rest);
    b->in_at = 0;
    b->in_len = rest;
    struct pollfd p = {.fd = b->fd, .events = POLLIN};
    int n = poll(&p, 1, (int)timeout_ms);
    if (n == 0 || (n < 0 && errno == EINTR))
        return DL_OK;
    ssize_t got = n < 0 ? -1 : read(b->fd, b->in.bytes + rest, sizeof b->in.bytes - rest);
    if (got > 0)
        b->in_len += (size_t)got;
    else if (got == 0 || (errno != EAGAIN && errno != EINTR))
        return DL_E_IO;
    return DL_OK;
}

/* The next character out of what was read; false: more has to come. */
static bool next(struct barcode *b, char *ret)
{
    struct input_event e;
    size_t step = b->is_keyboard ? sizeof e : 1;
    while (b->in_len - b->in_at >= step) {
        const char *at = b->in.bytes + b->in_at;
        b->in_at += step;
        *ret = *at;
        if (!b->is_keyboard)
            return true;
        memcpy(&e, at, sizeof e);
        if (e.type != EV_KEY)
            continue;
        *ret = barcode_keys_feed(&b->keys, e.code, e.value);
        if (*ret)
            return true;
    }
    return false;
}

static bool take_code(struct barcode *b, char ret[static BARCODE_BYTES_MAX], size_t *ret_len)
{
    char byte;
    while (next(b, &byte)) {
        if (!barcode_line_feed(&b->line, byte))
            continue;
        memcpy(ret, b->line.bytes, b->line.len);
        *ret_len = b->line.len;
        sodium_memzero(&b->line, sizeof b->line);
        return true;
    }
    return false;
}

enum dl_err barcode_read(struct barcode *b, uint32_t timeout_ms,
                         char ret[static BARCODE_BYTES_MAX], size_t *ret_len)
{
    *ret_len = 0;
    if (take_code(b, ret, ret_len))
        return DL_OK;
    enum dl_err err = fill(b, timeout_ms);
    if (!err)
        take_code(b, ret, ret_len);
    return err;
}
