/* commands.h - what each command of dunlin-keys does; main.c has their table.
 *
 * Each takes parsed arguments and gives an exit code of platform/cli.h. Words
 * for a person go to stderr, except for init and inspect, whose words are the
 * result; key material goes to files and into the bundle alone.
 */
#ifndef DUNLIN_KEYS_COMMANDS_H
#define DUNLIN_KEYS_COMMANDS_H

#include "keys/keyring.h"
#include "platform/cli.h"

int command_init(const struct cli_args *args);
int command_enroll(const struct cli_args *args);
int command_rotate(const struct cli_args *args);
int command_inspect(const struct cli_args *args);
int command_audience_key(const struct cli_args *args);
int command_export_audience(const struct cli_args *args);

/* An option that has to be there: NULL after saying that it is not. */
const char *command_needs(const struct cli_args *args, const char *option);

/* The keyring at `path`, and its share with the passphrase it asks for; `why` has
 * the words for a person. */
DL_MUST_CHECK enum dl_err command_keyring(const char *path, struct keyring **ret,
                                          struct dl_why *why);
DL_MUST_CHECK enum dl_err command_share(const struct keyring *kr, const char *passphrase_file,
                                        struct custodian_share **ret, struct dl_why *why);

#endif
