/* names.h - a sorted list of file names: what file_each of each system fills. */
#ifndef DUNLIN_NAMES_H
#define DUNLIN_NAMES_H

#include "platform/err.h"

#include <stddef.h>

/* One walk of a folder remembers so many; the next walk sees the rest. */
#define NAMES_MAX 65536

struct names {
    char **at;
    size_t count, cap;
};

/* Copies `name`. */
DL_MUST_CHECK enum dl_err names_add(struct names *names, const char *name);
void names_sort(struct names *names);
void names_done(struct names *names);

#endif
