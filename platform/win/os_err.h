/* os_err.h - Win32's error codes told as an enum dl_err, and UTF-8 as UTF-16. */
#ifndef DUNLIN_OS_ERR_H
#define DUNLIN_OS_ERR_H

#include "platform/err.h"
#include "platform/file.h"

#include <wchar.h>
#include <windows.h>

/* `code` is GetLastError()'s; 0 gives DL_E_IO, as something did fail. */
enum dl_err os_err(DWORD code);

/* Room for a full path with the prefix that lifts the limit of 260. */
#define WIDE_PATH_MAX (FILE_PATH_BYTES_MAX + 280)

struct wide_path {
    wchar_t s[WIDE_PATH_MAX];
};

DL_MUST_CHECK enum dl_err wide_path_of(struct wide_path *ret, const char *utf8);

/* An access list for the running user and SYSTEM alone, as text (SDDL) turned
 * into a descriptor; `extra` adds entries. LocalFree() it. NULL on failure. */
PSECURITY_DESCRIPTOR owner_only(const wchar_t *inherit, const wchar_t *extra);

/* Windows' own random id of the installation; 0 bytes when there is none. */
size_t machine_guid(char *ret, size_t len);

#endif
