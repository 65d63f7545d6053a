/* `dunlin forget`: a person is erased by what they say at the counter. */
#include "agent/capture.h"
#include "agent/commands.h"
#include "agent/local.h"
#include "crypto/secret.h"
#include "platform/json.h"

#include <string.h>

#define STDIN_BYTES_MAX 8192

#define IDENTIFIER(option, help)                                                               \
    {                                                                                          \
        option, 0, CLI_TEXT, "VALUE", NULL, help                                               \
    }

const struct cli_option forget_options[] = {
    COMMANDS_OPTION_DIR,
    COMMANDS_OPTION_CONFIG,
    IDENTIFIER("email", "an e-mail address; - reads it from standard input"),
    IDENTIFIER("phone", "a telephone number, or -"),
    IDENTIFIER("loyalty-id", "the number of a customer card, or -"),
    IDENTIFIER("account-id", "the customer's key in the shop's systems, or -"),
    IDENTIFIER("payment-ref", "a payment provider's token, or -"),
    IDENTIFIER("ticket", "a ticket's code, or -"),
    {"stdin", 0, CLI_FLAG, NULL, NULL,
     "read lines of TYPE VALUE, such as: email a@example.com"},
    {"reason", 0, CLI_TEXT, "KEY", NULL, "kept with the erasure: a short key, no words"},
    COMMANDS_OPTION_JSON,
    {0},
};

static const struct {
    const char *option, *member;
} identifiers[] = {
    {"email", "email"},
    {"phone", "phone"},
    {"loyalty-id", "loyalty_id"},
    {"account-id", "account_id"},
    {"payment-ref", "payment_ref"},
    {"ticket", "ticket"},
};
#define IDENTIFIER_COUNT (sizeof identifiers / sizeof identifiers[0])

static enum dl_err read_stdin(struct capture_buffer *b, struct dl_why *why)
{
    bool end = false;
    enum dl_err err = capture_buffer_make(b, STDIN_BYTES_MAX);
    if (!err && (!capture_buffer_fill(b, capture_open(NULL), &end) || !end || b->len == 0)) {
        dl_why_set(why, "nothing, or too much, on standard input");
        err = DL_E_INPUT;
    }
    return err;
}

static enum dl_err add_from_stdin(json_t *ids, const char *member, struct dl_why *why)
{
    struct capture_buffer b = {0};
    enum dl_err err = read_stdin(&b, why);
    size_t len = 0;
    while (!err && len < b.len && b.bytes[len] != '\n' && b.bytes[len] != '\r')
        len++;
    if (!err && json_object_set_new(ids, member, json_stringn(b.bytes, len)) != 0) {
        dl_why_set(why, "standard input is not UTF-8");
        err = DL_E_INPUT;
    }
    capture_buffer_done(&b);
    return err;
}

static enum dl_err add_line(json_t *ids, const char *line, size_t len, struct dl_why *why)
{
    for (size_t i = 0; i < IDENTIFIER_COUNT; i++) {
        size_t name = strlen(identifiers[i].member);
        if (len <= name + 1 || memcmp(line, identifiers[i].member, name) != 0 ||
            (line[name] != ' ' && line[name] != '\t'))
            continue;
        if (json_object_set_new(ids, identifiers[i].member,
                                json_stringn(line + name + 1, len - name - 1)) == 0)
            return DL_OK;
        break;
    }
    dl_why_set(why, "a line of standard input is not TYPE VALUE");
    return DL_E_INPUT;
}

static enum dl_err add_lines(json_t *ids, struct dl_why *why)
{
    struct capture_buffer b = {0};
    enum dl_err err = read_stdin(&b, why);
    for (size_t at = 0; !err && at < b.len;) {
        const char *newline = memchr(b.bytes + at, '\n', b.len - at);
        size_t end = newline ? (size_t)(newline - b.bytes) : b.len;
        size_t len = end - at;
        if (len > 0 && b.bytes[end - 1] == '\r')
            len--;
        if (len > 0)
            err = add_line(ids, b.bytes + at, len, why);
        at = end + 1;
    }
    capture_buffer_done(&b);
    return err;
}

/* Before anything that waits: what is on the command line is seen by everybody.
 * *ret_from_stdin is the member whose value standard input gives, or NULL. */
static enum dl_err add_arguments(json_t *ids, const struct cli_args *args,
                                 const char **ret_from_stdin, struct dl_why *why)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; i < IDENTIFIER_COUNT; i++) {
        const char *value = cli_text(args, identifiers[i].option);
        if (!value)
            continue;
        if (strcmp(value, "-") != 0) {
            if (json_object_set_new(ids, identifiers[i].member, json_string(value)) != 0)
                err = DL_E_INPUT;
            commands_wipe_argument(value);
        } else if (*ret_from_stdin || cli_flag(args, "stdin")) {
            dl_why_set(why, "standard input gives one value");
            err = DL_E_INPUT;
        } else {
            *ret_from_stdin = identifiers[i].member;
        }
    }
    return err;
}

static enum dl_err gather(json_t *ids, const struct cli_args *args, struct dl_why *why)
{
    const char *from_stdin = NULL;
    enum dl_err err = add_arguments(ids, args, &from_stdin, why);
    if (!err && cli_flag(args, "stdin"))
        err = add_lines(ids, why);
    if (!err && from_stdin)
        err = add_from_stdin(ids, from_stdin, why);
    if (!err && json_object_size(ids) == 0) {
        dl_why_set(why, "whom? Name an identifier, such as --email");
        err = DL_E_INPUT;
    }
    return err;
}

static int send(struct local *l, const json_t *body, bool json)
{
    size_t len = 0;
    char *text = json_text(body, &len);
    const struct api_request req = {.method = "POST",
                                    .path = "/v1/forget",
                                    .content_type = "application/json",
                                    .body = text,
                                    .body_len = len};
    struct api_response r = {.retry_after_s = -1};
    struct dl_why why = {""};
    enum dl_err err = text ? local_send(l, &req, 0, &r, &why) : DL_E_NOMEM;
    int code = CLI_EXIT_OK;
    if (err)
        code = commands_fail("forget", err, &why);
    else if (r.status != 201)
        code = local_complain("forget", &r, 1);
    else if (json)
        printf("%s\n", r.body.s);
    else
        printf("the erasure is on its way to the hub; `dunlin flush` waits for it\n");
    json_text_free(text);
    api_response_done(&r);
    return code;
}

int forget_command(const struct cli_args *args)
{
    const struct local_options opt = {.dir = cli_text(args, "dir"),
                                      .config = cli_text(args, "config")};
    const char *reason = cli_text(args, "reason");
    struct local *l = NULL;
    struct dl_why why = {""};
    json_t *body = json_pack("{s:{},s:s*}", "identifiers", "reason", reason);
    enum dl_err err =
        body ? gather(json_object_get(body, "identifiers"), args, &why) : DL_E_NOMEM;
    if (!err)
        err = local_open(&l, &opt, &why);
    int code = err ? commands_fail("forget", err, &why) : send(l, body, cli_flag(args, "json"));
    json_decref(body);
    local_close(l);
    return code;
}
