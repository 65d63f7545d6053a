/* row_set.h - which rows were written, so that each is written once.
 *
 * Keeps a hash of 16 bytes a row, in memory that grows. One thread.
 */
#ifndef DUNLIN_KEYS_ROW_SET_H
#define DUNLIN_KEYS_ROW_SET_H

#include "platform/err.h"

#include <stdbool.h>
#include <stddef.h>

struct row_set;
/* NULL: no memory. */
struct row_set *row_set_make(void);
void row_set_free(struct row_set *set);
/* *ret_new: it was not in there. DL_E_NOMEM. */
DL_MUST_CHECK enum dl_err row_set_add(struct row_set *set, const char *row, size_t len,
                                      bool *ret_new);

#endif
