/* cli_meant.h - whom a person means at the command line.
 *
 * A profile is named by its id, by the beginning of it, or by what `dunlin token`
 * printed of one of its identifiers at a device. Acts that change something take the
 * whole id alone.
 */
#ifndef DUNLIN_HUB_CLI_MEANT_H
#define DUNLIN_HUB_CLI_MEANT_H

#include "hub/cli.h"
#include "hub/query.h"

#define CLI_MEANT_MAX 10 /* named where several are meant */

struct cli_meant {
    char ids[CLI_MEANT_MAX][QUERY_PROFILE_ID_BYTES];
    size_t count; /* CLI_MEANT_MAX + 1: there are more */
};

/* Whom `text` means, perhaps nobody. Tells what is wrong with it; the exit code. */
int cli_meant_all(const struct cli_args *args, const char *command, const char *text,
                  struct cli_meant *ret);

/* The one whom it means, in `ret`; of several it tells who they are. A whole id is taken as it
 * is, without a look whether it is there, and so is what is no profile's at all, for the
 * command to judge. *ret_id: `text` or `ret`. */
int cli_meant_one(const struct cli_args *args, const char *command, const char *text,
                  struct cli_meant *ret, const char **ret_id);

#endif
