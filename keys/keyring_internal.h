/* keyring_internal.h - between keyring.c, which decides, and keyring_format.c,
 * which knows the JSON; for them and their tests. */
#ifndef DUNLIN_KEYRING_INTERNAL_H
#define DUNLIN_KEYRING_INTERNAL_H

#include "keys/keyring.h"

/* Release with json_text_free. */
DL_MUST_CHECK enum dl_err keyring_format(const struct keyring *kr, char **ret, size_t *ret_len);

#endif
