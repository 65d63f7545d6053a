#include "hub/cli_hub.h"
#include "hub/init.h"
#include "platform/clock.h"

#include <stdio.h>

static void tell_next(const char *dir)
{
    printf("A hub is in %s (mode 0700):\n\n"
           "  ca.pem ca.key          its certificate authority; devices trust ca.pem\n"
           "  server.pem server.key  its own certificate, which renews itself\n"
           "  seal.key               opens what devices have sealed: back it up, offline\n"
           "  sign.key               signs what devices are told\n"
           "  store.key id.key       keep shares and ids in the database unreadable\n"
           "  admin.token            lets its bearer administer; give it to nobody\n"
           "  hub.db                 the database\n"
           "  dunlin-hub.conf        settings, all with their defaults\n"
           "  identity.conf          which identifiers make two visits one person\n\n"
           "Next, on the key custodian's machine, and never on this one alone:\n\n"
           "  dunlin-keys init --keyring custodian.key --hub-share hub.share\n\n"
           "then here:\n\n"
           "  dunlin-hub keys import --dir %s hub.share\n"
           "  dunlin-hub serve --dir %s\n",
           dir, dir, dir);
}

int cmd_init(const struct cli_args *args)
{
    const char *dir = cli_text(args, "dir"), *name = cli_text(args, "name");
    char who[CLI_WHO_BYTES];
    struct dl_why why = {""};
    if (!name) {
        cli_error("init: --name is lacking: the name under which devices reach the hub");
        return CLI_EXIT_USAGE;
    }
    cli_hub_who(who);
    enum dl_err err = init_hub(dir, name, cli_text(args, "listen"), who, clock_wall_ms(), &why);
    if (err)
        return cli_hub_failed("init", err, &why);
    tell_next(dir);
    return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}
