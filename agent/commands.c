/* The commands of a few lines: flush, version. */
#include "agent/commands.h"

#include "agent/local.h"
#include "crypto/secret.h"

#include <stdio.h>
#include <string.h>

struct harden_report commands_harden;

void commands_hardened(const struct harden_report *report)
{
    commands_harden = *report;
}

int commands_fail(const char *what, enum dl_err err, const struct dl_why *why)
{
    cli_error("%s: %s", what, *why->text ? why->text : dl_err_name(err));
    return cli_exit_of(err);
}

void commands_wipe_argument(const char *value)
{
    secret_wipe((char *)value, strlen(value));
}

/* ---- flush ------------------------------------------------------------------------ */

const struct cli_option flush_options[] = {
    COMMANDS_OPTION_DIR,
    COMMANDS_OPTION_CONFIG,
    {"wait", 'w', CLI_INT, "SECONDS", "30", "how long at most"},
    COMMANDS_OPTION_JSON,
    {0},
};

int flush_command(const struct cli_args *args)
{
    const struct local_options opt = {
        .dir = cli_text(args, "dir"), .config = cli_text(args, "config"), .with_sync = true};
    long long wait_s = cli_int(args, "wait");
    struct local *l = NULL;
    struct api_response r = {.retry_after_s = -1};
    struct dl_why why = {""};
    if (wait_s < 0 || wait_s > API_FLUSH_S_MAX) {
        cli_error("flush: --wait takes 0 to %d seconds", API_FLUSH_S_MAX);
        return CLI_EXIT_USAGE;
    }
    char query[40];
    snprintf(query, sizeof query, "wait_s=%lld", wait_s);
    const struct api_request req = {.method = "POST", .path = "/v1/flush", .query = query};
    enum dl_err err = local_open(&l, &opt, &why);
    if (!err)
        err = local_send(l, &req, wait_s, &r, &why);
    int code = CLI_EXIT_OK;
    if (err)
        code = commands_fail("flush", err, &why);
    else if (r.status != 200)
        code = local_complain("flush", &r, 1);
    else if (cli_flag(args, "json"))
        printf("%s\n", r.body.s);
    api_response_done(&r);
    local_close(l);
    return code;
}

/* ---- version ---------------------------------------------------------------------- */

int version_command(const struct cli_args *args)
{
    (void)args;
    printf("dunlin %s\n", DUNLIN_VERSION);
    return CLI_EXIT_OK;
}
