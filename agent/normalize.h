/* normalize.h - `dunlin normalize`: what comes of an identifier, for the eye, for a
 * list that is to be checked, and for tests. Needs no device's folder. */
#ifndef DUNLIN_NORMALIZE_H
#define DUNLIN_NORMALIZE_H

#include "agent/normalise/scheme.h"

#include <stdbool.h>

struct normalize_wish {
    struct normalise_site site;
    enum scheme scheme; /* SCHEME_NONE: our own forms */
    bool hash;          /* what the platform compares, instead of the form */
    bool json;
};

/* Prints the form of one value, or on stderr why there is none. Exit code. */
int normalize_one(const struct normalize_wish *wish, const char *type, const char *value,
                  size_t len);

/* Reads lines TYPE<TAB>VALUE[<TAB>REGION] from standard input and answers each with
 * one line, in order: the form, or ! and the reason there is none. The wish's region
 * stands in where a line has none. Exit code: a reason is an answer and no failure. */
int normalize_lines(const struct normalize_wish *wish);

#endif
