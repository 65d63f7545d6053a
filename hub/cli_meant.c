#include "hub/cli_meant.h"

#include "hub/cli_hub.h"
#include "hub/token_text.h"

#include <stdio.h>
#include <string.h>

/* ---- by a token ------------------------------------------------------------------------ */

static enum dl_err of_key(struct store *st, const uint8_t key[static STORE_NODE_KEY_BYTES],
                          struct cli_meant *ret)
{
    struct store_node node;
    enum dl_err err = st->begin(st, STORE_READ);
    if (err)
        return err;
    err = st->node_by_key(st, key, &node);
    st->rollback(st);
    if (!err) {
        query_profile_id(node.root_key, ret->ids[0]);
        ret->count = 1;
    }
    return err == DL_E_NOT_FOUND ? DL_OK : err;
}

static int of_token(const struct cli_args *args, const char *command, const char *text,
                    struct cli_meant *ret)
{
    struct hub *hub = NULL;
    struct dl_why why = {""};
    uint8_t key[STORE_NODE_KEY_BYTES];
    int code = cli_hub_open(args, &hub);
    if (code != CLI_EXIT_OK)
        return code;
    enum dl_err err = token_text_key(hub, text, key);
    if (err == DL_E_INPUT)
        dl_why_set(&why, "that is not what `dunlin token` prints: DEVICE/EPOCH/TYPE/HEX");
    else if (err == DL_E_NOT_FOUND)
        dl_why_set(&why, "there is no such device, or no share of that epoch any more: print "
                         "the token anew");
    if (!err)
        err = of_key(hub->reader, key, ret);
    hub_close(hub);
    return err ? cli_hub_failed(command, err, &why) : CLI_EXIT_OK;
}

/* ---- by the beginning of an id ---------------------------------------------------------- */

static int of_prefix(const struct cli_args *args, const char *command, const char *text,
                     struct cli_meant *ret)
{
    struct store *st = NULL;
    struct dl_why why = {""};
    int code = cli_hub_store(args, STORE_READ, &st);
    if (code != CLI_EXIT_OK)
        return code;
    enum dl_err err = st->begin(st, STORE_READ);
    if (!err) {
        err = query_profiles_like(st, text, CLI_MEANT_MAX, ret->ids, &ret->count);
        st->rollback(st);
    }
    st->close(st);
    if (err == DL_E_INPUT)
        dl_why_set(&why, "a profile is p_ and 24 hex digits, or the first of them, or what "
                         "`dunlin token` printed");
    return err ? cli_hub_failed(command, err, &why) : CLI_EXIT_OK;
}

int cli_meant_all(const struct cli_args *args, const char *command, const char *text,
                  struct cli_meant *ret)
{
    ret->count = 0;
    return strchr(text, '/') ? of_token(args, command, text, ret)
                             : of_prefix(args, command, text, ret);
}

static bool is_short(const char *text)
{
    return strchr(text, '/') ||
           (strncmp(text, "p_", 2) == 0 && strlen(text) < QUERY_PROFILE_ID_BYTES - 1);
}

int cli_meant_one(const struct cli_args *args, const char *command, const char *text,
                  struct cli_meant *ret, const char **ret_id)
{
    *ret_id = text;
    if (!is_short(text))
        return CLI_EXIT_OK;
    int code = cli_meant_all(args, command, text, ret);
    if (code != CLI_EXIT_OK)
        return code;
    *ret_id = ret->ids[0];
    if (ret->count == 1)
        return CLI_EXIT_OK;
    if (ret->count == 0) {
        cli_error("%s: no profile is meant by that", command);
        return CLI_EXIT_FAILED;
    }
    cli_error("%s: several profiles begin so; write more of the id:", command);
    for (size_t i = 0; i < ret->count && i < CLI_MEANT_MAX; i++)
        fprintf(stderr, "    %s\n", ret->ids[i]);
    if (ret->count > CLI_MEANT_MAX)
        fputs("    ... and more\n", stderr);
    return CLI_EXIT_FAILED;
}
