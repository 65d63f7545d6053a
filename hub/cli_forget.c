/* `dunlin-hub forget`. */
#include "hub/cli_hub.h"
#include "hub/forget.h"
#include "hub/journal.h"
#include "platform/clock.h"
#include "platform/plural.h"

#include <stdio.h>

static json_t *status_json(const struct store_stats *stats, const char *path, bool there,
                           size_t in_file)
{
    return json_pack("{s:I, s:I, s:{s:s, s:o, s:b}}", "erasures",
                     (json_int_t)stats->counters[STORE_COUNT_ERASURES], "tombstones",
                     (json_int_t)stats->tombstones, "journal", "path", path, "tombstones",
                     there ? json_integer((json_int_t)in_file) : json_null(), "in_step",
                     (int)(there && (int64_t)in_file == stats->tombstones));
}

static void print_status(const struct store_stats *stats, const char *path, bool there,
                         size_t in_file)
{
    int64_t erasures = stats->counters[STORE_COUNT_ERASURES];
    printf("%lld erasure%s left %lld tombstone%s\n", (long long)erasures, plural(erasures),
           (long long)stats->tombstones, plural(stats->tombstones));
    if (!there)
        printf("%s is not there: the hub writes it while it serves\n", path);
    else if ((int64_t)in_file == stats->tombstones)
        printf("%s has them all\n", path);
    else
        printf("%s has %zu: the hub brings both in step while it serves\n", path, in_file);
}

static enum dl_err read_status(struct hub *hub, struct store_stats *stats, const char *path,
                               bool *ret_there, size_t *ret_in_file)
{
    enum dl_err err = hub->reader->begin(hub->reader, STORE_READ);
    if (!err) {
        err = hub->reader->stats(hub->reader, stats);
        hub->reader->rollback(hub->reader);
    }
    if (!err)
        err = journal_count(hub, path, ret_in_file);
    *ret_there = !err;
    return err == DL_E_NOT_FOUND ? DL_OK : err;
}

static int show_status(const struct cli_args *args)
{
    struct hub *hub = NULL;
    struct settings settings;
    struct store_stats stats = {.profiles = 0};
    struct file_path path;
    struct dl_why why = {""};
    bool there = false;
    size_t in_file = 0;
    int code = cli_hub_open(args, &hub);
    if (code != CLI_EXIT_OK)
        return code;
    enum dl_err err = settings_load(&settings, cli_text(args, "dir"), NULL, &why);
    if (!err)
        err = journal_path(&path, cli_text(args, "dir"), settings.tombstone_journal);
    if (!err)
        err = read_status(hub, &stats, path.s, &there, &in_file);
    hub_close(hub);
    if (err == DL_E_CORRUPT)
        dl_why_set(&why, "the journal of tombstones, or the database, fails its check");
    if (err)
        return cli_hub_failed("forget", err, &why);
    if (cli_flag(args, "json"))
        return cli_hub_print_json(status_json(&stats, path.s, there, in_file));
    print_status(&stats, path.s, there, in_file);
    return CLI_EXIT_OK;
}

int cmd_forget(const struct cli_args *args)
{
    const char *id = cli_text(args, "profile");
    struct hub *hub = NULL;
    struct dl_why why = {""};
    char who[CLI_WHO_BYTES];
    size_t identifiers = 0;
    if (cli_flag(args, "status"))
        return show_status(args);
    if (!id) {
        cli_error(
            "forget: --profile is lacking; by name or card, use `dunlin forget` at a till");
        return CLI_EXIT_USAGE;
    }
    int code = cli_hub_open(args, &hub);
    if (code != CLI_EXIT_OK)
        return code;
    cli_hub_who(who);
    enum dl_err err = forget_profile(hub, id, who, clock_wall_ms(), &identifiers);
    hub_close(hub);
    if (err == DL_E_INPUT)
        dl_why_set(&why, "a profile's id is p_ and 24 hex digits");
    else if (err == DL_E_NOT_FOUND)
        dl_why_set(&why, "there is no profile of this id");
    if (err)
        return cli_hub_failed("forget", err, &why);
    printf("Erased, with %zu identifier%s; its events stay for their stores, as nobody's.\n",
           identifiers, plural((int64_t)identifiers));
    return CLI_EXIT_OK;
}
