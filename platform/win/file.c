#include "platform/file.h"

#include "platform/file_os.h"
#include "platform/names.h"
#include "platform/random.h"
#include "platform/win/os_err.h"

#include <aclapi.h>
#include <fcntl.h>
#include <io.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define CERTIFICATE_BYTES_MAX (64 * 1024)
/* ReadFile and WriteFile count in a DWORD. */
#define CHUNK_BYTES_MAX ((size_t)1 << 30)
/* 1601 to 1970 in FILETIME's units of 100 ns. */
#define EPOCH_100NS 116444736000000000LL

static enum dl_err last(void)
{
    return os_err(GetLastError());
}

static enum dl_err open_read(HANDLE *ret, const char *path)
{
    struct wide_path wide;
    enum dl_err err = wide_path_of(&wide, path);
    if (err)
        return err;
    HANDLE h = CreateFileW(wide.s, GENERIC_READ,
                           FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                           OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    if (h == INVALID_HANDLE_VALUE) {
        DWORD code = GetLastError();
        DWORD is = GetFileAttributesW(wide.s);
        bool folder = is != INVALID_FILE_ATTRIBUTES && (is & FILE_ATTRIBUTE_DIRECTORY);
        return folder ? DL_E_INPUT : os_err(code); /* Windows says "access denied" */
    }
    *ret = h;
    return DL_OK;
}

/* `mode` with a bit for others lets everybody read, else owner and SYSTEM alone. */
static enum dl_err open_write(HANDLE *ret, const char *path, DWORD how, unsigned mode)
{
    struct wide_path wide;
    enum dl_err err = wide_path_of(&wide, path);
    if (err)
        return err;
    SECURITY_ATTRIBUTES sa = {.nLength = sizeof sa,
                              .lpSecurityDescriptor =
                                  owner_only(L"", mode & 044 ? L"(A;;FR;;;WD)" : L"")};
    if (!sa.lpSecurityDescriptor)
        return DL_E_IO; /* better no file than one that all may read */
    HANDLE h = CreateFileW(wide.s, GENERIC_WRITE, FILE_SHARE_READ, &sa, how,
                           FILE_ATTRIBUTE_NORMAL, NULL);
    err = h == INVALID_HANDLE_VALUE ? last() : DL_OK;
    LocalFree(sa.lpSecurityDescriptor);
    if (!err)
        *ret = h;
    return err;
}

enum dl_err file_os_open(struct file_os *ret, const char *path)
{
    HANDLE h = INVALID_HANDLE_VALUE;
    enum dl_err err = open_read(&h, path);
    ret->handle = (intptr_t)h;
    return err;
}

void file_os_close(struct file_os f)
{
    CloseHandle((HANDLE)f.handle);
}

enum dl_err file_os_read(struct file_os f, void *ret, size_t len, size_t *ret_len)
{
    size_t done = 0;
    while (done < len) {
        size_t left = len - done;
        DWORD n = 0;
        if (!ReadFile((HANDLE)f.handle, (char *)ret + done,
                      (DWORD)(left < CHUNK_BYTES_MAX ? left : CHUNK_BYTES_MAX), &n, NULL)) {
            if (GetLastError() != ERROR_BROKEN_PIPE && GetLastError() != ERROR_HANDLE_EOF)
                return last();
            break;
        }
        if (n == 0)
            break;
        done += n;
    }
    *ret_len = done;
    return DL_OK;
}

static enum dl_err write_full(HANDLE h, const void *bytes, size_t len)
{
    size_t done = 0;
    while (done < len) {
        size_t left = len - done;
        DWORD n = 0;
        if (!WriteFile(h, (const char *)bytes + done,
                       (DWORD)(left < CHUNK_BYTES_MAX ? left : CHUNK_BYTES_MAX), &n, NULL))
            return last();
        done += n;
    }
    return DL_OK;
}

enum dl_err file_os_capacity(struct file_os f, size_t len_max, size_t *ret)
{
    HANDLE h = (HANDLE)f.handle;
    LARGE_INTEGER size;
    if (GetFileType(h) != FILE_TYPE_DISK) {
        *ret = len_max;
        return DL_OK;
    }
    if (!GetFileSizeEx(h, &size))
        return last();
    if ((uint64_t)size.QuadPart > len_max)
        return DL_E_INPUT;
    *ret = (size_t)size.QuadPart;
    return DL_OK;
}

static enum dl_err move(const char *from, const char *to, DWORD flags)
{
    struct wide_path a, b;
    enum dl_err err = wide_path_of(&a, from);
    if (!err)
        err = wide_path_of(&b, to);
    if (err)
        return err;
    return MoveFileExW(a.s, b.s, flags | MOVEFILE_WRITE_THROUGH) ? DL_OK : last();
}

/* The neighbour that is renamed over `path`; always of one name, so that a
 * crash leaves at most one behind. */
static enum dl_err write_neighbour(struct file_path *ret, const char *path, const void *bytes,
                                   size_t len, unsigned mode)
{
    struct file_path tmp;
    int n = snprintf(tmp.s, sizeof tmp.s, "%s.tmp", path);
    if (n < 0 || (size_t)n >= sizeof tmp.s)
        return DL_E_INPUT;
    enum dl_err err = file_remove(tmp.s); /* an old one would keep its access list */
    if (err && err != DL_E_NOT_FOUND)
        return err;
    HANDLE h;
    err = open_write(&h, tmp.s, CREATE_NEW, mode);
    if (err)
        return err;
    err = write_full(h, bytes, len);
    if (!err && !FlushFileBuffers(h))
        err = last();
    CloseHandle(h);
    if (err)
        dl_ignore(file_remove(tmp.s));
    else
        *ret = tmp;
    return err;
}

static enum dl_err write_by_move(const char *path, const void *bytes, size_t len, unsigned mode,
                                 DWORD flags)
{
    struct file_path tmp;
    enum dl_err err = write_neighbour(&tmp, path, bytes, len, mode);
    if (err)
        return err;
    err = move(tmp.s, path, flags);
    if (err)
        dl_ignore(file_remove(tmp.s));
    return err;
}

enum dl_err file_write_mode(const char *path, const void *bytes, size_t len, unsigned mode)
{
    return write_by_move(path, bytes, len, mode, MOVEFILE_REPLACE_EXISTING);
}

enum dl_err file_write_new(const char *path, const void *bytes, size_t len)
{
    return file_exists(path) ? DL_E_EXISTS : write_by_move(path, bytes, len, 0600, 0);
}

FILE *file_open(const char *path, const char *mode)
{
    HANDLE h;
    bool reads = strcmp(mode, "rb") == 0;
    if (!reads && strcmp(mode, "wb") != 0)
        return NULL;
    if ((reads ? open_read(&h, path) : open_write(&h, path, CREATE_ALWAYS, 0600)) != DL_OK)
        return NULL;
    int fd = _open_osfhandle((intptr_t)h, reads ? _O_RDONLY | _O_BINARY : _O_BINARY);
    if (fd < 0) {
        CloseHandle(h);
        return NULL;
    }
    FILE *f = _fdopen(fd, mode);
    if (!f)
        _close(fd);
    return f;
}

enum dl_err file_make_dir(const char *path)
{
    struct wide_path wide;
    enum dl_err err = wide_path_of(&wide, path);
    if (err)
        return err;
    SECURITY_ATTRIBUTES sa = {.nLength = sizeof sa,
                              .lpSecurityDescriptor = owner_only(L"OICI", L"")};
    if (!sa.lpSecurityDescriptor)
        return DL_E_IO;
    if (!CreateDirectoryW(wide.s, &sa)) {
        err = last();
        DWORD is = GetFileAttributesW(wide.s);
        if (err == DL_E_EXISTS && is != INVALID_FILE_ATTRIBUTES &&
            (is & FILE_ATTRIBUTE_DIRECTORY))
            err = DL_OK;
    }
    LocalFree(sa.lpSecurityDescriptor);
    return err;
}

/* A certificate may be read by all: it is shown to every caller anyway. */
static bool is_certificate(const char *path)
{
    uint8_t *text = NULL;
    size_t len = 0;
    if (file_read(path, CERTIFICATE_BYTES_MAX, &text, &len) != DL_OK)
        return false;
    const char *s = (const char *)text;
    bool yes = strncmp(s, "-----BEGIN CERTIFICATE", 22) == 0 && strlen(s) == len &&
               !strstr(s, "PRIVATE KEY");
    sodium_memzero(text, len);
    free(text);
    return yes;
}

/* The owner, SYSTEM and administrators, who can take any file anyway. */
static bool is_trusted(PSID sid, PSID owner)
{
    static const WELL_KNOWN_SID_TYPE known[] = {WinLocalSystemSid, WinBuiltinAdministratorsSid,
                                                WinCreatorOwnerSid, WinCreatorOwnerRightsSid};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (IsWellKnownSid(sid, known[i]))
            return true;
    return EqualSid(sid, owner);
}

/* Whether an entry lets somebody else read or write. */
static bool is_open(PACL acl, PSID owner, bool may_read)
{
    DWORD refused = FILE_WRITE_DATA | FILE_APPEND_DATA | WRITE_DAC | WRITE_OWNER | DELETE |
                    GENERIC_WRITE | GENERIC_ALL;
    if (!may_read)
        refused |= FILE_READ_DATA | GENERIC_READ;
    for (DWORD i = 0; acl && i < acl->AceCount; i++) {
        ACCESS_ALLOWED_ACE *ace;
        if (!GetAce(acl, i, (void **)&ace) || ace->Header.AceType != ACCESS_ALLOWED_ACE_TYPE)
            continue;
        if ((ace->Mask & refused) && !is_trusted((PSID)&ace->SidStart, owner))
            return true;
    }
    return acl == NULL; /* no list at all: open to everybody */
}

static enum dl_err check_access(const char *path, struct dl_why *why)
{
    struct wide_path wide;
    PSID owner;
    PACL acl;
    PSECURITY_DESCRIPTOR sd;
    enum dl_err err = wide_path_of(&wide, path);
    if (err)
        return err;
    DWORD rc = GetNamedSecurityInfoW(wide.s, SE_FILE_OBJECT,
                                     OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
                                     &owner, NULL, &acl, NULL, &sd);
    if (rc != ERROR_SUCCESS)
        return os_err(rc);
    if (is_open(acl, owner, false) && (is_open(acl, owner, true) || !is_certificate(path))) {
        dl_why_set(why,
                   "%s is open to other users; run: icacls \"%s\" /inheritance:r /grant:r "
                   "%%USERNAME%%:F SYSTEM:F",
                   path, path);
        err = DL_E_INPUT;
    }
    LocalFree(sd);
    return err;
}

struct private_walk {
    const char *dir;
    struct dl_why *why;
};

static enum dl_err check_entry(void *ctx, const char *name)
{
    const struct private_walk *walk = ctx;
    struct file_path path;
    enum dl_err err = file_join(&path, walk->dir, name);
    if (err)
        return err;
    err = check_access(path.s, walk->why);
    return err == DL_E_NOT_FOUND ? DL_OK : err; /* went away meanwhile */
}

enum dl_err file_check_private(const char *dir, struct dl_why *why)
{
    enum dl_err err = check_access(dir, why);
    struct private_walk walk = {.dir = dir, .why = why};
    return err ? err : file_each(dir, check_entry, &walk);
}

enum dl_err file_rename(const char *from, const char *to)
{
    return move(from, to, MOVEFILE_REPLACE_EXISTING);
}

enum dl_err file_remove(const char *path)
{
    struct wide_path wide;
    enum dl_err err = wide_path_of(&wide, path);
    if (err)
        return err;
    return DeleteFileW(wide.s) ? DL_OK : last();
}

/* Random bytes, which no file system stores as a hole or folds together. */
static enum dl_err overwrite(HANDLE h, uint64_t len)
{
    uint8_t noise[4096];
    for (uint64_t done = 0; done < len; done += sizeof noise) {
        uint64_t left = len - done;
        random_bytes(noise, sizeof noise);
        enum dl_err err =
            write_full(h, noise, left < sizeof noise ? (size_t)left : sizeof noise);
        if (err)
            return err;
    }
    return FlushFileBuffers(h) ? DL_OK : last();
}

enum dl_err file_burn(const char *path)
{
    uint64_t size = 0;
    HANDLE h;
    enum dl_err err = file_size(path, &size);
    if (!err)
        err = open_write(&h, path, OPEN_EXISTING, 0600);
    if (err)
        return err;
    err = overwrite(h, size);
    CloseHandle(h);
    enum dl_err removed = file_remove(path); /* even when the overwriting failed */
    return err ? err : removed;
}

static enum dl_err attributes(const char *path, WIN32_FILE_ATTRIBUTE_DATA *ret)
{
    struct wide_path wide;
    enum dl_err err = wide_path_of(&wide, path);
    if (err)
        return err;
    return GetFileAttributesExW(wide.s, GetFileExInfoStandard, ret) ? DL_OK : last();
}

bool file_exists(const char *path)
{
    WIN32_FILE_ATTRIBUTE_DATA data;
    return attributes(path, &data) == DL_OK;
}

enum dl_err file_size(const char *path, uint64_t *ret)
{
    WIN32_FILE_ATTRIBUTE_DATA data;
    enum dl_err err = attributes(path, &data);
    if (!err)
        *ret = (uint64_t)data.nFileSizeHigh << 32 | data.nFileSizeLow;
    return err;
}

enum dl_err file_modified(const char *path, int64_t *ret_ms)
{
    WIN32_FILE_ATTRIBUTE_DATA data;
    enum dl_err err = attributes(path, &data);
    if (err)
        return err;
    int64_t t = (int64_t)((uint64_t)data.ftLastWriteTime.dwHighDateTime << 32 |
                          data.ftLastWriteTime.dwLowDateTime);
    *ret_ms = (t - EPOCH_100NS) / 10000;
    return DL_OK;
}

enum dl_err file_space(const char *path, uint64_t *ret_bytes)
{
    struct wide_path wide;
    ULARGE_INTEGER left;
    enum dl_err err = wide_path_of(&wide, path);
    if (err)
        return err;
    DWORD is = GetFileAttributesW(wide.s);
    wchar_t *slash = wcsrchr(wide.s, L'\\');
    if (is != INVALID_FILE_ATTRIBUTES && !(is & FILE_ATTRIBUTE_DIRECTORY)) {
        if (slash)
            slash[1] = L'\0'; /* Windows wants the folder */
        else
            wcscpy(wide.s, L".");
    }
    if (!GetDiskFreeSpaceExW(wide.s, &left, NULL, NULL))
        return last();
    *ret_bytes = left.QuadPart;
    return DL_OK;
}

static enum dl_err names_read(struct names *names, const char *dir)
{
    struct file_path pattern;
    struct wide_path wide;
    enum dl_err err = file_join(&pattern, dir, "*");
    if (!err)
        err = wide_path_of(&wide, pattern.s);
    if (err)
        return err;
    WIN32_FIND_DATAW found;
    HANDLE h = FindFirstFileW(wide.s, &found);
    if (h == INVALID_HANDLE_VALUE)
        return last();
    do {
        char name[4 * MAX_PATH];
        if (found.dwFileAttributes & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT))
            continue;
        if (WideCharToMultiByte(CP_UTF8, 0, found.cFileName, -1, name, sizeof name, NULL, NULL))
            err = names_add(names, name);
    } while (!err && names->count < NAMES_MAX && FindNextFileW(h, &found));
    FindClose(h);
    return err;
}

enum dl_err file_each(const char *dir, enum dl_err (*fn)(void *ctx, const char *name),
                      void *ctx)
{
    struct names names = {.at = NULL};
    enum dl_err err = names_read(&names, dir);
    names_sort(&names);
    for (size_t i = 0; !err && i < names.count; i++)
        err = fn(ctx, names.at[i]);
    names_done(&names);
    return err;
}

void file_machine_mark(uint8_t ret[static 16])
{
    char id[64];
    size_t len = machine_guid(id, sizeof id);
    memset(ret, 0, 16);
    static const uint8_t purpose[] = "dunlin machine mark";
    if (len > 0)
        crypto_generichash(ret, 16, (const uint8_t *)id, len, purpose, sizeof purpose);
}
