#include "keys/commands.h"

const char *command_needs(const struct cli_args *args, const char *option)
{
    const char *value = cli_text(args, option);
    if (!value)
        cli_error("--%s is needed; --help tells more", option);
    return value;
}
