/* run.h - one file brought in, in batches, with an account of what became of it.
 *
 * Every event has an id of its own (from the file, or made of the file's keyed hash
 * and the line), so a file brought in twice, or again after a crash half-way, doubles
 * nothing.
 */
#ifndef DUNLIN_IMPORT_RUN_H
#define DUNLIN_IMPORT_RUN_H

#include "agent/accept.h"
#include "agent/import/source.h"
#include "crypto/idhash.h"

#include <stdio.h>

#define IMPORT_REASONS_MAX 64
#define IMPORT_LINES_MAX   5 /* remembered per reason */

enum import_format { IMPORT_FORMAT_NDJSON, IMPORT_FORMAT_CSV, IMPORT_FORMAT_POSLOG };

/* By name ("csv"), or by a file's ending (.ndjson .jsonl .csv .tsv .xml). */
bool import_format_named(enum import_format *ret, const char *name);
bool import_format_of_file(enum import_format *ret, const char *path);

/* Where events go: this process's accept, or a running agent. As accept_events. */
struct import_target {
    enum dl_err (*put)(void *ctx, json_t *const *events, size_t count,
                       struct accept_answer *ret);
    void *ctx;
};

struct import_reason {
    char code[40];
    uint64_t count;
    uint64_t lines[IMPORT_LINES_MAX]; /* the first ones */
};

struct import_summary {
    uint64_t taken, duplicates, refused;
    struct import_reason refusals[IMPORT_REASONS_MAX];
    struct import_reason warnings[IMPORT_REASONS_MAX];
};

struct import_job {
    const char *path;
    enum import_format format;
    const struct import_mapping *mapping; /* CSV alone */
    struct import_defaults defaults;
    const struct import_target *target;
    const struct id_key *id_key; /* the folder's: makes ids for events that have none */
    void (*progress)(void *ctx, uint64_t bytes); /* may be NULL */
    void *progress_ctx;
};

/* DL_OK: read to the end; refusals are in the summary.  DL_E_INPUT: the file cannot
 * be read further, see `why`.  DL_E_FULL, DL_E_BUSY, DL_E_IO: nothing more can be
 * stored now.  In each case what was taken stays taken. */
DL_MUST_CHECK enum dl_err import_file(const struct import_job *job, struct import_summary *ret,
                                      struct dl_why *why);

/* The account for a person. */
void import_summary_print(FILE *out, const struct import_summary *summary);
/* The same for a machine; a new reference. */
json_t *import_summary_json(const struct import_summary *summary);

#endif
