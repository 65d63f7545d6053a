#include "platform/passphrase.h"

#include <limits.h>
#include <string.h>
#include <windows.h>

#define LINE_CHARS 1024

/* Takes the line's UTF-16 to UTF-8 without its CR LF. */
static enum dl_err take_line(const WCHAR *line, DWORD chars, char *ret, size_t cap)
{
    while (chars > 0 && (line[chars - 1] == L'\r' || line[chars - 1] == L'\n'))
        chars--;
    if (cap > INT_MAX)
        cap = INT_MAX;
    int len = 0;
    if (chars > 0) {
        len = WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, line, (int)chars, ret,
                                  (int)cap - 1, NULL, NULL);
        if (len <= 0)
            return DL_E_INPUT;
    }
    ret[len] = 0;
    return DL_OK;
}

static enum dl_err read_line(HANDLE in, char *ret, size_t cap)
{
    WCHAR line[LINE_CHARS];
    DWORD chars = 0;
    enum dl_err err = DL_E_INPUT; /* Ctrl-C gives no characters at all */
    if (ReadConsoleW(in, line, LINE_CHARS, &chars, NULL) && chars > 0 && chars < LINE_CHARS)
        err = take_line(line, chars, ret, cap);
    SecureZeroMemory(line, sizeof line);
    return err;
}

enum dl_err passphrase_prompt(const char *prompt, char *ret, size_t cap)
{
    enum dl_err err = DL_E_NOT_FOUND;
    DWORD before = 0, written = 0;
    HANDLE in = CreateFileA("CONIN$", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ, NULL,
                            OPEN_EXISTING, 0, NULL);
    HANDLE out =
        CreateFileA("CONOUT$", GENERIC_WRITE, FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    if (in == INVALID_HANDLE_VALUE || out == INVALID_HANDLE_VALUE ||
        !GetConsoleMode(in, &before) || !SetConsoleMode(in, before & ~(DWORD)ENABLE_ECHO_INPUT))
        goto done;
    WriteConsoleA(out, prompt, (DWORD)strlen(prompt), &written, NULL);
    err = read_line(in, ret, cap);
    WriteConsoleA(out, "\r\n", 2, &written, NULL);
    SetConsoleMode(in, before);
done:
    if (in != INVALID_HANDLE_VALUE)
        CloseHandle(in);
    if (out != INVALID_HANDLE_VALUE)
        CloseHandle(out);
    return err;
}
