/* The part of file.h that is the same on every system. */
#include "platform/file.h"

#include "platform/file_os.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum dl_err file_join(struct file_path *ret, const char *dir, const char *name)
{
    size_t len = strlen(dir);
    const char *sep = len > 0 && dir[len - 1] == '/' ? "" : "/";
    struct file_path path;
    int n = snprintf(path.s, sizeof path.s, "%s%s%s", dir, sep, name);
    if (n < 0 || (size_t)n >= sizeof path.s)
        return DL_E_INPUT;
    *ret = path;
    return DL_OK;
}

enum dl_err file_write(const char *path, const void *bytes, size_t len)
{
    return file_write_mode(path, bytes, len, 0600);
}

enum dl_err file_read(const char *path, size_t len_max, uint8_t **ret, size_t *ret_len)
{
    struct file_os f;
    uint8_t *bytes = NULL;
    size_t cap = 0, len, more = 0;
    enum dl_err err = file_os_open(&f, path);
    if (err)
        return err;
    err = file_os_capacity(f, len_max, &cap);
    if (err)
        goto done;
    err = DL_E_NOMEM;
    bytes = cap < SIZE_MAX ? malloc(cap + 1) : NULL;
    if (!bytes)
        goto done;
    err = file_os_read(f, bytes, cap, &len);
    if (err)
        goto done;
    err = len == cap ? file_os_read(f, &(char){0}, 1, &more) : DL_OK;
    if (!err && more > 0)
        err = DL_E_INPUT; /* longer than allowed, or growing under our eyes */
    if (err)
        goto done;
    bytes[len] = '\0';
    *ret = bytes;
    *ret_len = len;
    bytes = NULL; /* the caller's now */
done:
    if (bytes)
        sodium_memzero(bytes, cap);
    free(bytes);
    file_os_close(f);
    return err;
}

enum dl_err file_read_exact(const char *path, void *ret, size_t len)
{
    struct file_os f;
    enum dl_err err = file_os_open(&f, path);
    if (err)
        return err;
    size_t got, more = 0;
    err = file_os_read(f, ret, len, &got);
    if (!err && got == len)
        err = file_os_read(f, &(char){0}, 1, &more);
    if (!err && (got != len || more != 0))
        err = DL_E_CORRUPT;
    if (err)
        sodium_memzero(ret, len);
    file_os_close(f);
    return err;
}
