/* `dunlin-hub checkins ...`: what the gates saw, and what it comes to. */
#include "hub/checkins_export.h"
#include "hub/checkins_report.h"
#include "hub/cli_hub.h"
#include "hub/devices.h"
#include "hub/table.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCK_BYTES ((size_t)64 * 1024)

static int failed(const struct cli_args *args, const char *what, enum dl_err err,
                  struct dl_why *why)
{
    if (err == DL_E_NOT_FOUND)
        dl_why_set(
            why,
            "no roster and no scans of event %.64s; `dunlin-hub roster list` lists those "
            "with a roster",
            cli_operand(args, 0));
    else if (err == DL_E_IO)
        dl_why_set(why, "the output cannot be written");
    return cli_hub_failed(what, err, why);
}

/* Opens the store; who looked stands in the audit log. */
static int open_store(const struct cli_args *args, const char *what, struct store **ret)
{
    char who[CLI_WHO_BYTES];
    int code = cli_hub_store(args, STORE_WRITE, ret);
    if (code != CLI_EXIT_OK)
        return code;
    cli_hub_who(who);
    enum dl_err err =
        devices_audit_read(*ret, who, what, cli_operand(args, 0), clock_wall_ms());
    if (!err)
        return CLI_EXIT_OK;
    (*ret)->close(*ret);
    return cli_hub_failed(what, err, NULL);
}

/* ---- report ------------------------------------------------------------------------ */

static void on_progress(void *ctx, uint64_t done)
{
    progress_set(ctx, done);
}

static enum dl_err make_report(const struct cli_args *args, struct store *st, json_t **ret)
{
    struct checkins *walk = NULL;
    enum dl_err err = checkins_open(&walk, st, cli_operand(args, 0), cli_text(args, "list"));
    if (err)
        return err;
    struct progress *progress = progress_make("scans", checkins_total(walk));
    err = checkins_report(walk, st->now_ms(st), on_progress, progress, ret);
    progress_free(progress);
    checkins_close(walk);
    return err;
}

/* A table with its title, where it has any rows. */
static void print_table(const json_t *report, const char *member, const char *title,
                        const struct table_column *columns)
{
    const json_t *rows = json_object_get(report, member);
    if (json_array_size(rows) == 0)
        return;
    printf("\n%s\n", title);
    table_print(rows, columns);
}

/* The gate and time of the scan that stands beside each. */
static void flatten(json_t *rows)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        json_t *winner = json_object_get(row, "winner");
        if (!json_is_object(winner))
            continue;
        json_object_set(row, "winner_gate", json_object_get(winner, "gate"));
        json_object_set(row, "winner_time", json_object_get(winner, "time"));
    }
}

static void print_sums(const json_t *report)
{
    static const struct table_column lists[] = {{"list", "LIST"},
                                                {"inside", "INSIDE"},
                                                {"entries", "ENTRIES"},
                                                {"exits", "EXITS"},
                                                {"tickets", "TICKETS"},
                                                {"refused", "REFUSED"},
                                                {"forced", "FORCED"},
                                                {"annulled", "ANNULLED"},
                                                {"double_entries", "DOUBLE"},
                                                {"revoked", "REVOKED"},
                                                {"id_reuses", "ID REUSE"},
                                                {"undated", "UNDATED"},
                                                {NULL, NULL}};
    static const struct table_column gates[] = {
        {"list", "LIST"},       {"gate", "GATE"},
        {"entries", "ENTRIES"}, {"exits", "EXITS"},
        {"refused", "REFUSED"}, {"double_entries", "DOUBLE"},
        {"revoked", "REVOKED"}, {NULL, NULL}};
    static const struct table_column products[] = {{"list", "LIST"},
                                                   {"product", "PRODUCT"},
                                                   {"entries", "ENTRIES"},
                                                   {"exits", "EXITS"},
                                                   {NULL, NULL}};
    static const struct table_column quarters[] = {{"list", "LIST"},
                                                   {"from", "FROM"},
                                                   {"entries", "ENTRIES"},
                                                   {"exits", "EXITS"},
                                                   {NULL, NULL}};
    static const struct table_column refusals[] = {
        {"list", "LIST"}, {"reason", "REASON"}, {"refused", "REFUSED"}, {NULL, NULL}};
    table_print(json_object_get(report, "lists"), lists);
    print_table(report, "gates", "By gate", gates);
    print_table(report, "products", "By product", products);
    print_table(report, "quarters", "By quarter of an hour", quarters);
    print_table(report, "refusals", "Refused", refusals);
}

static void print_listed(const json_t *report)
{
    static const struct table_column conflicts[] = {
        {"verdict", "CONFLICT"},  {"list", "LIST"}, {"ticket", "TICKET"},
        {"gate", "GATE"},         {"time", "TIME"}, {"winner_gate", "STANDS AT"},
        {"winner_time", "SINCE"}, {NULL, NULL}};
    static const struct table_column rejects[] = {{"list", "LIST"}, {"ticket", "TICKET"},
                                                  {"gate", "GATE"}, {"device", "DEVICE"},
                                                  {"time", "TIME"}, {NULL, NULL}};
    static const struct table_column forced[] = {
        {"list", "LIST"},     {"ticket", "TICKET"},     {"gate", "GATE"}, {"time", "TIME"},
        {"reason", "REASON"}, {"operator", "OPERATOR"}, {NULL, NULL}};
    flatten(json_object_get(report, "conflicts"));
    print_table(report, "conflicts", "Conflicts", conflicts);
    print_table(report, "false_rejects", "Refused as used, though they were not", rejects);
    print_table(report, "forced", "Let in by force", forced);
    if (json_is_true(json_object_get(report, "more")))
        printf("\nThere are more of these: `dunlin-hub checkins export %s`.\n",
               json_get_str(report, "event"));
}

static int print_report(json_t *report)
{
    const char *name = json_get_str(report, "name");
    printf("%s, %s: %" PRId64 " scans\n\n", name ? name : json_get_str(report, "event"),
           json_get_str(report, "at"), json_get_int(report, "scans", 0));
    print_sums(report);
    print_listed(report);
    json_decref(report);
    return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

int cmd_checkins_report(const struct cli_args *args)
{
    struct store *st = NULL;
    json_t *report = NULL;
    struct dl_why why = {""};
    int code = open_store(args, "checkins.report", &st);
    if (code != CLI_EXIT_OK)
        return code;
    enum dl_err err = make_report(args, st, &report);
    st->close(st);
    if (err)
        return failed(args, "checkins report", err, &why);
    return cli_flag(args, "json") ? cli_hub_print_json(report) : print_report(report);
}

/* ---- export ------------------------------------------------------------------------ */

static enum dl_err copy_out(struct checkins_export *ex, FILE *out)
{
    const struct checkins *walk = checkins_export_walk(ex);
    struct progress *progress = progress_make("scans", checkins_total(walk));
    size_t len = 0;
    char *block = malloc(BLOCK_BYTES);
    enum dl_err err = block ? DL_OK : DL_E_NOMEM;
    while (!err) {
        err = checkins_export_read(ex, block, BLOCK_BYTES, &len);
        if (err || len == 0)
            break;
        if (fwrite(block, 1, len, out) != len)
            err = DL_E_IO;
        progress_set(progress, checkins_done(walk));
    }
    if (!err && fflush(out) != 0)
        err = DL_E_IO;
    progress_free(progress);
    free(block);
    return err;
}

/* A file is made once it is known that there is something to put in. */
static enum dl_err export_to(const struct cli_args *args, struct store *st,
                             enum export_format format)
{
    const char *path = cli_text(args, "output");
    struct checkins_export *ex = NULL;
    enum dl_err err =
        checkins_export_open(&ex, st, cli_operand(args, 0), cli_text(args, "list"), format);
    if (err)
        return err;
    FILE *out = path ? file_open(path, "wb") : stdout;
    err = out ? copy_out(ex, out) : DL_E_IO;
    if (out && path && fclose(out) != 0 && !err)
        err = DL_E_IO;
    checkins_export_close(ex);
    return err;
}

int cmd_checkins_export(const struct cli_args *args)
{
    enum export_format format;
    struct store *st = NULL;
    struct dl_why why = {""};
    if (!export_format_from_name(cli_text(args, "format"), &format)) {
        cli_error("checkins export: --format is ndjson or csv");
        return CLI_EXIT_USAGE;
    }
    int code = open_store(args, "checkins.export", &st);
    if (code != CLI_EXIT_OK)
        return code;
    enum dl_err err = export_to(args, st, format);
    st->close(st);
    return err ? failed(args, "checkins export", err, &why) : CLI_EXIT_OK;
}
