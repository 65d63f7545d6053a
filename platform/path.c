/* The part of file.h that is the same on every system. */
#include "platform/file.h"

#include <stdio.h>
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
