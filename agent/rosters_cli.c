/* `dunlin rosters`: which events this device is a gate of, and how fresh that is. */
#include "agent/commands.h"
#include "agent/local.h"
#include "platform/json.h"

#include <inttypes.h>
#include <string.h>

const struct cli_option rosters_options[] = {
    COMMANDS_OPTION_DIR,
    COMMANDS_OPTION_CONFIG,
    COMMANDS_OPTION_JSON,
    {0},
};

static void print_list(const json_t *list)
{
    const json_t *stats = json_object_get(list, "stats");
    printf("  %-20s %8" PRId64 " inside %8" PRId64 " in %8" PRId64 " out %8" PRId64
           " tickets\n",
           json_get_str(list, "id"), json_get_int(stats, "inside", 0),
           json_get_int(stats, "entries", 0), json_get_int(stats, "exits", 0),
           json_get_int(stats, "tickets", 0));
}

static void print_age(int64_t age_s)
{
    if (age_s < 0)
        printf("never confirmed by the hub\n");
    else if (age_s < 120)
        printf("confirmed %" PRId64 " s ago\n", age_s);
    else
        printf("confirmed %" PRId64 " min ago\n", age_s / 60);
}

static void print_roster(const json_t *roster)
{
    size_t i;
    json_t *list;
    printf("%s (%s): %" PRId64 " tickets, version %" PRId64 ", %s",
           json_get_str(roster, "event"), json_get_str(roster, "name"),
           json_get_int(roster, "tickets", 0), json_get_int(roster, "version", 0),
           json_get_bool(roster, "complete", false) ? "" : "still on its way, ");
    print_age(json_get_int(roster, "snapshot_age_s", -1));
    json_array_foreach(json_object_get(roster, "lists"), i, list) print_list(list);
}

static int show(const struct api_response *r, bool as_json)
{
    json_t *all = NULL, *roster;
    size_t i;
    if (as_json) {
        printf("%s\n", r->body.s);
        return CLI_EXIT_OK;
    }
    if (json_parse(&all, r->body.s, r->body.len, NULL, NULL))
        return CLI_EXIT_FAILED;
    const json_t *rosters = json_object_get(all, "rosters");
    if (json_array_size(rosters) == 0)
        printf("%s is a gate of no event: dunlin-hub roster assign makes it one\n",
               json_get_str(all, "device"));
    json_array_foreach(rosters, i, roster) print_roster(roster);
    json_decref(all);
    return CLI_EXIT_OK;
}

int rosters_command(const struct cli_args *args)
{
    const struct local_options opt = {.dir = cli_text(args, "dir"),
                                      .config = cli_text(args, "config")};
    const struct api_request req = {.method = "GET", .path = "/v1/rosters"};
    struct api_response r = {.retry_after_s = -1};
    struct local *l = NULL;
    struct dl_why why = {""};
    enum dl_err err = local_open(&l, &opt, &why);
    if (!err)
        err = local_send(l, &req, 0, &r, &why);
    int code = err               ? commands_fail("rosters", err, &why)
               : r.status == 200 ? show(&r, cli_flag(args, "json"))
                                 : local_complain("rosters", &r, 1);
    api_response_done(&r);
    local_close(l);
    return code;
}
