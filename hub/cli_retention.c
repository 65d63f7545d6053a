/* `dunlin-hub retention run`. */
#include "hub/cli_hub.h"
#include "hub/retention.h"
#include "platform/clock.h"
#include "platform/plural.h"
#include "platform/progress.h"

#include <inttypes.h>
#include <stdio.h>

static bool draw(void *ctx, uint64_t done)
{
    progress_set(ctx, done);
    return true;
}

static json_t *report_json(const struct retention_report *report, bool dry, bool blank)
{
    json_t *kinds = json_object();
    char before[CLOCK_TEXT_BYTES], oldest[CLOCK_TEXT_BYTES];
    for (int kind = 0; kind < RETENTION_KINDS; kind++) {
        if (!report->kinds[kind].before_ms)
            continue;
        clock_text(report->kinds[kind].before_ms, before);
        clock_text(report->kinds[kind].oldest_ms, oldest);
        json_object_set_new(kinds, retention_kind_name((enum retention_kind)kind),
                            json_pack("{s:s, s:I, s:s?}", "before", before, "count",
                                      (json_int_t)report->kinds[kind].count, "oldest",
                                      report->kinds[kind].oldest_ms ? oldest : NULL));
    }
    return json_pack("{s:b, s:s, s:I, s:o}", "dry_run", (int)dry, "action",
                     blank ? "blank" : "delete", "total", (json_int_t)report->total, "types",
                     kinds);
}

static void print(const struct retention_report *report, bool dry)
{
    char before[CLOCK_TEXT_BYTES], oldest[CLOCK_TEXT_BYTES];
    bool any = false;
    for (int kind = 0; kind < RETENTION_KINDS; kind++) {
        if (!report->kinds[kind].before_ms)
            continue;
        any = true;
        clock_text(report->kinds[kind].before_ms, before);
        clock_text(report->kinds[kind].oldest_ms, oldest);
        printf("%-10s before %.10s  %10" PRId64 "  oldest %.10s\n",
               retention_kind_name((enum retention_kind)kind), before,
               report->kinds[kind].count, report->kinds[kind].oldest_ms ? oldest : "-");
    }
    if (!any)
        printf("No rule is set: events are kept for ever. Set retention.purchase_days and its "
               "like in dunlin-hub.conf.\n");
    else if (dry)
        printf("Nothing was changed: without --dry-run %" PRId64 " event%s would go.\n",
               report->total, plural(report->total));
    else
        printf("%" PRId64 " event%s went.\n", report->total, plural(report->total));
}

int cmd_retention_run(const struct cli_args *args)
{
    bool dry = cli_flag(args, "dry-run");
    struct settings settings;
    struct store *st = NULL;
    struct retention_report report;
    struct dl_why why = {""};
    char who[CLI_WHO_BYTES];
    int code = cli_hub_store(args, dry ? STORE_READ : STORE_WRITE, &st);
    if (code != CLI_EXIT_OK)
        return code;
    enum dl_err err =
        settings_load(&settings, cli_text(args, "dir"), cli_text(args, "config"), &why);
    struct retention_rules rules = {.blank = false};
    if (!err) {
        rules = retention_rules_of(&settings);
        cli_hub_who(who);
        struct progress *bar = dry ? NULL : progress_make("events", 0);
        err = dry ? retention_look(st, &rules, clock_wall_ms(), &report)
                  : retention_run(st, &rules, who, clock_wall_ms(), draw, bar, &report);
        progress_free(bar);
    }
    st->close(st);
    if (err)
        return cli_hub_failed("retention run", err, &why);
    if (cli_flag(args, "json"))
        return cli_hub_print_json(report_json(&report, dry, rules.blank));
    print(&report, dry);
    return CLI_EXIT_OK;
}
