/* progress.h - a bar for a person at a terminal, nothing for a pipe. */
#ifndef DUNLIN_PROGRESS_H
#define DUNLIN_PROGRESS_H

#include <stdint.h>

struct progress;

/* `total` 0: unknown, counts only. Draws on stderr when it is a terminal. */
struct progress *progress_make(const char *what, uint64_t total);
/* Redraws at most ten times a second. NULL is fine. */
void progress_set(struct progress *p, uint64_t done);
/* Erases the bar. NULL is fine. */
void progress_free(struct progress *p);

#endif
