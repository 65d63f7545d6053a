/* The commands of a few lines: flush, normalize, version. */
#include "agent/commands.h"

#include "agent/capture.h"
#include "agent/local.h"
#include "agent/normalise/normalise.h"
#include "agent/normalize_lines.h"

#include "crypto/secret.h"
#include "crypto/token.h"

#include <stdio.h>
#include <string.h>

#define VALUE_BYTES_MAX 4096

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

/* ---- normalize -------------------------------------------------------------------- */

const struct cli_option normalize_options[] = {
    {"region", 'r', CLI_TEXT, "COUNTRY", "", "country of national phone numbers, such as DE"},
    {0},
};

/* The first line of standard input. */
static bool read_line(struct capture_buffer *b)
{
    bool end = false;
    if (capture_buffer_make(b, VALUE_BYTES_MAX) ||
        !capture_buffer_fill(b, capture_open(NULL), &end) || !end)
        return false;
    const char *newline = memchr(b->bytes, '\n', b->len);
    if (newline)
        b->len = (size_t)(newline - b->bytes);
    return true;
}

static int print_form(uint8_t type, const char *value, size_t value_len, const char *region)
{
    char form[NORMALISE_BYTES_MAX];
    size_t len = 0;
    enum normalise_reason reason =
        normalise(type, value, value_len, region, form, sizeof form, &len);
    if (reason == NORMALISE_OK)
        printf("%.*s\n", (int)len, form);
    else
        cli_error("normalize: %s", normalise_reason_name(reason));
    secret_wipe(form, sizeof form);
    return reason == NORMALISE_OK ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

int normalize_command(const struct cli_args *args)
{
    const char *type_name = cli_operand(args, 0), *value = cli_operand(args, 1);
    const char *region = cli_text(args, "region");
    if (!value && strcmp(type_name, "-") == 0)
        return normalize_lines(region);
    uint8_t type = token_type_from_name(type_name);
    struct capture_buffer line = {0};
    int code = CLI_EXIT_USAGE;
    if (!value)
        cli_error("normalize: VALUE is lacking");
    else if (type == TOKEN_TYPE_NONE)
        cli_error("normalize: there is no such type of identifier");
    else if (strcmp(value, "-") != 0)
        code = print_form(type, value, strlen(value), region);
    else if (read_line(&line))
        code = print_form(type, line.bytes, line.len, region);
    else
        cli_error("normalize: nothing, or too much, on standard input");
    if (value)
        commands_wipe_argument(value);
    capture_buffer_done(&line);
    return code;
}

/* ---- version ---------------------------------------------------------------------- */

int version_command(const struct cli_args *args)
{
    (void)args;
    printf("dunlin %s\n", DUNLIN_VERSION);
    return CLI_EXIT_OK;
}
