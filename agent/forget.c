/* `dunlin forget`: a person is erased by what they say at the counter. */
#include "agent/commands.h"
#include "agent/local.h"
#include "agent/spoken.h"
#include "platform/json.h"

#include <string.h>

const struct cli_option forget_options[] = {
    COMMANDS_OPTION_DIR,
    COMMANDS_OPTION_CONFIG,
    SPOKEN_OPTIONS,
    {"reason", 0, CLI_TEXT, "KEY", NULL, "kept with the erasure: a short key, no words"},
    COMMANDS_OPTION_JSON,
    {0},
};

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
    else if (r.status == 422) { /* as `lookup` says of an identifier without a form */
        local_complain("forget", &r, 1);
        code = CLI_EXIT_USAGE;
    } else if (r.status != 201)
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
        body ? spoken_gather(json_object_get(body, "identifiers"), args, &why) : DL_E_NOMEM;
    if (!err)
        err = local_open(&l, &opt, &why);
    int code = err ? commands_fail("forget", err, &why) : send(l, body, cli_flag(args, "json"));
    json_decref(body);
    local_close(l);
    return code;
}
