/* drop.h - a watched folder: what is put there is brought in.
 *
 * A file that has not changed for a while is imported by its ending and moved
 * to `done/`; one that cannot be read, to `failed/`. Beside it stands NAME.reason.txt
 * when anything was refused. When nothing more can be stored now, the file stays and
 * is tried again. A crash half-way leaves it in place, and its ids double nothing.
 *
 * The files themselves are the shop's and hold plain data; how long `done/` keeps
 * them is the shop's to decide.
 */
#ifndef DUNLIN_IMPORT_DROP_H
#define DUNLIN_IMPORT_DROP_H

#include "agent/import/run.h"
#include "platform/err.h"

#include <stdint.h>

struct drop;

struct drop_options {
    const char *folder;
    int64_t settle_ms;        /* untouched for so long, a file is whole; 0: two seconds */
    const char *mapping_path; /* for CSV; NULL: CSV files fail with that reason */
    struct import_defaults defaults;
    struct import_target target;
    const struct id_key *id_key;
};

/* Makes the folder, done/ and failed/, and starts the thread. */
DL_MUST_CHECK enum dl_err drop_start(struct drop **ret, const struct drop_options *options,
                                     struct dl_why *why);
/* Stops after the batch under way. NULL is fine. */
void drop_stop(struct drop *d);

struct drop_counts {
    uint64_t files_done, files_failed, events_taken, events_refused;
};
void drop_counts(struct drop *d, struct drop_counts *ret);

/* One pass over the folder, for tests and for a stop that wants to be whole. */
void drop_pass(struct drop *d);

#endif
