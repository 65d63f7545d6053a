/* import.h - `dunlin import`: files into the outbox, with an account at the end. */
#ifndef DUNLIN_IMPORT_H
#define DUNLIN_IMPORT_H

#include "platform/cli.h"

extern const struct cli_option import_options[];
int import_command(const struct cli_args *args);

#endif
