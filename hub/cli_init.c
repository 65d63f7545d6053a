#include "hub/cli_hub.h"
#include "hub/init.h"
#include "platform/clock.h"

#include <stdio.h>

static void tell_next(const char *dir, bool shared)
{
    printf("A hub is in %s (mode 0700):\n\n"
           "  ca.pem ca.key          its certificate authority; devices trust ca.pem\n"
           "  server.pem server.key  its own certificate, which renews itself\n"
           "  seal.key               opens what devices have sealed: back it up, offline\n"
           "  sign.key               signs what devices are told\n"
           "  store.key id.key       keep shares and ids in the database unreadable\n"
           "  admin.token            lets its bearer administer; give it to nobody\n"
           "%s"
           "  dunlin-hub.conf        settings, all with their defaults\n"
           "  identity.conf          which identifiers make two visits one person\n\n"
           "Next, on the key custodian's machine, and never on this one alone:\n\n"
           "  dunlin-keys init --keyring custodian.key --hub-share hub.share\n\n"
           "then here:\n\n"
           "  dunlin-hub keys import --dir %s hub.share\n"
           "  dunlin-hub serve --dir %s\n",
           dir, shared ? "" : "  hub.db                 the database\n", dir, dir);
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
    const char *db = cli_text(args, "db");
    if (!db && (cli_flag(args, "distribute") || cli_text(args, "db-password-file"))) {
        cli_error("init: --distribute and --db-password-file are of a database: --db");
        return CLI_EXIT_USAGE;
    }
    cli_hub_who(who);
    struct init_order order = {.dir = dir,
                               .name = name,
                               .listen = cli_text(args, "listen"),
                               .url = db,
                               .tenant = cli_text(args, "tenant"),
                               .password_file = cli_text(args, "db-password-file"),
                               .distribute = cli_flag(args, "distribute"),
                               .who = who};
    enum dl_err err = init_hub(&order, clock_wall_ms(), &why);
    if (err)
        return cli_hub_failed("init", err, &why);
    tell_next(dir, db != NULL);
    return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}
