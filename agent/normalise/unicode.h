/* unicode.h - Unicode work in caller-owned buffers, by utf8proc.
 *
 * utf8proc_map() would be shorter, but it allocates and frees without a wipe.
 */
#ifndef DUNLIN_NORMALISE_UNICODE_H
#define DUNLIN_NORMALISE_UNICODE_H

#include "agent/normalise/normalise.h"

#include <stdbool.h>
#include <stdint.h>

enum unicode_form {
    UNICODE_NFC, /* lets U+200C and U+200D stand, which some scripts need */
    UNICODE_NFKC,
};
enum unicode_case { UNICODE_KEEP_CASE, UNICODE_LOWER, UNICODE_UPPER };

/* Trims Unicode white space, normalises, maps case letter by letter, normalises
 * again, and encodes. Refuses what cannot be seen: control and format
 * characters, private use, unassigned, noncharacters. At the ends those that only
 * lay out text (zero-width spaces and joiners, marks of direction, U+FEFF) count as
 * white space: they come with what is copied from a page. */
enum normalise_reason unicode_fold(const char *value, size_t len, enum unicode_form form,
                                   enum unicode_case to, char *out, size_t cap,
                                   size_t *ret_len);

/* White_Space of the Unicode Character Database. */
bool unicode_is_space(int32_t codepoint);

/* What lays out text and is no part of it. */
bool unicode_is_invisible(int32_t codepoint);

/* 0..9 for a decimal digit of any script (category Nd), else -1. */
int unicode_digit(int32_t codepoint);

/* One code point at `text`; its bytes, or 0 when it is not UTF-8. */
size_t unicode_next(const char *text, size_t len, int32_t *ret);

#endif
