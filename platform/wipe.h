/* wipe.h - heap memory that is overwritten when it is given back.
 *
 * malloc's shape, for libraries that take an allocator and hold plain personal
 * data or keys: jansson, expat. Safe from any thread.
 */
#ifndef DUNLIN_WIPE_H
#define DUNLIN_WIPE_H

#include <stddef.h>

void *wipe_malloc(size_t len);
/* Moves when it grows, and wipes where it was. */
void *wipe_realloc(void *bytes, size_t len);
void wipe_free(void *bytes);

#endif
