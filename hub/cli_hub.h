/* cli_hub.h - a hub's folder as a command finds it: checked, and opened. */
#ifndef DUNLIN_HUB_CLI_HUB_H
#define DUNLIN_HUB_CLI_HUB_H

#include "hub/cli.h"
#include "hub/hub.h"
#include "hub/store.h"
#include "hub/where.h"
#include "platform/json.h"

#define CLI_WHO_BYTES 32

/* "cli:UID": who stands in the audit log for an act at the command line. */
void cli_hub_who(char ret[static CLI_WHO_BYTES]);

/* The folder of --dir is a hub's, and private; else tells so and gives an exit
 * code other than CLI_EXIT_OK. */
int cli_hub_check(const char *dir);

/* The same, and where its store is: as --db and --tenant say, else as the
 * configuration does. */
int cli_hub_where(const struct cli_args *args, struct where *ret);

/* The same, and its database opened, beside a running server. The caller closes. */
int cli_hub_store(const struct cli_args *args, enum store_access access, struct store **ret);

/* The same with its keys, for what converts tokens. The caller hub_close()s. */
int cli_hub_open(const struct cli_args *args, struct hub **ret);

/* Tells what failed and gives the exit code; `what` is a literal like "revoke". */
int cli_hub_failed(const char *what, enum dl_err err, const struct dl_why *why);

/* Tells the number of a decision that was made, and how to undo it; the exit code. */
int cli_hub_decided(int64_t no);

/* Prints on one line and takes `value`; the exit code. */
int cli_hub_print_json(json_t *value);

#endif
