/* protect.h - ties the bytes of a key file to this machine's user.
 *
 * On Windows the bytes are wrapped by the Data Protection API for the account
 * the program runs as, so that a copied disk alone opens nothing. On POSIX file
 * modes protect, and both calls copy. Not a replacement for a passphrase.
 */
#ifndef DUNLIN_PROTECT_H
#define DUNLIN_PROTECT_H

#include "platform/err.h"

#include <stddef.h>
#include <stdint.h>

/* *ret is malloc'd: the caller frees it. */
DL_MUST_CHECK enum dl_err protect_seal(const uint8_t *plain, size_t len, uint8_t **ret,
                                       size_t *ret_len);

/* *ret is malloc'd: the caller wipes and frees it. DL_E_CORRUPT: sealed by
 * another user or machine, or damaged. */
DL_MUST_CHECK enum dl_err protect_open(const uint8_t *sealed, size_t len, uint8_t **ret,
                                       size_t *ret_len);

#endif
