/* pii_fold.h - a text as the guard's rules read it: digits of every script and
 * full-width signs are ASCII's, blanks are spaces, dashes hyphens, and what cannot
 * be seen (zero width, soft hyphens) is gone. Inside the guard only. */
#ifndef DUNLIN_PII_FOLD_H
#define DUNLIN_PII_FOLD_H

#include <stdbool.h>
#include <stddef.h>

/* Whether folding could change anything: a byte beyond ASCII. */
bool pii_fold_wanted(const char *text, size_t len);

/* Folds as much as fits, whole characters; never longer than it was. Gives how
 * many bytes of `text` that took. */
size_t pii_fold(const char *text, size_t len, char *out, size_t cap, size_t *ret_len);

#endif
