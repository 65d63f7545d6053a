#include "platform/wipe.h"

#include <sodium.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* free() does not tell the size, so it is kept in front. */
struct chunk {
    size_t len;
    alignas(max_align_t) unsigned char bytes[];
};

static struct chunk *chunk_of(void *bytes)
{
    return (void *)((unsigned char *)bytes - offsetof(struct chunk, bytes));
}

void *wipe_malloc(size_t len)
{
    if (len > SIZE_MAX / 2)
        return NULL;
    struct chunk *c = malloc(sizeof *c + len);
    if (!c)
        return NULL;
    c->len = len;
    return c->bytes;
}

void *wipe_realloc(void *bytes, size_t len)
{
    if (bytes && chunk_of(bytes)->len >= len)
        return bytes;
    void *larger = wipe_malloc(len);
    if (larger && bytes) {
        memcpy(larger, bytes, chunk_of(bytes)->len);
        wipe_free(bytes);
    }
    return larger;
}

void wipe_free(void *bytes)
{
    if (!bytes)
        return;
    struct chunk *c = chunk_of(bytes);
    sodium_memzero(c, sizeof *c + c->len);
    free(c);
}
