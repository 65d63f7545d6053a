/* capture.h - reading what a command is given, without leaving copies behind. */
#ifndef DUNLIN_CAPTURE_H
#define DUNLIN_CAPTURE_H

#include "platform/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Locked memory that a file is read into piece by piece and that is wiped. */
struct capture_buffer {
    char *bytes;
    size_t len, cap;
};

DL_MUST_CHECK enum dl_err capture_buffer_make(struct capture_buffer *ret, size_t cap);
void capture_buffer_done(struct capture_buffer *b);
/* Forgets the first n bytes. */
void capture_buffer_drop(struct capture_buffer *b, size_t n);
/* Reads until full or at the end; false: reading failed. */
bool capture_buffer_fill(struct capture_buffer *b, FILE *in, bool *ret_end);

/* "-" or NULL: standard input, unbuffered. NULL on failure. */
FILE *capture_open(const char *path);
void capture_close(FILE *in);

#endif
