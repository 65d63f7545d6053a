/* `dunlin status`: the status as a table, and as an exit code for monitoring. */
#include "agent/commands.h"
#include "agent/local.h"
#include "agent/status.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const struct cli_option status_options[] = {
    COMMANDS_OPTION_DIR,
    COMMANDS_OPTION_CONFIG,
    COMMANDS_OPTION_JSON,
    {0},
};

static const char *text_of(const json_t *obj, const char *key)
{
    const char *s = json_get_str(obj, key);
    return s && *s ? s : "-";
}

static void row(FILE *out, const char *name, const char *value)
{
    fprintf(out, "  %-12s %s\n", name, value);
}

static void print_outbox(FILE *out, const json_t *o)
{
    char line[160];
    if (!o || json_is_null(o)) {
        row(out, "outbox", "cannot be read");
        return;
    }
    snprintf(line, sizeof line,
             "%" PRId64 " wait (%" PRId64 " KiB sealed), %" PRId64 " delivered, %" PRId64
             " set aside",
             json_get_int(o, "queued_events", 0), json_get_int(o, "queued_bytes", 0) / 1024,
             json_get_int(o, "acked_total", 0), json_get_int(o, "quarantined", 0));
    row(out, "outbox", line);
    if (json_get_int(o, "queued_events", 0) > 0)
        row(out, "oldest", text_of(o, "oldest_at"));
}

static void print_sync(FILE *out, const json_t *s)
{
    char line[DL_WHY_BYTES + 80];
    const char *why = json_get_str(s, "why");
    snprintf(line, sizeof line, "%s, hub %s%s%s", text_of(s, "state"), text_of(s, "uplink"),
             why && *why ? ": " : "", why ? why : "");
    row(out, "sync", line);
    row(out, "last receipt", text_of(s, "last_success_at"));
    if (json_is_string(json_object_get(s, "next_try_at")))
        row(out, "next try", text_of(s, "next_try_at"));
}

static void print_audience(FILE *out, const json_t *a)
{
    char line[160];
    const char *key = json_get_str(a, "key");
    snprintf(line, sizeof line, "%s%s%s", text_of(a, "schemes"),
             key ? ", sealed to the custodian's key " : ", no custodian's key", key ? key : "");
    row(out, "audience", line);
}

static void print_peers(FILE *out, const json_t *peers)
{
    size_t i;
    json_t *p;
    json_array_foreach(peers, i, p)
    {
        char line[256];
        bool up = json_get_bool(p, "up", false);
        const char *failure = json_get_str(p, "last_failure");
        snprintf(line, sizeof line, "%s, %s since %s%s%s", text_of(p, "device"),
                 up ? "connected" : "not connected", text_of(p, "since"),
                 !up && failure ? ": " : "", !up && failure ? failure : "");
        row(out, "gate", line);
    }
}

void status_print(FILE *out, const json_t *status)
{
    size_t i;
    json_t *p;
    fprintf(out, "%s: %s%s\n", text_of(status, "device"), text_of(status, "state"),
            json_get_bool(status, "running", false) ? "" : ", no agent is running");
    json_array_foreach(json_object_get(status, "problems"), i, p) fprintf(
        out, "  %-4s %s: %s\n", text_of(p, "state"), text_of(p, "code"), text_of(p, "detail"));
    row(out, "hub", text_of(status, "hub_url"));
    print_outbox(out, json_object_get(status, "outbox"));
    print_sync(out, json_object_get(status, "sync"));
    row(out, "certificate", text_of(json_object_get(status, "certificate"), "not_after"));
    print_audience(out, json_object_get(status, "audience"));
    print_peers(out, json_object_get(status, "peers"));
    if (json_get_str(status, "listen"))
        row(out, "listens on", text_of(status, "listen"));
    row(out, "version", text_of(status, "version"));
}

/* Asks the agent; opens nothing when none runs, so that looking changes nothing. */
static enum dl_err fetch(json_t **ret, const struct cli_args *args, struct dl_why *why)
{
    struct settings settings;
    const char *dir = cli_text(args, "dir");
    enum dl_err err = settings_load(&settings, dir, cli_text(args, "config"), why);
    if (err)
        return err;
    struct local *l = NULL;
    err = local_find(&l, dir);
    if (err == DL_E_NOT_FOUND)
        return status_of_folder(ret, dir, &settings, why);
    if (err)
        return err;
    const struct api_request req = {.method = "GET", .path = "/v1/status"};
    struct api_response r;
    err = local_send(l, &req, 0, &r, why);
    if (!err)
        err = json_parse(ret, r.body.s ? r.body.s : "", r.body.len, NULL, why);
    api_response_done(&r);
    local_close(l);
    return err;
}

int status_command(const struct cli_args *args)
{
    json_t *status = NULL;
    struct dl_why why = {""};
    enum dl_err err = fetch(&status, args, &why);
    if (err)
        return commands_fail("status", err, &why);
    if (cli_flag(args, "json")) {
        char *text = json_text(status, NULL);
        printf("%s\n", text ? text : "{}");
        json_text_free(text);
    } else {
        status_print(stdout, status);
    }
    int code = status_exit_code(status);
    json_decref(status);
    return code;
}
