/* `dunlin token`: an identifier's token as text, for `dunlin-hub match block`. */
#include "agent/capture.h"
#include "agent/commands.h"
#include "agent/enrolment.h"
#include "agent/normalise/normalise.h"
#include "agent/settings.h"
#include "crypto/secret.h"
#include "crypto/token.h"
#include "platform/bytes.h"
#include "platform/file.h"

#include <stdio.h>
#include <string.h>

#define VALUE_BYTES_MAX 1024

const struct cli_option token_options[] = {
    COMMANDS_OPTION_DIR,
    COMMANDS_OPTION_CONFIG,
    {0},
};

/* The first line of standard input, NUL-terminated in memory that is wiped. */
static enum dl_err read_line(struct capture_buffer *b)
{
    bool end = false;
    if (capture_buffer_make(b, VALUE_BYTES_MAX) ||
        !capture_buffer_fill(b, capture_open(NULL), &end) || !end || b->len == VALUE_BYTES_MAX)
        return DL_E_INPUT;
    b->bytes[b->len] = '\0';
    b->bytes[strcspn(b->bytes, "\r\n")] = '\0';
    return DL_OK;
}

static enum dl_err make(const char *dir, const char *region, uint8_t type, const char *value,
                        struct token *ret, struct dl_why *why)
{
    char canonical[NORMALISE_BYTES_MAX];
    size_t len = 0;
    struct file_path path;
    struct token_key *key = NULL;
    enum normalise_reason reason =
        normalise(type, value, strlen(value), region, canonical, sizeof canonical, &len);
    enum dl_err err = reason ? DL_E_INPUT : file_join(&path, dir, ENROLMENT_TOKEN_KEY);
    if (reason)
        dl_why_set(why, "%s", normalise_reason_name(reason));
    if (!err)
        err = token_key_load(&key, path.s);
    if (!err)
        err = token_make(key, type, NORMALISE_VERSION, (const uint8_t *)canonical, len, ret);
    token_key_free(key);
    secret_wipe(canonical, sizeof canonical);
    return err;
}

static int print(const struct enrolment *enrolment, const char *type, const struct token *token)
{
    char hex[2 * GROUP_ELEMENT_BYTES + 1];
    bytes_to_hex(hex, token->element, sizeof token->element);
    printf("%s/%u/%s/%s\n", enrolment->device, token->epoch, type, hex);
    return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

int token_command(const struct cli_args *args)
{
    const char *dir = cli_text(args, "dir"), *name = cli_operand(args, 0);
    const char *value = cli_operand(args, 1);
    struct capture_buffer line = {0};
    uint8_t type = token_type_from_name(name);
    struct enrolment enrolment;
    struct settings settings;
    struct token token;
    struct dl_why why = {""};
    if (type == TOKEN_TYPE_NONE) {
        cli_error("token: there is no such type of identifier with a token of its own");
        return CLI_EXIT_USAGE;
    }
    enum dl_err err = enrolment_load(&enrolment, dir, &why);
    if (!err)
        err = settings_load(&settings, dir, cli_text(args, "config"), &why);
    bool from_stdin = strcmp(value, "-") == 0;
    if (!err && from_stdin)
        err = read_line(&line);
    if (!err)
        err = make(dir, settings.region, type, from_stdin ? line.bytes : value, &token, &why);
    commands_wipe_argument(value);
    capture_buffer_done(&line);
    return err ? commands_fail("token", err, &why) : print(&enrolment, name, &token);
}
