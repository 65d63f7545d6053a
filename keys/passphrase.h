/* passphrase.h - where the keyring's passphrase comes from.
 *
 * In this order: the file of --passphrase-file (its first line), the variable
 * DUNLIN_PASSPHRASE, the terminal. It lives in guarded memory.
 */
#ifndef DUNLIN_KEYS_PASSPHRASE_H
#define DUNLIN_KEYS_PASSPHRASE_H

#include "platform/err.h"

#include <stdbool.h>
#include <stddef.h>

#define KEYS_PASSPHRASE_BYTES_MAX 1024
#define KEYS_PASSPHRASE_ENV       "DUNLIN_PASSPHRASE"

struct keys_passphrase {
    size_t len;
    char text[KEYS_PASSPHRASE_BYTES_MAX + 1];
};

/* `file` NULL: not given. `twice`: a new one, which the terminal asks for again.
 * DL_E_NOT_FOUND: there is none, or no such file. DL_E_INPUT: empty, too long,
 * or typed differently. `why` tells. */
DL_MUST_CHECK enum dl_err keys_passphrase_get(struct keys_passphrase **ret, const char *file,
                                              bool twice, struct dl_why *why);
/* True when one comes from a file or the environment, so that nobody is asked. */
bool keys_passphrase_given(const char *file);
void keys_passphrase_free(struct keys_passphrase *p);

#endif
