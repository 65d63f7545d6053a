/* file_os.h - reading an open file, one implementation a system. For the readers in
 * path.c alone, which are the same everywhere. */
#ifndef DUNLIN_FILE_OS_H
#define DUNLIN_FILE_OS_H

#include "platform/err.h"

#include <stddef.h>
#include <stdint.h>

/* A descriptor or a HANDLE. */
struct file_os {
    intptr_t handle;
};

DL_MUST_CHECK enum dl_err file_os_open(struct file_os *ret, const char *path);
void file_os_close(struct file_os f);

/* A size to reserve: what a file on disk says, else (pipes, /proc) the limit.
 * DL_E_INPUT: longer than that, or a folder. */
DL_MUST_CHECK enum dl_err file_os_capacity(struct file_os f, size_t len_max, size_t *ret);

/* Reads until len bytes are there or the file ends. */
DL_MUST_CHECK enum dl_err file_os_read(struct file_os f, void *ret, size_t len,
                                       size_t *ret_len);

#endif
