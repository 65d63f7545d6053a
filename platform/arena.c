#include "platform/arena.h"

#include <sodium.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A parsed purchase of a few lines takes 4 to 10 KiB: one block, one malloc. */
#define BLOCK_BYTES ((size_t)16 * 1024)
#define ALIGN       alignof(max_align_t)

/* Blocks are plain malloc, locked by sodium_mlock and never unlocked: unlocking
 * works on whole pages, so it would expose a neighbouring block, or undo the
 * mlockall of harden_process. Locking a page twice costs nothing, and the next
 * request's block comes to lie where this one lay. */
struct block {
    struct block *next;
    size_t len; /* of bytes */
    size_t used;
    alignas(max_align_t) unsigned char bytes[];
};

struct arena {
    struct block *blocks; /* the one being filled comes first */
    size_t left;          /* of len_max */
};

static size_t round_up(size_t len)
{
    return (len + ALIGN - 1) / ALIGN * ALIGN;
}

static struct block *block_make(size_t len)
{
    struct block *b = malloc(sizeof *b + len);
    if (!b)
        return NULL;
    (void)sodium_mlock(b, sizeof *b + len); /* as far as RLIMIT_MEMLOCK goes */
    b->next = NULL;
    b->len = len;
    b->used = 0;
    return b;
}

static void block_free(struct block *b)
{
    sodium_memzero(b, sizeof *b + b->len);
    free(b);
}

struct arena *arena_make(size_t len_max)
{
    struct block *first = block_make(BLOCK_BYTES);
    if (!first)
        return NULL;
    struct arena *a = (void *)first->bytes; /* lives in its own first block */
    first->used = round_up(sizeof *a);
    a->blocks = first;
    a->left = len_max;
    return a;
}

void arena_free(struct arena *a)
{
    struct block *b = a ? a->blocks : NULL;
    while (b) {
        struct block *next = b->next; /* the last block takes the arena with it */
        block_free(b);
        b = next;
    }
}

void *arena_alloc(struct arena *a, size_t len)
{
    if (len > a->left || len > SIZE_MAX / 2)
        return NULL;
    size_t need = round_up(len ? len : 1);
    struct block *b = a->blocks;
    if (need > b->len - b->used) {
        b = block_make(need > BLOCK_BYTES ? need : BLOCK_BYTES);
        if (!b)
            return NULL;
        b->next = a->blocks;
        a->blocks = b;
    }
    void *at = b->bytes + b->used;
    b->used += need;
    a->left -= len;
    return memset(at, 0, need);
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
    if (len == SIZE_MAX)
        return NULL;
    char *copy = arena_alloc(a, len + 1);
    if (copy && len)
        memcpy(copy, s, len);
    return copy;
}
