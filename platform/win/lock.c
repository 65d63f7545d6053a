#include "platform/lock.h"

#include "platform/file.h"
#include "platform/win/os_err.h"

#include <stdio.h>
#include <stdlib.h>

/* Windows' locks bar reading too: this byte lies far behind the pid. */
#define LOCKED_OFFSET 0x7fffffff

struct folder_lock {
    HANDLE file;
};

/* Tells a person who looks into the file; the lock itself is LockFileEx's. */
static void write_pid(HANDLE file)
{
    char text[32];
    DWORD done;
    int n = snprintf(text, sizeof text, "%lu\r\n", (unsigned long)GetCurrentProcessId());
    if (WriteFile(file, text, (DWORD)n, &done, NULL))
        SetEndOfFile(file);
}

enum dl_err folder_lock_take(struct folder_lock **ret, const char *dir)
{
    struct file_path path;
    struct wide_path wide;
    enum dl_err err = file_join(&path, dir, "lock");
    if (!err)
        err = wide_path_of(&wide, path.s);
    if (err)
        return err;
    struct folder_lock *lock = malloc(sizeof *lock);
    if (!lock)
        return DL_E_NOMEM;
    SECURITY_ATTRIBUTES sa = {.nLength = sizeof sa,
                              .lpSecurityDescriptor = owner_only(L"", L"")};
    lock->file =
        CreateFileW(wide.s, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                    &sa, OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    DWORD code = GetLastError();
    LocalFree(sa.lpSecurityDescriptor);
    OVERLAPPED at = {.Offset = LOCKED_OFFSET};
    if (lock->file != INVALID_HANDLE_VALUE) {
        if (LockFileEx(lock->file, LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0,
                       &at)) {
            write_pid(lock->file);
            *ret = lock;
            return DL_OK;
        }
        code = GetLastError();
    }
    folder_lock_free(lock);
    return code == ERROR_IO_PENDING ? DL_E_BUSY : os_err(code);
}

void folder_lock_free(struct folder_lock *lock)
{
    if (!lock)
        return;
    if (lock->file != INVALID_HANDLE_VALUE)
        CloseHandle(lock->file); /* unlocks; the file stays */
    free(lock);
}

/* The same user may end this process but not read its memory. */
static bool bar_debuggers(void)
{
    PSECURITY_DESCRIPTOR sd = owner_only(L"", L"");
    PACL acl;
    BOOL present, defaulted, ok = FALSE;
    if (!sd)
        return false;
    if (GetSecurityDescriptorDacl(sd, &present, &acl, &defaulted) && present) {
        ACCESS_ALLOWED_ACE *user;
        if (GetAce(acl, 0, (void **)&user)) { /* owner_only puts the user first */
            user->Mask = SYNCHRONIZE | PROCESS_TERMINATE | PROCESS_QUERY_LIMITED_INFORMATION;
            ok = SetKernelObjectSecurity(GetCurrentProcess(), DACL_SECURITY_INFORMATION, sd);
        }
    }
    LocalFree(sd);
    return ok;
}

void harden_process(struct harden_report *ret)
{
    /* No error reporting, hence none of the dumps it would write or send. */
    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
    /* Windows locks single ranges only (VirtualLock), which sodium_malloc does. */
    *ret = (struct harden_report){.memory_locked = false, .cores_off = bar_debuggers()};
}
