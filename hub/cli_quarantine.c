/* `dunlin-hub quarantine ...`: records that could not be taken in. */
#include "hub/cli_hub.h"
#include "hub/quarantine.h"
#include "hub/table.h"
#include "platform/clock.h"
#include "platform/plural.h"
#include "platform/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *code, *words;
} reasons[] = {
    {"seal", "it was not sealed to this hub's seal.key, or was altered on its way"},
    {"record", "its inside is no record that this version knows"},
    {"json", "its event is no event that this version knows"},
    {"time", "its event has no time"},
    {"share", "the hub has no key half of the device for it: was the device revoked?"},
    {"token", "a token of it is no token"},
};

static const char *words_for(const char *reason)
{
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (strcmp(reasons[i].code, reason) == 0)
            return reasons[i].words;
    return reason;
}

static bool number_of(const char *text, int64_t *ret)
{
    bool digits = *text && strlen(text) < 18 && text[strspn(text, "0123456789")] == '\0';
    if (!digits)
        cli_error("quarantine: a record is named by its number, the first column of "
                  "`dunlin-hub quarantine list`");
    else
        *ret = strtoll(text, NULL, 10);
    return digits;
}

static int failed(const char *what, const char *number, enum dl_err err)
{
    struct dl_why why = {""};
    if (err == DL_E_NOT_FOUND)
        dl_why_set(&why, "there is no record %s; `dunlin-hub quarantine list` has them",
                   number);
    return cli_hub_failed(what, err, &why);
}

/* ---- list, show ------------------------------------------------------------------- */

static int print_page(const struct cli_args *args, const json_t *rows)
{
    static const struct table_column columns[] = {
        {"no", "NO"},   {"at", "CAME"},       {"device", "DEVICE"}, {"stream", "STREAM"},
        {"seq", "SEQ"}, {"reason", "REASON"}, {"bytes", "BYTES"},   {NULL, NULL}};
    size_t i;
    json_t *row;
    if (!cli_flag(args, "json")) {
        table_print(rows, columns);
        return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
    }
    int code = CLI_EXIT_OK;
    json_array_foreach(rows, i, row)
    {
        if (code == CLI_EXIT_OK)
            code = cli_hub_print_json(json_incref(row));
    }
    return code;
}

int cmd_quarantine_list(const struct cli_args *args)
{
    struct store *st = NULL;
    int code = cli_hub_store(args, STORE_READ, &st);
    if (code != CLI_EXIT_OK)
        return code;
    int64_t after = 0;
    size_t count;
    do {
        json_t *rows = NULL;
        enum dl_err err = quarantine_list(st, after, &rows);
        count = json_array_size(rows);
        if (err)
            code = cli_hub_failed("quarantine list", err, NULL);
        else if (count > 0)
            code = print_page(args, rows);
        else if (after == 0 && !cli_flag(args, "json"))
            printf("Nothing: every record could be taken in.\n");
        after = json_get_int(json_array_get(rows, count - 1), "no", 0);
        json_decref(rows);
    } while (code == CLI_EXIT_OK && count > 0);
    st->close(st);
    return code;
}

int cmd_quarantine_show(const struct cli_args *args)
{
    struct store *st = NULL;
    json_t *row = NULL;
    int64_t no;
    if (!number_of(cli_operand(args, 0), &no))
        return CLI_EXIT_USAGE;
    int code = cli_hub_store(args, STORE_READ, &st);
    if (code != CLI_EXIT_OK)
        return code;
    enum dl_err err = quarantine_show(st, no, &row);
    st->close(st);
    if (err)
        return failed("quarantine show", cli_operand(args, 0), err);
    if (cli_flag(args, "json"))
        return cli_hub_print_json(row);
    json_object_del(row, "sealed_stream");
    json_object_del(row, "header");
    json_object_del(row, "sealed");
    table_print_object(row);
    printf("%s\n", words_for(json_get_str(row, "reason")));
    json_decref(row);
    return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

/* ---- retry ------------------------------------------------------------------------ */

struct outcome {
    int64_t taken, duplicates, left;
};

static enum dl_err retry_one(struct hub *hub, int64_t no, const char *who,
                             struct outcome *outcome)
{
    struct quarantine_verdict verdict;
    enum dl_err err = quarantine_retry(hub, no, who, clock_wall_ms(), &verdict);
    if (err)
        return err;
    if (verdict.reason)
        fprintf(stderr, "  %" PRId64 " stays: %s\n", no, words_for(verdict.reason));
    outcome->left += verdict.reason != NULL;
    outcome->duplicates += verdict.duplicate;
    outcome->taken += !verdict.reason && !verdict.duplicate;
    return DL_OK;
}

/* Once each, by number: what is set aside meanwhile comes with a higher one. */
static enum dl_err retry_all(struct hub *hub, const char *who, struct outcome *outcome)
{
    struct progress *progress = progress_make("records", 0);
    int64_t after = 0;
    uint64_t done = 0;
    enum dl_err err;
    size_t count;
    do {
        json_t *rows = NULL, *row;
        size_t i;
        err = quarantine_list(hub->reader, after, &rows);
        count = json_array_size(rows);
        json_array_foreach(rows, i, row)
        {
            after = json_get_int(row, "no", 0);
            if (!err)
                err = retry_one(hub, after, who, outcome);
            if (err == DL_E_NOT_FOUND) /* somebody was quicker */
                err = DL_OK;
            progress_set(progress, ++done);
        }
        json_decref(rows);
    } while (!err && count > 0);
    progress_free(progress);
    return err;
}

static int print_outcome(const struct cli_args *args, const struct outcome *o)
{
    int64_t gone = o->taken + o->duplicates;
    if (cli_flag(args, "json"))
        return cli_hub_print_json(json_pack("{s:I, s:I, s:I}", "taken", (json_int_t)o->taken,
                                            "duplicates", (json_int_t)o->duplicates, "left",
                                            (json_int_t)o->left));
    printf("%" PRId64 " record%s taken in, %" PRId64 " of them here already; %" PRId64
           " stay%s.\n",
           gone, plural(gone), o->duplicates, o->left, o->left == 1 ? "s" : "");
    return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

int cmd_quarantine_retry(const struct cli_args *args)
{
    struct hub *hub = NULL;
    struct outcome outcome = {0};
    char who[CLI_WHO_BYTES];
    bool all = cli_flag(args, "all");
    int64_t no;
    if (all == (cli_operand_count(args) > 0)) {
        cli_error("quarantine retry: name records by number, or --all");
        return CLI_EXIT_USAGE;
    }
    for (size_t i = 0; i < cli_operand_count(args); i++)
        if (!number_of(cli_operand(args, i), &no))
            return CLI_EXIT_USAGE;
    int code = cli_hub_open(args, &hub);
    if (code != CLI_EXIT_OK)
        return code;
    cli_hub_who(who);
    enum dl_err err = all ? retry_all(hub, who, &outcome) : DL_OK;
    if (err)
        code = cli_hub_failed("quarantine retry", err, NULL);
    for (size_t i = 0; code == CLI_EXIT_OK && i < cli_operand_count(args); i++) {
        err = retry_one(hub, strtoll(cli_operand(args, i), NULL, 10), who, &outcome);
        if (err)
            code = failed("quarantine retry", cli_operand(args, i), err);
    }
    hub_close(hub);
    if (code == CLI_EXIT_OK)
        code = print_outcome(args, &outcome);
    return code == CLI_EXIT_OK && outcome.left ? CLI_EXIT_FAILED : code;
}

/* ---- discard ---------------------------------------------------------------------- */

int cmd_quarantine_discard(const struct cli_args *args)
{
    struct store *st = NULL;
    char who[CLI_WHO_BYTES];
    size_t count = cli_operand_count(args);
    int64_t no;
    for (size_t i = 0; i < count; i++)
        if (!number_of(cli_operand(args, i), &no))
            return CLI_EXIT_USAGE;
    int code = cli_hub_store(args, STORE_WRITE, &st);
    if (code != CLI_EXIT_OK)
        return code;
    cli_hub_who(who);
    for (size_t i = 0; code == CLI_EXIT_OK && i < count; i++) {
        no = strtoll(cli_operand(args, i), NULL, 10);
        enum dl_err err = quarantine_discard(st, no, who, clock_wall_ms());
        if (err)
            code = failed("quarantine discard", cli_operand(args, i), err);
    }
    st->close(st);
    if (code != CLI_EXIT_OK)
        return code;
    printf("%zu record%s discarded.\n", count, plural((int64_t)count));
    return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}
