/* status.h - how the agent fares, for a person, a script and monitoring.
 *
 * One JSON object (docs/API.md), the same from a running agent and from a folder
 * where none runs. `state` is the worst of `problems`: ok, warn or bad.
 */
#ifndef DUNLIN_STATUS_H
#define DUNLIN_STATUS_H

#include "agent/agent.h"
#include "platform/json.h"

#include <stdbool.h>

/* Past this share of a quota the status warns. */
#define STATUS_QUOTA_WARN_PERCENT 80

/* New reference. */
json_t *status_of_agent(struct agent *a);

/* The same for a folder without an agent: looks, takes no lock, changes nothing.
 * DL_E_AUTH: not enrolled. An outbox that cannot be read is a problem of the status. */
DL_MUST_CHECK enum dl_err status_of_folder(json_t **ret, const char *dir,
                                           const struct settings *settings, struct dl_why *why);

/* True when the quota, not the disk, would refuse the next event. */
bool status_outbox_full(struct agent *a);

/* What monitoring acts on: 0 ok, 1 warn, 2 bad. */
int status_exit_code(const json_t *status);

/* A table for a person. */
void status_print(FILE *out, const json_t *status);

#endif
