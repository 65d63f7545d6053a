/* arena.h - memory of one request: allocated piecemeal, wiped and freed at once.
 *
 * Holds parsed events, so plain personal data: blocks come from sodium_malloc's
 * sibling, locked and wiped at the end, so that no field of a customer outlives
 * its request. One thread.
 */
#ifndef DUNLIN_ARENA_H
#define DUNLIN_ARENA_H

#include "platform/err.h"

#include <stddef.h>

struct arena;

/* len_max bounds the sum of what it hands out. NULL: no memory. */
struct arena *arena_make(size_t len_max);
/* Wipes everything. NULL is fine. */
void arena_free(struct arena *a);
/* Zeroed, aligned for any type; NULL past len_max. */
void *arena_alloc(struct arena *a, size_t len);
char *arena_strndup(struct arena *a, const char *s, size_t len);

#endif
