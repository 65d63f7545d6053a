#include "platform/term.h"

#include <stdlib.h>
#include <windows.h>

bool term_is_interactive(void)
{
    DWORD mode;
    HANDLE h = GetStdHandle(STD_ERROR_HANDLE);
    return GetConsoleMode(h, &mode) &&
           SetConsoleMode(h, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING);
}

bool term_has_colour(void)
{
    const char *no = getenv("NO_COLOR");
    return term_is_interactive() && !(no && *no);
}

unsigned term_columns(void)
{
    CONSOLE_SCREEN_BUFFER_INFO info;
    if (GetConsoleScreenBufferInfo(GetStdHandle(STD_ERROR_HANDLE), &info))
        return (unsigned)(info.srWindow.Right - info.srWindow.Left + 1);
    return 80;
}

bool term_stdout_is_screen(void)
{
    DWORD mode;
    return GetConsoleMode(GetStdHandle(STD_OUTPUT_HANDLE), &mode) != 0;
}

void term_stdout_make_private(void)
{
}
