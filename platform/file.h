/* file.h - files and folders: whole reads, atomic durable writes, private modes.
 *
 * Paths are UTF-8, NUL-terminated, at most FILE_PATH_BYTES_MAX with the NUL.
 * Files are made 0600 and folders 0700 unless said otherwise. On Windows the
 * mode is an access list for the owner and SYSTEM alone.
 */
#ifndef DUNLIN_FILE_H
#define DUNLIN_FILE_H

#include "platform/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define FILE_PATH_BYTES_MAX 1024

struct file_path {
    char s[FILE_PATH_BYTES_MAX];
};

/* Joins dir and name. DL_E_INPUT: too long. */
DL_MUST_CHECK enum dl_err file_join(struct file_path *ret, const char *dir, const char *name);

/* Reads a whole file of at most len_max bytes into malloc'd memory that the
 * caller frees; a NUL follows the bytes. DL_E_NOT_FOUND, DL_E_INPUT: longer. */
DL_MUST_CHECK enum dl_err file_read(const char *path, size_t len_max, uint8_t **ret,
                                    size_t *ret_len);

/* Reads exactly len bytes into the caller's (possibly guarded) memory, unbuffered.
 * DL_E_CORRUPT: the file is longer or shorter. */
DL_MUST_CHECK enum dl_err file_read_exact(const char *path, void *ret, size_t len);

/* Writes a temporary neighbour, syncs it, renames it over `path`, syncs the
 * folder: after DL_OK the new bytes survive a power cut, otherwise the old stay.
 * DL_E_FULL: no space. */
DL_MUST_CHECK enum dl_err file_write(const char *path, const void *bytes, size_t len);

/* The same with another mode, e.g. 0644 for a certificate. */
DL_MUST_CHECK enum dl_err file_write_mode(const char *path, const void *bytes, size_t len,
                                          unsigned mode);

/* DL_E_EXISTS instead of replacing. */
DL_MUST_CHECK enum dl_err file_write_new(const char *path, const void *bytes, size_t len);

/* Opens for reading ("rb") or writing ("wb", made 0600); NULL on failure. */
FILE *file_open(const char *path, const char *mode);

/* Makes the folder 0700 if absent, and its parent never. DL_OK if it is there. */
DL_MUST_CHECK enum dl_err file_make_dir(const char *path);

/* Refuses a folder, or a regular file directly in it, that others may read or
 * write, as ssh does; names the offender and the chmod that mends it. A file that
 * holds nothing but certificates may be read by all. DL_E_INPUT: refused. */
DL_MUST_CHECK enum dl_err file_check_private(const char *dir, struct dl_why *why);

/* Replaces `to`. Both in one file system; the folder of `to` is synced. */
DL_MUST_CHECK enum dl_err file_rename(const char *from, const char *to);
DL_MUST_CHECK enum dl_err file_remove(const char *path);

/* Overwrites the bytes, syncs, then removes: for a burnt bundle. What flash
 * and journals keep is beyond us, and the threat model says so. */
DL_MUST_CHECK enum dl_err file_burn(const char *path);

bool file_exists(const char *path);
DL_MUST_CHECK enum dl_err file_size(const char *path, uint64_t *ret);
/* Last modification, Unix milliseconds. */
DL_MUST_CHECK enum dl_err file_modified(const char *path, int64_t *ret_ms);

/* Bytes an unprivileged process may still write in the file system of `path`. */
DL_MUST_CHECK enum dl_err file_space(const char *path, uint64_t *ret_bytes);

/* Calls fn for each regular file directly in `dir`, sorted by name; a non-OK
 * answer ends the walk and is returned. At most 65,536 names a walk. */
DL_MUST_CHECK enum dl_err file_each(const char *dir,
                                    enum dl_err (*fn)(void *ctx, const char *name), void *ctx);

/* A hash of what identifies this machine (machine-id, MachineGuid), so that a
 * folder copied elsewhere can be told; zeros where the system has none. */
void file_machine_mark(uint8_t ret[static 16]);

#endif
