/* `dunlin-hub forget`. */
#include "hub/cli_hub.h"
#include "hub/forget.h"
#include "platform/clock.h"

#include <stdio.h>

int cmd_forget(const struct cli_args *args)
{
    const char *id = cli_text(args, "profile");
    struct hub *hub = NULL;
    struct dl_why why = {""};
    char who[CLI_WHO_BYTES];
    size_t identifiers = 0;
    if (!id) {
        cli_error(
            "forget: --profile is lacking; by name or card, use `dunlin forget` at a till");
        return CLI_EXIT_USAGE;
    }
    int code = cli_hub_open(args, &hub);
    if (code != CLI_EXIT_OK)
        return code;
    cli_hub_who(who);
    enum dl_err err = forget_profile(hub, id, who, clock_wall_ms(), &identifiers);
    hub_close(hub);
    if (err == DL_E_INPUT)
        dl_why_set(&why, "a profile's id is p_ and 24 hex digits");
    else if (err == DL_E_NOT_FOUND)
        dl_why_set(&why, "there is no profile of this id");
    if (err)
        return cli_hub_failed("forget", err, &why);
    printf("Erased, with %zu identifiers; its events stay for their stores, as nobody's.\n",
           identifiers);
    return CLI_EXIT_OK;
}
