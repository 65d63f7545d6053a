/* `dunlin-hub rekey`. */
#include "hub/cli_hub.h"
#include "hub/rekey.h"
#include "platform/clock.h"
#include "platform/plural.h"
#include "platform/progress.h"

#include <inttypes.h>
#include <stdio.h>

struct bar {
    struct progress *progress;
};

static bool draw(void *ctx, uint64_t done, uint64_t total)
{
    struct bar *bar = ctx;
    if (!bar->progress)
        bar->progress = progress_make("tokens", total);
    progress_set(bar->progress, done);
    return true;
}

static enum dl_err read_state(struct store *st, struct store_rekey *ret, int64_t *ret_stale)
{
    enum dl_err err = st->begin(st, STORE_READ);
    if (err)
        return err;
    err = st->rekey_get(st, ret);
    if (!err)
        err = st->elements_count_stale(st, ret_stale);
    st->rollback(st);
    return err;
}

static int show(const struct cli_args *args)
{
    struct store *st = NULL;
    struct store_rekey rekey;
    int64_t stale = 0;
    char since[CLOCK_TEXT_BYTES] = "";
    int code = cli_hub_store(args, STORE_READ, &st);
    if (code != CLI_EXIT_OK)
        return code;
    enum dl_err err = read_state(st, &rekey, &stale);
    st->close(st);
    if (err)
        return cli_hub_failed("rekey", err, NULL);
    bool runs = rekey.started_ms != 0;
    if (runs)
        clock_text(rekey.started_ms, since);
    if (cli_flag(args, "json"))
        return cli_hub_print_json(json_pack(
            "{s:I, s:b, s:s?, s:I}", "generation", (json_int_t)rekey.generation, "running",
            (int)runs, "started_at", runs ? since : NULL, "to_do", (json_int_t)stale));
    printf("generation %" PRIu32 "\n", rekey.generation);
    if (runs)
        printf("a re-key begun %s has %" PRId64 " token%s to go; `dunlin-hub rekey` goes on "
               "with it\n",
               since, stale, plural(stale));
    return CLI_EXIT_OK;
}

static void say(const struct rekey_report *r)
{
    printf(
        "%s %" PRId64 " token%s and %" PRId64
        " set%s of linkage recipes are of generation %" PRIu32 " now.\n"
        "Take a back-up of keys and database now and destroy the older ones: the old tokens\n"
        "could be put to use with them alone.\n",
        r->resumed ? "Gone on with and done:" : "Done:", r->elements, plural(r->elements),
        r->recipes, plural(r->recipes), r->generation);
}

int cmd_rekey(const struct cli_args *args)
{
    struct hub *hub = NULL;
    struct bar bar = {.progress = NULL};
    struct rekey_report report;
    struct dl_why why = {""};
    char who[CLI_WHO_BYTES];
    if (cli_flag(args, "status"))
        return show(args);
    int code = cli_hub_open(args, &hub);
    if (code != CLI_EXIT_OK)
        return code;
    cli_hub_who(who);
    enum dl_err err = rekey_run(hub, who, clock_wall_ms(), draw, &bar, &report);
    progress_free(bar.progress);
    hub_close(hub);
    if (err == DL_E_NOT_FOUND)
        dl_why_set(&why, "this hub has no share yet: `dunlin-hub keys import`");
    else if (err == DL_E_CORRUPT)
        dl_why_set(&why, "hub.share and the database are of different generations; bring both "
                         "back from one back-up");
    if (err)
        return cli_hub_failed("rekey", err, &why);
    if (cli_flag(args, "json"))
        return cli_hub_print_json(
            json_pack("{s:I, s:b, s:I, s:I}", "generation", (json_int_t)report.generation,
                      "resumed", (int)report.resumed, "tokens", (json_int_t)report.elements,
                      "recipes", (json_int_t)report.recipes));
    say(&report);
    return CLI_EXIT_OK;
}
