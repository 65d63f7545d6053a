/* remote.h - an import target that is the local API, wherever the agent runs.
 *
 * With an agent running on the folder the events go over its socket as NDJSON;
 * otherwise this process is the agent and the same request is a function call.
 */
#ifndef DUNLIN_IMPORT_REMOTE_H
#define DUNLIN_IMPORT_REMOTE_H

#include "agent/import/run.h"
#include "agent/local.h"

struct import_remote {
    struct local *local;
    bool check_only; /* validate and store nothing */
};

/* An import_target's put; ctx is a struct import_remote. */
enum dl_err import_remote_put(void *ctx, json_t *const *events, size_t count,
                              struct accept_answer *ret);

#endif
