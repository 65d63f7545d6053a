/* portable.h - what unit tests ask of the system beside platform/, on POSIX and
 * on Windows.
 *
 * Files, locks and threads come from platform/. This is for the rest: modes that
 * are held against an access list on Windows, hard links, the environment. A test
 * of what Windows has no like of begins with PORTABLE_NEEDS("fork"), which says
 * so there and skips it. After cmocka.h.
 */
#ifndef DUNLIN_TEST_PORTABLE_H
#define DUNLIN_TEST_PORTABLE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#ifndef _WIN32

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define PORTABLE_NEEDS(what) ((void)(what))
#define PORTABLE_FILE_CURE   "chmod 600" /* what file_check_private advises */
#define PORTABLE_DIR_CURE    "chmod 700"
#define O_BINARY             0

static inline const char *portable_temp(void)
{
    const char *dir = getenv("TMPDIR");
    return dir ? dir : "/tmp";
}

static inline bool portable_is_wine(void)
{
    return false;
}

static inline unsigned portable_mode(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 ? st.st_mode & 0777U : 0U;
}

static inline int portable_set_mode(const char *path, unsigned mode)
{
    return chmod(path, (mode_t)mode);
}

#else

#include "platform/win/os_err.h"

#include <aclapi.h>
#include <sys/types.h>

#define PORTABLE_NEEDS(what)                                                                   \
    do {                                                                                       \
        printf("# Windows has no %s\n", (what));                                               \
        skip();                                                                                \
    } while (0)
#define PORTABLE_FILE_CURE "icacls"
#define PORTABLE_DIR_CURE  "icacls"

static inline const char *portable_temp(void)
{
    const char *dir = getenv("TEMP");
    return dir ? dir : ".";
}

/* Wine gives a new file the mode that its Unix umask leaves, and has no inheritance. */
static inline bool portable_is_wine(void)
{
    HMODULE ntdll = GetModuleHandleA("ntdll.dll");
    return ntdll && GetProcAddress(ntdll, "wine_get_version");
}

/* What the access list says to others, as the mode that says the same. */
static inline unsigned portable_mode(const char *path)
{
    PACL acl = NULL;
    PSECURITY_DESCRIPTOR sd = NULL;
    DWORD is = GetFileAttributesA(path);
    if (GetNamedSecurityInfoA(path, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL, &acl,
                              NULL, &sd) != ERROR_SUCCESS)
        return 0;
    unsigned mode = acl ? 0600 : 0666;
    for (DWORD i = 0; acl && i < acl->AceCount; i++) {
        ACCESS_ALLOWED_ACE *ace;
        if (!GetAce(acl, i, (void **)&ace) || ace->Header.AceType != ACCESS_ALLOWED_ACE_TYPE ||
            !IsWellKnownSid((PSID)&ace->SidStart, WinWorldSid))
            continue;
        mode |= ace->Mask & FILE_READ_DATA ? 044U : 0U;
        mode |= ace->Mask & FILE_WRITE_DATA ? 022U : 0U;
    }
    LocalFree(sd);
    return is & FILE_ATTRIBUTE_DIRECTORY ? mode | 0100 : mode;
}

/* Full control for the owner, and for everybody what the mode gives to others. */
static inline int portable_set_mode(const char *path, unsigned mode)
{
    const wchar_t *others = mode & 022 ? L"(A;;FRFW;;;WD)" : mode & 044 ? L"(A;;FR;;;WD)" : L"";
    PSECURITY_DESCRIPTOR sd = owner_only(L"", others);
    BOOL ok = sd && SetFileSecurityA(path, DACL_SECURITY_INFORMATION, sd);
    LocalFree(sd);
    return ok ? 0 : -1;
}

static inline int link(const char *from, const char *to)
{
    return CreateHardLinkA(to, from, NULL) ? 0 : -1;
}

static inline int setenv(const char *name, const char *value, int replace)
{
    return replace || !getenv(name) ? _putenv_s(name, value) : 0;
}

static inline int unsetenv(const char *name)
{
    return _putenv_s(name, "");
}

/* Nobody is root here, so that tests which mount skip as they do for any user. */
static inline int geteuid(void)
{
    return 1;
}

static inline int mount(const char *from, const char *to, const char *type, unsigned long flags,
                        const char *options)
{
    (void)from, (void)to, (void)type, (void)flags, (void)options;
    return -1;
}

static inline int umount(const char *at)
{
    (void)at;
    return -1;
}

/* Behind PORTABLE_NEEDS, hence never called. */
static inline pid_t fork(void)
{
    abort();
}

static inline pid_t waitpid(pid_t child, int *status, int options)
{
    (void)child, (void)status, (void)options;
    abort();
}

static inline int symlink(const char *to, const char *at)
{
    (void)to, (void)at;
    abort();
}

#endif
#endif
