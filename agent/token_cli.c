/* `dunlin token`: an identifier's token as text, for `dunlin-hub match block`. */
#include "agent/capture.h"
#include "agent/commands.h"
#include "agent/enrolment.h"
#include "agent/settings.h"
#include "agent/spoken.h"
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

static int print(const struct enrolment *enrolment, const char *type, const struct token *token)
{
    char hex[2 * GROUP_ELEMENT_BYTES + 1];
    bytes_to_hex(hex, token->element, sizeof token->element);
    printf("%s/%u/%s/%s\n", enrolment->device, token->epoch, type, hex);
    return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

/* Its folder as it should be, and its settings. */
static enum dl_err load(const struct cli_args *args, struct enrolment *ret_enrolment,
                        struct settings *ret_settings, struct dl_why *why)
{
    const char *dir = cli_text(args, "dir");
    enum dl_err err = enrolment_load(ret_enrolment, dir, why);
    if (err == DL_E_NOT_FOUND)
        return DL_E_AUTH;
    if (!err)
        err = file_check_private(dir, why);
    return err ? err : settings_load(ret_settings, dir, cli_text(args, "config"), why);
}

int token_command(const struct cli_args *args)
{
    const char *name = cli_operand(args, 0), *value = cli_operand(args, 1);
    struct capture_buffer line = {0};
    uint8_t type = token_type_from_name(name);
    struct enrolment enrolment;
    struct settings settings;
    struct token token;
    struct dl_why why = {""};
    bool from_stdin = strcmp(value, "-") == 0;
    enum dl_err err = type == TOKEN_TYPE_NONE ? DL_E_INPUT : DL_OK;
    if (err)
        dl_why_set(&why, "there is no such type of identifier with a token of its own");
    if (!err)
        err = load(args, &enrolment, &settings, &why);
    if (!err && from_stdin) {
        err = read_line(&line);
        if (err)
            dl_why_set(&why, "nothing, or too much, on standard input");
    }
    const char *text = from_stdin ? line.bytes : value;
    if (!err)
        err = spoken_tokenise(&token, cli_text(args, "dir"), settings.region, type, text,
                              strlen(text), &why);
    commands_wipe_argument(value);
    capture_buffer_done(&line);
    return err ? commands_fail("token", err, &why) : print(&enrolment, name, &token);
}
