/* `match rules show|check|change`, `match rebuild`. */
#include "hub/cli_bar.h"
#include "hub/cli_hub.h"
#include "hub/match.h"
#include "hub/rules_change.h"
#include "hub/table.h"
#include "platform/clock.h"
#include "platform/plural.h"
#include "platform/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- rebuild ---------------------------------------------------------------------------- */

/* Drawn from the first chunk on, when the total is known. */
static void draw(void *ctx, uint64_t done, uint64_t total)
{
    struct progress **bar = ctx;
    if (!*bar)
        *bar = progress_make("matching", total);
    progress_set(*bar, done);
}

static enum dl_err rebuild(struct store *st)
{
    struct progress *bar = NULL;
    enum dl_err err = match_rebuild(st, draw, &bar);
    progress_free(bar);
    return err;
}

static enum dl_err count(struct store *st, struct store_stats *ret)
{
    enum dl_err err = st->begin(st, STORE_READ);
    if (err)
        return err;
    err = st->stats(st, ret);
    st->rollback(st);
    return err;
}

int cmd_match_rebuild(const struct cli_args *args)
{
    struct store *st = NULL;
    int code = cli_hub_store(args, STORE_WRITE, &st);
    if (code != CLI_EXIT_OK)
        return code;
    struct store_stats stats = {.profiles = 0};
    enum dl_err err = rebuild(st);
    if (!err)
        err = count(st, &stats);
    st->close(st);
    if (err)
        return cli_hub_failed("match rebuild", err, NULL);
    printf("Done: %" PRId64 " profile%s of %" PRId64 " identifier%s.\n", stats.profiles,
           plural(stats.profiles), stats.identifiers, plural(stats.identifiers));
    return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

/* ---- rules ------------------------------------------------------------------------------- */

static enum dl_err current(struct store *st, struct rules *ret)
{
    enum dl_err err = st->begin(st, STORE_READ);
    if (err)
        return err;
    err = rules_current(st, ret);
    st->rollback(st);
    return err;
}

static void print_rules(const json_t *rules)
{
    static const struct table_column columns[] = {{"type", "TYPE"},
                                                  {"merges", "MERGES"},
                                                  {"priority", "PRIORITY"},
                                                  {"values_per_profile", "VALUES/PROFILE"},
                                                  {"profiles_per_value", "PROFILES/VALUE"},
                                                  {"shareable", "SHAREABLE"},
                                                  {NULL, NULL}};
    json_t *rows = json_array(), *of;
    const char *type;
    json_object_foreach(json_object_get(rules, "types"), type, of)
    {
        json_t *row = json_copy(of);
        json_object_set_new(row, "type", json_string(type));
        json_array_append_new(rows, row);
    }
    printf("version %" PRId64 ", blob_max %" PRId64 "\n", json_get_int(rules, "version", 0),
           json_get_int(rules, "blob_max", 0));
    table_print(rows, columns);
    json_decref(rows);
}

static int show(const struct cli_args *args)
{
    struct store *st = NULL;
    struct rules rules;
    int code = cli_hub_store(args, STORE_READ, &st);
    if (code != CLI_EXIT_OK)
        return code;
    enum dl_err err = current(st, &rules);
    st->close(st);
    json_t *whole = err ? NULL : rules_json(&rules);
    if (!whole)
        return cli_hub_failed("match rules", err ? err : DL_E_NOMEM, NULL);
    if (cli_flag(args, "json"))
        return cli_hub_print_json(whole);
    print_rules(whole);
    json_decref(whole);
    return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

/* Reads FILE; the exit code. */
static int load(const char *path, struct rules *ret)
{
    struct dl_why why = {""};
    if (!path) {
        cli_error("match rules: FILE is lacking");
        return CLI_EXIT_USAGE;
    }
    enum dl_err err = rules_load(ret, path, &why);
    return err ? cli_hub_failed("match rules", err, &why) : CLI_EXIT_OK;
}

static int64_t number(const json_t *plan, const char *of, const char *member)
{
    return json_get_int(json_object_get(plan, of), member, 0);
}

static void print_examples(const json_t *of)
{
    size_t i, k;
    json_t *example, *id;
    json_array_foreach(json_object_get(of, "examples"), i, example)
    {
        printf("   ");
        json_array_foreach(example, k, id) printf(" %s", json_string_value(id));
        puts("");
    }
}

static void print_plan(const json_t *plan)
{
    static const char *const marks[] = {"detached", "saturated", "quarantined"};
    printf("profiles: %" PRId64 " now, %" PRId64 " then\n", number(plan, "profiles", "before"),
           number(plan, "profiles", "after"));
    printf("%" PRId64 " would merge into %" PRId64 "\n", number(plan, "merge", "profiles"),
           number(plan, "merge", "into"));
    print_examples(json_object_get(plan, "merge"));
    printf("%" PRId64 " would part into %" PRId64 "\n", number(plan, "part", "from"),
           number(plan, "part", "profiles"));
    print_examples(json_object_get(plan, "part"));
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        printf("identifiers %s: %" PRId64 " now, %" PRId64 " then\n", marks[i],
               number(plan, marks[i], "before"), number(plan, marks[i], "after"));
}

/* Tells what would happen; the exit code. */
static int tell_plan(const struct cli_args *args, struct store *st, const struct rules *rules)
{
    json_t *plan = NULL;
    struct cli_bar bar = {.what = NULL};
    const struct watch watch = cli_bar_watch(&bar);
    enum dl_err err = rules_change_plan(st, rules, &watch, &plan);
    cli_bar_done(&bar);
    if (err)
        return cli_hub_failed("match rules", err, NULL);
    if (cli_flag(args, "json"))
        return cli_hub_print_json(plan);
    print_plan(plan);
    json_decref(plan);
    return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

static int apply(struct store *st, struct rules *rules)
{
    char who[CLI_WHO_BYTES];
    cli_hub_who(who);
    enum dl_err err = rules_change(st, rules, who, clock_wall_ms());
    if (err == DL_E_EXISTS) {
        cli_error("match rules: these rules are in force already");
        return CLI_EXIT_FAILED;
    }
    if (!err)
        err = rebuild(st);
    if (err)
        return cli_hub_failed("match rules", err, NULL);
    printf("Version %" PRId64 " is in force, and everything was matched by it.\n",
           rules->version);
    return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

static int change(const struct cli_args *args)
{
    struct store *st = NULL;
    struct rules rules;
    bool yes = cli_flag(args, "yes"), dry = cli_flag(args, "dry-run");
    if (yes == dry) {
        cli_error("match rules: change takes --dry-run, to see what it would do, or --yes");
        return CLI_EXIT_USAGE;
    }
    int code = load(cli_operand(args, 1), &rules);
    if (code == CLI_EXIT_OK)
        code = cli_hub_store(args, yes ? STORE_WRITE : STORE_READ, &st);
    if (code != CLI_EXIT_OK)
        return code;
    code = yes ? apply(st, &rules) : tell_plan(args, st, &rules);
    st->close(st);
    return code;
}

static int check(const struct cli_args *args)
{
    struct rules rules;
    int code = load(cli_operand(args, 1), &rules);
    if (code == CLI_EXIT_OK)
        printf("%s holds rules that can be put in force.\n", cli_operand(args, 1));
    return code;
}

int cmd_match_rules(const struct cli_args *args)
{
    const char *act = cli_operand(args, 0);
    if (!act || strcmp(act, "show") == 0)
        return show(args);
    if (strcmp(act, "check") == 0)
        return check(args);
    if (strcmp(act, "change") == 0)
        return change(args);
    cli_error("match rules: show, check FILE, or change FILE");
    return CLI_EXIT_USAGE;
}
