#define _GNU_SOURCE /* O_NOFOLLOW and friends, renameat2 */
#include "platform/file.h"

#include "platform/file_os.h"
#include "platform/names.h"
#include "platform/posix/os_err.h"
#include "platform/random.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Certificates are small; a bigger .pem is not taken for a public one. */
#define CERTIFICATE_BYTES_MAX (64 * 1024)

static enum dl_err open_fd(int *ret, const char *path, int flags, mode_t mode)
{
    int fd;
    do
        fd = open(path, flags | O_CLOEXEC, mode);
    while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return os_err(errno);
    *ret = fd;
    return DL_OK;
}

enum dl_err file_os_open(struct file_os *ret, const char *path)
{
    int fd = -1;
    enum dl_err err = open_fd(&fd, path, O_RDONLY, 0);
    ret->handle = fd;
    return err;
}

void file_os_close(struct file_os f)
{
    close((int)f.handle);
}

enum dl_err file_os_read(struct file_os f, void *ret, size_t len, size_t *ret_len)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = read((int)f.handle, (char *)ret + done, len - done);
        if (n == 0)
            break;
        if (n < 0 && errno != EINTR)
            return os_err(errno);
        if (n > 0)
            done += (size_t)n;
    }
    *ret_len = done;
    return DL_OK;
}

static enum dl_err write_full(int fd, const void *bytes, size_t len)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = write(fd, (const char *)bytes + done, len - done);
        if (n < 0 && errno != EINTR)
            return os_err(errno);
        if (n > 0)
            done += (size_t)n;
    }
    return DL_OK;
}

static enum dl_err sync_fd(int fd)
{
    int rc;
    do
        rc = fsync(fd);
    while (rc != 0 && errno == EINTR);
    /* EINVAL: a file system, or a pipe, that has nothing to sync. */
    return rc == 0 || errno == EINVAL ? DL_OK : os_err(errno);
}

/* Makes a rename or removal in the folder of `path` survive a power cut. */
static enum dl_err sync_folder_of(const char *path)
{
    struct file_path dir;
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) + 1 : 0;
    if (len >= sizeof dir.s)
        return DL_E_INPUT;
    memcpy(dir.s, path, len);
    dir.s[len] = '\0';
    int fd = -1;
    enum dl_err err = open_fd(&fd, len ? dir.s : ".", O_RDONLY | O_DIRECTORY, 0);
    if (err)
        return err;
    err = sync_fd(fd);
    close(fd);
    return err;
}

enum dl_err file_os_capacity(struct file_os f, size_t len_max, size_t *ret)
{
    struct stat st;
    if (fstat((int)f.handle, &st) != 0)
        return os_err(errno);
    if (S_ISDIR(st.st_mode))
        return DL_E_INPUT;
    if (S_ISREG(st.st_mode) && st.st_size > 0) {
        if ((uintmax_t)st.st_size > len_max)
            return DL_E_INPUT;
        *ret = (size_t)st.st_size;
    } else {
        *ret = len_max;
    }
    return DL_OK;
}

/* The neighbour that is renamed over `path`. Always of one name, so that a
 * crash leaves at most one behind and the next write takes it away. */
static enum dl_err write_neighbour(struct file_path *ret, const char *path, const void *bytes,
                                   size_t len, unsigned mode)
{
    struct file_path tmp;
    int n = snprintf(tmp.s, sizeof tmp.s, "%s.tmp", path);
    if (n < 0 || (size_t)n >= sizeof tmp.s)
        return DL_E_INPUT;
    if (unlink(tmp.s) != 0 && errno != ENOENT)
        return os_err(errno);
    int fd;
    enum dl_err err = open_fd(&fd, tmp.s, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (err)
        return err;
    err = write_full(fd, bytes, len);
    if (!err && fchmod(fd, (mode_t)mode) != 0) /* the umask may have taken bits */
        err = os_err(errno);
    if (!err)
        err = sync_fd(fd);
    if (close(fd) != 0 && !err)
        err = os_err(errno); /* where a network file system tells of a full disk */
    if (err)
        unlink(tmp.s);
    else
        *ret = tmp;
    return err;
}

enum dl_err file_write_mode(const char *path, const void *bytes, size_t len, unsigned mode)
{
    struct file_path tmp;
    enum dl_err err = write_neighbour(&tmp, path, bytes, len, mode);
    if (err)
        return err;
    err = file_rename(tmp.s, path);
    if (err)
        unlink(tmp.s);
    return err;
}

/* Renames unless `to` is there. link() is the way of older file systems. */
static enum dl_err rename_new(const char *from, const char *to)
{
#ifdef RENAME_NOREPLACE
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return DL_OK;
    if (errno != EINVAL && errno != ENOSYS)
        return os_err(errno);
#endif
    if (link(from, to) != 0)
        return os_err(errno);
    unlink(from);
    return DL_OK;
}

enum dl_err file_write_new(const char *path, const void *bytes, size_t len)
{
    struct file_path tmp;
    if (file_exists(path)) /* before the work; rename_new decides */
        return DL_E_EXISTS;
    enum dl_err err = write_neighbour(&tmp, path, bytes, len, 0600);
    if (err)
        return err;
    err = rename_new(tmp.s, path);
    if (err)
        unlink(tmp.s);
    return err ? err : sync_folder_of(path);
}

FILE *file_open(const char *path, const char *mode)
{
    int flags;
    if (strcmp(mode, "rb") == 0)
        flags = O_RDONLY;
    else if (strcmp(mode, "wb") == 0)
        flags = O_WRONLY | O_CREAT | O_TRUNC;
    else
        return NULL;
    int fd;
    if (open_fd(&fd, path, flags, 0600) != DL_OK)
        return NULL;
    FILE *f = fdopen(fd, mode);
    if (!f)
        close(fd);
    return f;
}

enum dl_err file_make_dir(const char *path)
{
    if (mkdir(path, 0700) == 0)
        return sync_folder_of(path);
    struct stat st;
    int code = errno;
    if (code == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return DL_OK;
    return os_err(code);
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

static enum dl_err check_mode(const char *path, const struct stat *st, struct dl_why *why)
{
    bool dir = S_ISDIR(st->st_mode);
    if (!dir && !S_ISREG(st->st_mode))
        return DL_OK;
    if (st->st_uid != geteuid() && geteuid() != 0) {
        dl_why_set(why, "%s belongs to another user; run as that user, or: chown %lu '%s'",
                   path, (unsigned long)geteuid(), path);
        return DL_E_INPUT;
    }
    if ((st->st_mode & 077) == 0)
        return DL_OK;
    if (!dir && (st->st_mode & 022) == 0 && is_certificate(path))
        return DL_OK;
    dl_why_set(why, "%s is open to other users (mode %03o); run: chmod %s '%s'", path,
               (unsigned)(st->st_mode & 0777), dir ? "700" : "600", path);
    return DL_E_INPUT;
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
    struct stat st;
    if (lstat(path.s, &st) != 0) /* one that went away meanwhile is a WAL or a lock */
        return errno == ENOENT ? DL_OK : os_err(errno);
    return check_mode(path.s, &st, walk->why);
}

enum dl_err file_check_private(const char *dir, struct dl_why *why)
{
    struct stat st;
    if (stat(dir, &st) != 0) { /* a link to the folder is the administrator's choice */
        dl_why_set(why, "%s: %s", dir, strerror(errno));
        return os_err(errno);
    }
    enum dl_err err = check_mode(dir, &st, why);
    if (err)
        return err;
    struct private_walk walk = {.dir = dir, .why = why};
    return file_each(dir, check_entry, &walk);
}

enum dl_err file_rename(const char *from, const char *to)
{
    if (rename(from, to) != 0)
        return os_err(errno);
    return sync_folder_of(to);
}

enum dl_err file_remove(const char *path)
{
    if (unlink(path) != 0)
        return os_err(errno);
    return sync_folder_of(path);
}

/* Random bytes, which no file system stores as a hole or folds together. */
static enum dl_err overwrite(int fd, uint64_t len)
{
    uint8_t noise[4096];
    for (uint64_t done = 0; done < len; done += sizeof noise) {
        uint64_t left = len - done;
        random_bytes(noise, sizeof noise);
        enum dl_err err =
            write_full(fd, noise, left < sizeof noise ? (size_t)left : sizeof noise);
        if (err)
            return err;
    }
    return sync_fd(fd);
}

enum dl_err file_burn(const char *path)
{
    int fd = -1;
    enum dl_err err = open_fd(&fd, path, O_WRONLY | O_NOFOLLOW, 0);
    if (err)
        return err;
    struct stat st;
    if (fstat(fd, &st) != 0)
        err = os_err(errno);
    else if (S_ISREG(st.st_mode))
        err = overwrite(fd, (uint64_t)st.st_size);
    close(fd);
    enum dl_err removed = file_remove(path); /* even when the overwriting failed */
    return err ? err : removed;
}

bool file_exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

enum dl_err file_size(const char *path, uint64_t *ret)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return os_err(errno);
    *ret = (uint64_t)st.st_size;
    return DL_OK;
}

enum dl_err file_modified(const char *path, int64_t *ret_ms)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return os_err(errno);
    *ret_ms = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
    return DL_OK;
}

enum dl_err file_space(const char *path, uint64_t *ret_bytes)
{
    struct statvfs fs;
    int rc;
    do
        rc = statvfs(path, &fs);
    while (rc != 0 && errno == EINTR);
    if (rc != 0)
        return os_err(errno);
    *ret_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
    return DL_OK;
}

static enum dl_err names_read(struct names *names, DIR *dir)
{
    struct dirent *entry;
    while (names->count < NAMES_MAX && (errno = 0, entry = readdir(dir))) {
        struct stat st;
        if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue; /* went away meanwhile */
        enum dl_err err = S_ISREG(st.st_mode) ? names_add(names, entry->d_name) : DL_OK;
        if (err)
            return err;
    }
    return errno ? os_err(errno) : DL_OK;
}

enum dl_err file_each(const char *dir, enum dl_err (*fn)(void *ctx, const char *name),
                      void *ctx)
{
    DIR *d = opendir(dir);
    if (!d)
        return os_err(errno);
    struct names names = {.at = NULL};
    enum dl_err err = names_read(&names, d);
    closedir(d);
    names_sort(&names);
    for (size_t i = 0; !err && i < names.count; i++)
        err = fn(ctx, names.at[i]);
    names_done(&names);
    return err;
}

void file_machine_mark(uint8_t ret[static 16])
{
    uint8_t *id = NULL;
    size_t len = 0;
    memset(ret, 0, 16);
    if (file_read("/etc/machine-id", 64, &id, &len) != DL_OK)
        return;
    /* machine-id(5) asks that the id itself is never shown to others. */
    static const uint8_t purpose[] = "dunlin machine mark";
    if (len >= 32)
        crypto_generichash(ret, 16, id, 32, purpose, sizeof purpose);
    free(id);
}
