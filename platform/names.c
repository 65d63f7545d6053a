#include "platform/names.h"

#include <stdlib.h>
#include <string.h>

void names_done(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->at[i]);
    free(names->at);
    *names = (struct names){.at = NULL};
}

enum dl_err names_add(struct names *names, const char *name)
{
    if (names->count == names->cap) {
        size_t cap = names->cap ? 2 * names->cap : 64;
        char **grown = realloc(names->at, cap * sizeof *grown);
        if (!grown)
            return DL_E_NOMEM;
        names->at = grown;
        names->cap = cap;
    }
    size_t len = strlen(name) + 1;
    char *copy = malloc(len);
    if (!copy)
        return DL_E_NOMEM;
    names->at[names->count++] = memcpy(copy, name, len);
    return DL_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void names_sort(struct names *names)
{
    if (names->count > 1)
        qsort(names->at, names->count, sizeof *names->at, by_name);
}
