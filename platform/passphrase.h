/* passphrase.h - a secret typed by a person, unseen.
 *
 * Speaks to the terminal itself, so that it works while stdin and stdout are
 * files. Nothing typed stays in a buffer of ours but the caller's.
 */
#ifndef DUNLIN_PASSPHRASE_H
#define DUNLIN_PASSPHRASE_H

#include "platform/err.h"

#include <stddef.h>

/* Shows `prompt`, reads a line without echo into `ret`, NUL-terminated and at
 * most cap - 1 bytes. DL_E_NOT_FOUND: there is no terminal. DL_E_INPUT: longer,
 * or given up with Ctrl-C or Ctrl-D. */
DL_MUST_CHECK enum dl_err passphrase_prompt(const char *prompt, char *ret, size_t cap);

#endif
