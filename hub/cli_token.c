/* `dunlin-hub token ...`: who may ask the hub. */
#include "crypto/secret.h"
#include "hub/cli_hub.h"
#include "hub/table.h"
#include "hub/tokens.h"
#include "platform/clock.h"

#include <stdio.h>

int cmd_token_create(const struct cli_args *args)
{
    const char *name = cli_text(args, "name");
    enum store_role role;
    struct store *st = NULL;
    struct dl_why why = {""};
    char token[ROLE_TOKEN_CHARS + 1] = "", who[CLI_WHO_BYTES];
    if (!name || !tokens_name_ok(name)) {
        cli_error("token create: --name is 1 to 64 of a-z 0-9 . _ -, of whoever will hold it");
        return CLI_EXIT_USAGE;
    }
    if (!cli_text(args, "role") || !store_role_from_name(cli_text(args, "role"), &role)) {
        cli_error("token create: --role is viewer, custodian or admin");
        return CLI_EXIT_USAGE;
    }
    int code = cli_hub_store(args, STORE_WRITE, &st);
    if (code != CLI_EXIT_OK)
        return code;
    cli_hub_who(who);
    enum dl_err err = tokens_create(st, name, role, who, clock_wall_ms(), token);
    st->close(st);
    if (err == DL_E_EXISTS)
        dl_why_set(&why, "there is a token of this name; revoke it first");
    if (!err) {
        printf("%s\n", token);
        fprintf(stderr, "It is shown this once; the hub keeps only a hash.\n");
    }
    secret_wipe(token, sizeof token);
    return err ? cli_hub_failed("token create", err, &why) : CLI_EXIT_OK;
}

int cmd_token_list(const struct cli_args *args)
{
    static const struct table_column columns[] = {
        {"name", "NAME"}, {"role", "ROLE"}, {"added_at", "ADDED"}, {NULL, NULL}};
    struct store *st = NULL;
    json_t *list = NULL;
    int code = cli_hub_store(args, STORE_READ, &st);
    if (code != CLI_EXIT_OK)
        return code;
    enum dl_err err = tokens_list(st, &list);
    st->close(st);
    if (err)
        return cli_hub_failed("token list", err, NULL);
    if (cli_flag(args, "json"))
        return cli_hub_print_json(json_pack("{s:o}", "tokens", list));
    table_print(list, columns);
    json_decref(list);
    return CLI_EXIT_OK;
}

int cmd_token_revoke(const struct cli_args *args)
{
    struct store *st = NULL;
    struct dl_why why = {""};
    char who[CLI_WHO_BYTES];
    int code = cli_hub_store(args, STORE_WRITE, &st);
    if (code != CLI_EXIT_OK)
        return code;
    cli_hub_who(who);
    enum dl_err err = tokens_revoke(st, cli_operand(args, 0), who, clock_wall_ms());
    st->close(st);
    if (err == DL_E_NOT_FOUND)
        dl_why_set(&why, "there is no token of this name; `dunlin-hub token list` has them");
    if (err)
        return cli_hub_failed("token revoke", err, &why);
    printf("Revoked: it opens nothing from now on.\n");
    return CLI_EXIT_OK;
}
