#include "platform/args.h"

#include <fcntl.h>
#include <io.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include <shellapi.h>

static char *utf8_of(const wchar_t *wide)
{
    int len = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
    char *text = len > 0 ? malloc((size_t)len) : NULL;
    if (text)
        WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, len, NULL, NULL);
    return text;
}

/* mingw hands main a copy of __argv, so the words are compared. */
static bool is_main_argv(int argc, char **argv)
{
    bool same = argc == __argc;
    for (int i = 0; same && i < argc; i++)
        same = strcmp(argv[i], __argv[i]) == 0;
    return same;
}

char **args_utf8(int argc, char **argv)
{
    if (!is_main_argv(argc, argv))
        return argv; /* a test's words */
    SetConsoleOutputCP(CP_UTF8);
    /* A bundle or an export has the same bytes on every system; screens know LF. */
    _setmode(_fileno(stdout), _O_BINARY);
    _setmode(_fileno(stderr), _O_BINARY);
    int count = 0;
    wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), &count);
    char **utf8 = wide && count == argc ? calloc((size_t)argc + 1, sizeof *utf8) : NULL;
    for (int i = 0; utf8 && i < argc; i++) {
        utf8[i] = utf8_of(wide[i]);
        if (!utf8[i])
            utf8[i] = argv[i];
    }
    LocalFree(wide);
    return utf8 ? utf8 : argv;
}
