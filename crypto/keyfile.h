/* keyfile.h - how a key lies on disk: one text line that says what it is.
 *
 *     dunlin-key-1 KIND BASE64 CHECK
 *
 * KIND names the use (token-key, hub-share, seal, sign, store, id), so that no
 * file is taken for another. CHECK is the first 8 bytes of BLAKE2b-256 over the
 * line before it, without the space; both fields are base64 with padding. One
 * newline ends the file. Mode 0600; on Windows the bytes pass platform/protect.h
 * on their way into BASE64. Key files are made once, never written over.
 */
#ifndef DUNLIN_KEYFILE_H
#define DUNLIN_KEYFILE_H

#include "platform/err.h"

#include <stddef.h>
#include <stdint.h>

#define KEYFILE_KEY_BYTES_MAX 64
#define KEYFILE_BYTES_MAX     2048 /* Windows' wrapping adds some 200 bytes */

/* DL_E_EXISTS: the file is there already. */
DL_MUST_CHECK enum dl_err keyfile_create(const char *path, const char *kind, const uint8_t *key,
                                         size_t key_len);
/* The same with a key of random bytes. */
DL_MUST_CHECK enum dl_err keyfile_create_random(const char *path, const char *kind,
                                                size_t key_len);
/* Reads exactly key_len bytes into guarded memory of the caller.
 * DL_E_NOT_FOUND. DL_E_CORRUPT: another kind, length or a bad check; `ret` keeps
 * what it had. */
DL_MUST_CHECK enum dl_err keyfile_load(const char *path, const char *kind, uint8_t *ret,
                                       size_t key_len);

#endif
