/* `dunlin checkin`: a scan at a gate, or one taken back. The ticket comes from a file or
 * a pipe, as an argument would be seen by every process of the machine. */
#include "agent/capture.h"
#include "agent/commands.h"
#include "agent/local.h"
#include "crypto/secret.h"
#include "platform/json.h"

#include <string.h>

#define TICKET_BYTES_MAX 1024

const struct cli_option checkin_options[] = {
    COMMANDS_OPTION_DIR,
    COMMANDS_OPTION_CONFIG,
    {"event", 'e', CLI_TEXT, "SLUG", NULL, "the event"},
    {"list", 'l', CLI_TEXT, "LIST", NULL, "its check-in list"},
    {"gate", 'g', CLI_TEXT, "GATE", NULL, "where"},
    {"type", 't', CLI_TEXT, "entry|exit", NULL, "entry unless said otherwise"},
    {"nonce", 0, CLI_TEXT, "NONCE", NULL, "of the scan: the same one sent twice counts once"},
    {"consent", 0, CLI_FLAG, NULL, NULL, "the holder consents to profiling"},
    {"force", 0, CLI_FLAG, NULL, NULL, "let in all the same, where an operator may"},
    {"operator", 0, CLI_TEXT, "KEY", NULL, "who overrules"},
    {"why", 0, CLI_TEXT, "WORDS", NULL, "why it is overruled, or taken back"},
    {"annul", 0, CLI_TEXT, "SCAN_ID", NULL, "take back this scan; no ticket is read"},
    {"ticket-file", 'f', CLI_TEXT, "FILE", "-",
     "file with the ticket's code; -: standard input"},
    {0},
};

/* The first line, without its end. */
static enum dl_err read_ticket(const char *path, struct capture_buffer *b, struct dl_why *why)
{
    bool end = false;
    FILE *in = capture_open(path);
    enum dl_err err = in ? capture_buffer_make(b, TICKET_BYTES_MAX) : DL_E_INPUT;
    if (!err && (!capture_buffer_fill(b, in, &end) || !end))
        err = DL_E_INPUT;
    capture_close(in);
    const char *newline = err ? NULL : memchr(b->bytes, '\n', b->len);
    if (newline)
        b->len = (size_t)(newline - b->bytes);
    while (!err && b->len > 0 && b->bytes[b->len - 1] == '\r')
        b->len--;
    if (!err && b->len == 0)
        err = DL_E_INPUT;
    if (err == DL_E_INPUT)
        dl_why_set(why, "the ticket's code cannot be read, or there is none");
    return err;
}

static json_t *body_of(const struct cli_args *args, const struct capture_buffer *ticket)
{
    static const char *const members[] = {"event", "list",     "gate", "type",
                                          "nonce", "operator", "why"};
    json_t *body = json_object();
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (cli_text(args, members[i]))
            json_object_set_new(body, members[i], json_string(cli_text(args, members[i])));
    if (cli_flag(args, "consent"))
        json_object_set_new(body, "consent", json_pack("{s:b}", "profiling", 1));
    if (cli_flag(args, "force"))
        json_object_set_new(body, "force", json_true());
    json_object_set_new(body, "ticket", json_stringn(ticket->bytes, ticket->len));
    return body;
}

/* Who was refused does not come in: a script asks for the exit code. */
static int code_of(const char *answer, size_t len)
{
    json_t *json = NULL;
    if (json_parse(&json, answer, len, NULL, NULL))
        return CLI_EXIT_FAILED;
    const char *verdict = json_get_str(json, "verdict");
    int code = verdict && strcmp(verdict, "refused") == 0 ? CLI_EXIT_FAILED : CLI_EXIT_OK;
    json_decref(json);
    return code;
}

static int send(struct local *l, const char *path, json_t *body)
{
    size_t len = 0;
    char *text = json_text(body, &len);
    const struct api_request req = {.method = "POST",
                                    .path = path,
                                    .content_type = "application/json",
                                    .body = text,
                                    .body_len = len};
    struct api_response r = {.retry_after_s = -1};
    struct dl_why why = {""};
    enum dl_err err = text ? local_send(l, &req, 0, &r, &why) : DL_E_NOMEM;
    int code = CLI_EXIT_OK;
    if (err)
        code = commands_fail("checkin", err, &why);
    else if (r.status == 200 || r.status == 201) {
        printf("%s\n", r.body.s);
        code = code_of(r.body.s, r.body.len);
    } else
        code = local_complain("checkin", &r, 1);
    json_text_free(text);
    api_response_done(&r);
    return code;
}

static int annul(struct local *l, const struct cli_args *args)
{
    char path[160];
    const char *why = cli_text(args, "why");
    snprintf(path, sizeof path, "/v1/checkins/%.64s/annul", cli_text(args, "annul"));
    json_t *body = why ? json_pack("{s:s}", "why", why) : json_object();
    int code = send(l, path, body);
    json_decref(body);
    return code;
}

static int scan(struct local *l, const struct cli_args *args,
                const struct capture_buffer *ticket)
{
    json_t *body = body_of(args, ticket);
    int code = send(l, "/v1/checkins", body);
    json_decref(body);
    return code;
}

int checkin_command(const struct cli_args *args)
{
    const struct local_options opt = {.dir = cli_text(args, "dir"),
                                      .config = cli_text(args, "config")};
    struct capture_buffer ticket = {0};
    struct local *l = NULL;
    struct dl_why why = {""};
    const bool undo = cli_text(args, "annul") != NULL;
    enum dl_err err = undo ? DL_OK : read_ticket(cli_text(args, "ticket-file"), &ticket, &why);
    if (!err)
        err = local_open(&l, &opt, &why);
    int code = err    ? commands_fail("checkin", err, &why)
               : undo ? annul(l, args)
                      : scan(l, args, &ticket);
    local_close(l);
    capture_buffer_done(&ticket);
    return code;
}
