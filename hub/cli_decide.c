/* `profile explain|split`, `match never|always|block|decisions`. */
#include "hub/cli_hub.h"
#include "hub/cli_meant.h"
#include "hub/decision.h"
#include "hub/devices.h"
#include "hub/explain.h"
#include "hub/hub.h"
#include "hub/table.h"
#include "hub/token_text.h"
#include "platform/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char no_id[] = "an id is p_ or i_ and 24 hex digits";
static const char no_ids[] = "two ids that differ are wanted, each p_ or i_ and 24 hex digits";

static int failed(const char *what, enum dl_err err, const char *input)
{
    struct dl_why why = {""};
    if (err == DL_E_INPUT)
        dl_why_set(&why, "%s", input);
    else if (err == DL_E_NOT_FOUND)
        dl_why_set(&why, "nobody has this id");
    return cli_hub_failed(what, err, &why);
}

int cmd_profile_explain(const struct cli_args *args)
{
    const char *id = NULL;
    struct cli_meant meant;
    struct store *st = NULL;
    char who[CLI_WHO_BYTES];
    json_t *explanation = NULL;
    int code = cli_meant_one(args, "profile explain", cli_operand(args, 0), &meant, &id);
    if (code == CLI_EXIT_OK)
        code = cli_hub_store(args, STORE_WRITE, &st);
    if (code != CLI_EXIT_OK)
        return code;
    enum dl_err err = st->begin(st, STORE_READ);
    if (!err) {
        err = explain_profile(st, id, &explanation);
        st->rollback(st);
    }
    cli_hub_who(who);
    if (!err)
        err = devices_audit_read(st, who, "profile.explain", id, clock_wall_ms());
    st->close(st);
    if (err) {
        json_decref(explanation);
        return failed("profile explain", err, no_id);
    }
    if (cli_flag(args, "json"))
        return cli_hub_print_json(explanation);
    explain_print(explanation);
    json_decref(explanation);
    return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

int cmd_profile_split(const struct cli_args *args)
{
    struct store *st = NULL;
    char who[CLI_WHO_BYTES];
    size_t count = cli_operand_count(args);
    const char **apart = calloc(count + 1, sizeof(const char *));
    int64_t no = 0;
    int code = cli_hub_store(args, STORE_WRITE, &st);
    if (code != CLI_EXIT_OK) {
        free(apart);
        return code;
    }
    cli_hub_who(who);
    for (size_t i = 1; apart && i < count; i++)
        apart[i - 1] = cli_operand(args, i);
    enum dl_err err = apart ? decision_split(st, cli_operand(args, 0), apart, count - 1, who,
                                             clock_wall_ms(), &no)
                            : DL_E_NOMEM;
    free(apart);
    st->close(st);
    if (err == DL_E_REJECTED) {
        cli_error("profile split: name some identifiers of that profile, but not all; "
                  "`dunlin-hub profile explain` lists them");
        return CLI_EXIT_FAILED;
    }
    return err ? failed("profile split", err, no_id) : cli_hub_decided(no);
}

static int decide(const struct cli_args *args, enum store_decision_kind kind, const char *what)
{
    struct store *st = NULL;
    char who[CLI_WHO_BYTES];
    int64_t no = 0;
    int code = cli_hub_store(args, STORE_WRITE, &st);
    if (code != CLI_EXIT_OK)
        return code;
    cli_hub_who(who);
    enum dl_err err = decision_pair(st, kind, cli_operand(args, 0), cli_operand(args, 1), who,
                                    clock_wall_ms(), &no);
    st->close(st);
    return err ? failed(what, err, no_ids) : cli_hub_decided(no);
}

int cmd_match_never(const struct cli_args *args)
{
    return decide(args, STORE_DECISION_NEVER, "match never");
}

int cmd_match_always(const struct cli_args *args)
{
    return decide(args, STORE_DECISION_ALWAYS, "match always");
}

/* ---- block ----------------------------------------------------------------------------- */

static enum dl_err key_of_id(struct store *st, const char *id,
                             uint8_t ret[static STORE_NODE_KEY_BYTES])
{
    struct store_node node;
    enum dl_err err = st->begin(st, STORE_READ);
    if (err)
        return err;
    err = decision_node(st, id, &node);
    st->rollback(st);
    if (!err)
        memcpy(ret, node.key, sizeof node.key);
    return err;
}

int cmd_match_block(const struct cli_args *args)
{
    const char *what = cli_operand(args, 0);
    uint8_t key[STORE_NODE_KEY_BYTES];
    struct hub *hub = NULL;
    char who[CLI_WHO_BYTES];
    int64_t no = 0;
    int code = cli_hub_open(args, &hub);
    if (code != CLI_EXIT_OK)
        return code;
    cli_hub_who(who);
    enum dl_err err =
        strchr(what, '/') ? token_text_key(hub, what, key) : key_of_id(hub->store, what, key);
    if (!err)
        err = decision_block(hub->store, key, who, clock_wall_ms(), &no);
    hub_close(hub);
    return err ? failed("match block", err,
                        "that is neither an identifier's id (i_ and 24 hex digits) nor what "
                        "`dunlin token` printed")
               : cli_hub_decided(no);
}

/* ---- decisions -------------------------------------------------------------------------- */

static int list_decisions(const struct cli_args *args)
{
    static const struct table_column columns[] = {
        {"no", "NO"},     {"kind", "KIND"},     {"a", "ONE"}, {"b", "OTHER"},
        {"time", "TIME"}, {"undone", "UNDONE"}, {NULL, NULL}};
    struct store *st = NULL;
    json_t *list = NULL;
    int code = cli_hub_store(args, STORE_READ, &st);
    if (code != CLI_EXIT_OK)
        return code;
    enum dl_err err = decision_list(st, 0, 0, &list);
    st->close(st);
    if (err)
        return cli_hub_failed("match decisions", err, NULL);
    if (cli_flag(args, "json"))
        return cli_hub_print_json(list);
    if (json_array_size(list) > 0)
        table_print(list, columns);
    else
        printf("Nothing was decided yet.\n");
    json_decref(list);
    return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

static int undo_decision(const struct cli_args *args, const char *number)
{
    struct store *st = NULL;
    char who[CLI_WHO_BYTES];
    bool digits = number && *number && strlen(number) < 18 &&
                  number[strspn(number, "0123456789")] == '\0';
    if (!digits) {
        cli_error("match decisions: undo takes the number of a decision");
        return CLI_EXIT_USAGE;
    }
    int code = cli_hub_store(args, STORE_WRITE, &st);
    if (code != CLI_EXIT_OK)
        return code;
    cli_hub_who(who);
    enum dl_err err = decision_undo(st, strtoll(number, NULL, 10), who, clock_wall_ms());
    st->close(st);
    if (err == DL_E_NOT_FOUND) {
        cli_error("match decisions: no decision of this number stands");
        return CLI_EXIT_FAILED;
    }
    if (err)
        return cli_hub_failed("match decisions", err, NULL);
    printf("Undone: profiles are as if decision %s had never been made.\n", number);
    return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

int cmd_match_decisions(const struct cli_args *args)
{
    const char *act = cli_operand(args, 0);
    if (!act || strcmp(act, "list") == 0)
        return list_decisions(args);
    if (strcmp(act, "undo") == 0)
        return undo_decision(args, cli_operand(args, 1));
    cli_error("match decisions: list, or undo NO");
    return CLI_EXIT_USAGE;
}
