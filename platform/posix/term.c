#include "platform/term.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool dumb(void)
{
    const char *term = getenv("TERM");
    return !term || strcmp(term, "dumb") == 0;
}

bool term_is_interactive(void)
{
    return isatty(STDERR_FILENO) && !dumb();
}

bool term_has_colour(void)
{
    const char *no = getenv("NO_COLOR");
    return term_is_interactive() && !(no && *no);
}

unsigned term_columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

bool term_stdout_is_screen(void)
{
    return isatty(STDOUT_FILENO) == 1;
}

void term_stdout_make_private(void)
{
    struct stat st;
    if (fstat(STDOUT_FILENO, &st) == 0 && S_ISREG(st.st_mode))
        (void)fchmod(STDOUT_FILENO, S_IRUSR | S_IWUSR); /* not our file: then its owner chose */
}
