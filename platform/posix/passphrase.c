#include "platform/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define KEY_CTRL_C 3
#define KEY_CTRL_D 4
#define KEY_BACK   8
#define KEY_CTRL_U 21
#define KEY_DELETE 127

static void say(int tty, const char *text)
{
    while (write(tty, text, strlen(text)) < 0 && errno == EINTR)
        ;
}

static bool read_key(int tty, char *ret)
{
    ssize_t n;
    do
        n = read(tty, ret, 1);
    while (n < 0 && errno == EINTR);
    return n == 1;
}

/* Forgets the last character, all bytes of it in UTF-8. */
static size_t back_over(const char *text, size_t len)
{
    while (len > 0 && ((unsigned char)text[len - 1] & 0xC0) == 0x80)
        len--;
    return len > 0 ? len - 1 : 0;
}

static enum dl_err read_line(int tty, char *ret, size_t cap)
{
    size_t len = 0;
    for (;;) {
        char c;
        if (!read_key(tty, &c) || c == KEY_CTRL_C || c == KEY_CTRL_D)
            return DL_E_INPUT;
        if (c == '\n' || c == '\r')
            break;
        if (c == KEY_BACK || c == KEY_DELETE)
            len = back_over(ret, len);
        else if (c == KEY_CTRL_U)
            len = 0;
        else if (len + 1 < cap)
            ret[len++] = c;
        else
            return DL_E_INPUT;
    }
    ret[len] = 0;
    return DL_OK;
}

/* Without ISIG too: a Ctrl-C that ended the process here would leave the
 * terminal mute, so it comes in as a key instead. */
enum dl_err passphrase_prompt(const char *prompt, char *ret, size_t cap)
{
    struct termios before, quiet;
    enum dl_err err = DL_E_NOT_FOUND;
    int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (tty < 0)
        return err;
    if (tcgetattr(tty, &before) != 0)
        goto done;
    quiet = before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG);
    quiet.c_cc[VMIN] = 1;
    quiet.c_cc[VTIME] = 0;
    if (tcsetattr(tty, TCSAFLUSH, &quiet) != 0)
        goto done;
    say(tty, prompt);
    err = read_line(tty, ret, cap);
    say(tty, "\n");
    (void)tcsetattr(tty, TCSAFLUSH, &before);
done:
    close(tty);
    return err;
}
