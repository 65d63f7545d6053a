/* config.h - INI-like configuration by a table of keys, read with inih.
 *
 * Every key has a default; an unknown key, a bad value or a repeated key is an
 * error that names file, line and key. A key is `section.name`, or `name` when
 * it stands before any section.
 */
#ifndef DUNLIN_CONFIG_H
#define DUNLIN_CONFIG_H

#include "platform/err.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CONFIG_TEXT_BYTES 512

enum config_type {
    CONFIG_TEXT,     /* char[CONFIG_TEXT_BYTES] */
    CONFIG_BOOL,     /* bool: yes no true false on off 1 0 */
    CONFIG_INT,      /* int64_t, min..max */
    CONFIG_BYTES,    /* int64_t; 64K 10M 2G */
    CONFIG_DURATION, /* int64_t milliseconds; 500ms 30s 10m 12h 30d */
    CONFIG_CHOICE,   /* int64_t index into `choices`, separated by | */
};

struct config_key {
    const char *name;
    enum config_type type;
    size_t offset;        /* of the member in the target struct */
    const char *fallback; /* in the file's own spelling */
    int64_t min, max;     /* both 0: any */
    const char *choices;
    const char *help; /* one line, shown by the man page */
};

/* Fills every key's default, then reads `path` unless NULL. The table ends
 * with a NULL name. DL_E_NOT_FOUND, DL_E_INPUT with `why`. */
DL_MUST_CHECK enum dl_err config_load(void *target, const struct config_key *keys,
                                      const char *path, struct dl_why *why);

/* Writes a commented sample with every key and its default. */
void config_sample(FILE *out, const struct config_key *keys);

#endif
