/* plain.h - codes that people spell with blanks and hyphens: what is left of them. */
#ifndef DUNLIN_NORMALISE_PLAIN_H
#define DUNLIN_NORMALISE_PLAIN_H

#include "agent/normalise/forms.h"

#include <stdbool.h>

/* NFKC, upper case, digits of every script as ASCII's, without white space and the
 * characters of `drop`; refused is what is no ASCII letter or digit then, or longer
 * than `max`. */
enum normalise_reason plain_fold(const struct form_input *in, const char *drop, size_t max,
                                 struct form_output *out);

/* Whether `text` is as `pattern` says: N a digit, A a letter, * either, else itself. */
bool plain_matches(const char *text, size_t len, const char *pattern);

/* Nothing but one digit, again and again. */
bool plain_is_filler(const char *text, size_t len);

#endif
