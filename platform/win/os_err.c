#include "platform/win/os_err.h"

#include <sddl.h>
#include <stdio.h>

#ifndef ERROR_DISK_QUOTA_EXCEEDED /* mingw-w64 10 lacks it */
#define ERROR_DISK_QUOTA_EXCEEDED 1295
#endif

/* Paths from here on need the prefix: MAX_PATH less an 8.3 name, for folders. */
#define SHORT_PATH_MAX 248

enum dl_err os_err(DWORD code)
{
    switch (code) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_DRIVE:
        return DL_E_NOT_FOUND;
    case ERROR_FILE_EXISTS:
    case ERROR_ALREADY_EXISTS:
        return DL_E_EXISTS;
    case ERROR_DISK_FULL:
    case ERROR_HANDLE_DISK_FULL:
    case ERROR_DISK_QUOTA_EXCEEDED:
        return DL_E_FULL;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
        return DL_E_NOMEM;
    case ERROR_SHARING_VIOLATION:
    case ERROR_LOCK_VIOLATION:
        return DL_E_BUSY;
    case ERROR_INVALID_NAME:
    case ERROR_FILENAME_EXCED_RANGE:
    case ERROR_NO_UNICODE_TRANSLATION:
        return DL_E_INPUT;
    default:
        return DL_E_IO;
    }
}

enum dl_err wide_path_of(struct wide_path *ret, const char *utf8)
{
    wchar_t wide[FILE_PATH_BYTES_MAX];
    int n =
        MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, utf8, -1, wide, FILE_PATH_BYTES_MAX);
    if (n == 0)
        return DL_E_INPUT;
    for (wchar_t *at = wide; *at; at++)
        if (*at == L'/')
            *at = L'\\';
    if (n < SHORT_PATH_MAX) {
        wcscpy(ret->s, wide);
        return DL_OK;
    }
    /* The prefix switches off Win32's own reading of the path, so it must be full. */
    static const wchar_t prefix[] = L"\\\\?\\";
    wcscpy(ret->s, wcsncmp(wide, prefix, 4) == 0 ? L"" : prefix);
    size_t at = wcslen(ret->s);
    DWORD full = GetFullPathNameW(wide, (DWORD)(WIDE_PATH_MAX - at), ret->s + at, NULL);
    return full > 0 && full < WIDE_PATH_MAX - at ? DL_OK : DL_E_INPUT;
}

/* The running user's SID as text; LocalFree() it. */
static wchar_t *user_sid(void)
{
    HANDLE token;
    wchar_t *text = NULL;
    union {
        TOKEN_USER user;
        char bytes[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
    } info;
    DWORD len;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
        return NULL;
    if (GetTokenInformation(token, TokenUser, &info, sizeof info, &len) &&
        !ConvertSidToStringSidW(info.user.User.Sid, &text))
        text = NULL;
    CloseHandle(token);
    return text;
}

PSECURITY_DESCRIPTOR owner_only(const wchar_t *inherit, const wchar_t *extra)
{
    wchar_t *sid = user_sid();
    wchar_t sddl[512];
    PSECURITY_DESCRIPTOR sd = NULL;
    if (!sid)
        return NULL;
    int n = swprintf(sddl, sizeof sddl / sizeof sddl[0],
                     L"D:P(A;%ls;FA;;;%ls)(A;%ls;FA;;;SY)%ls", inherit, sid, inherit, extra);
    LocalFree(sid);
    if (n < 0 ||
        !ConvertStringSecurityDescriptorToSecurityDescriptorW(sddl, SDDL_REVISION_1, &sd, NULL))
        return NULL;
    return sd;
}

size_t machine_guid(char *ret, size_t len)
{
    DWORD size = (DWORD)len;
    LSTATUS rc =
        RegGetValueA(HKEY_LOCAL_MACHINE, "SOFTWARE\\Microsoft\\Cryptography", "MachineGuid",
                     RRF_RT_REG_SZ | RRF_SUBKEY_WOW6464KEY, NULL, ret, &size);
    return rc == ERROR_SUCCESS && size > 1 ? size - 1 : 0;
}
