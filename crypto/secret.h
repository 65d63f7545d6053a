/* secret.h - memory for keys: guarded pages, read-only once loaded, wiped.
 *
 * Keys live in sodium_malloc pages and only in crypto/; others hold a pointer
 * to a struct they cannot look into. crypto_setup() once, before any thread.
 */
#ifndef DUNLIN_SECRET_H
#define DUNLIN_SECRET_H

#include "platform/err.h"

#include <stddef.h>

/* Initialises libsodium and Mbed TLS's PSA layer. Again is harmless. */
DL_MUST_CHECK enum dl_err crypto_setup(void);

/* Zeroed guarded memory, aligned for any type, writable until secret_freeze;
 * NULL: no memory. */
void *secret_make(size_t len);
/* Makes the pages read-only: a stray write stops the process. */
void secret_freeze(void *secret);
/* Makes writable, wipes, frees, in that order. NULL is fine. */
void secret_free(void *secret, size_t len);

/* Overwrites memory the compiler may believe dead. */
void secret_wipe(void *bytes, size_t len);

/* Overwrites the stack below the caller (16 KiB), where parsers and hash
 * functions left copies of what they worked on. */
void secret_wipe_stack(void);

#endif
