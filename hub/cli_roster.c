/* `dunlin-hub roster ...`: who may enter an event. */
#include "crypto/secret.h"
#include "hub/cli_hub.h"
#include "hub/roster_file.h"
#include "hub/rosters.h"
#include "hub/table.h"
#include "platform/bytes.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LISTS_BYTES_MAX ((size_t)4 * 1024 * 1024)
#define CODES_BYTES_MAX ((size_t)4 * 1024 * 1024)
#define CODES_MAX       10000

static int failed(const char *what, enum dl_err err, struct dl_why *why)
{
    if (err == DL_E_NOT_FOUND && !why->text[0])
        dl_why_set(why, "there is no roster of this event; `dunlin-hub roster list` has them");
    else if (err == DL_E_BUSY && !why->text[0])
        dl_why_set(why, "it was changed meanwhile, or the database is busy: try again");
    return cli_hub_failed(what, err, why);
}

/* ---- import --------------------------------------------------------------------------- */

/* Reads a file and hands it on; wiped afterwards. The error names the file. */
static enum dl_err read_file(const char *path, size_t len_max,
                             enum dl_err (*take)(void *ctx, const char *bytes, size_t len,
                                                 struct dl_why *why),
                             void *ctx, struct dl_why *why)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct dl_why inner = {""};
    enum dl_err err = file_read(path, len_max, &bytes, &len);
    if (err == DL_E_INPUT)
        dl_why_set(why, "%.120s: it is longer than %zu MB", path, len_max >> 20);
    else if (err)
        dl_why_set(why, "%.120s: it cannot be read", path);
    if (!err) {
        err = take(ctx, (const char *)bytes, len, &inner);
        if (inner.text[0])
            dl_why_set(why, "%.120s: %.190s", path, inner.text);
    }
    if (bytes)
        secret_wipe(bytes, len);
    free(bytes);
    return err;
}

struct import {
    struct roster_draft draft;
    enum roster_format format;
    int64_t now_ms;
};

static enum dl_err take_tickets(void *ctx, const char *bytes, size_t len, struct dl_why *why)
{
    struct import *im = ctx;
    return roster_file_read(&im->draft, im->format, bytes, len, im->now_ms, why);
}

static enum dl_err take_lists(void *ctx, const char *bytes, size_t len, struct dl_why *why)
{
    struct import *im = ctx;
    return roster_file_lists(&im->draft, bytes, len, why);
}

static enum dl_err run_import(const struct cli_args *args, struct hub *hub, struct import *im,
                              struct rosters_change *ret, struct dl_why *why)
{
    const char *file = cli_text(args, "file"), *lists = cli_text(args, "lists");
    char who[CLI_WHO_BYTES];
    cli_hub_who(who);
    enum dl_err err = rosters_draft(hub, cli_operand(args, 0), cli_text(args, "timezone"),
                                    im->now_ms, &im->draft, why);
    if (err)
        return err;
    im->draft.progress = progress_make("tickets", 0);
    if (file)
        err = read_file(file, ROSTER_FILE_BYTES_MAX, take_tickets, im, why);
    if (!err && lists)
        err = read_file(lists, LISTS_BYTES_MAX, take_lists, im, why);
    if (!err)
        err = rosters_import(hub, &im->draft, cli_flag(args, "dry-run"), who, im->now_ms, ret,
                             why);
    progress_free(im->draft.progress);
    roster_draft_done(&im->draft);
    return err;
}

static int tell_import(const struct cli_args *args, const struct rosters_change *c)
{
    const char *would = cli_flag(args, "dry-run") ? "Would be: " : "";
    if (cli_flag(args, "json"))
        return cli_hub_print_json(rosters_change_json(c));
    printf("%s%" PRIu64 " tickets added, %" PRIu64 " changed, %" PRIu64 " removed, %" PRIu64
           " as before.\n",
           would, c->added, c->changed, c->removed, c->unchanged);
    if (c->by_hand)
        printf("%" PRIu64 " stay revoked, as somebody did by hand; `roster revoke --take-back` "
               "ends that.\n",
               c->by_hand);
    if (c->created && !cli_flag(args, "dry-run"))
        printf("It is a new roster. Gates get it once they are named:\n\n"
               "    dunlin-hub roster assign %s --device NAME --gate GATE\n",
               cli_operand(args, 0));
    return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

int cmd_roster_import(const struct cli_args *args)
{
    struct import im = {.now_ms = clock_wall_ms()};
    struct rosters_change change = {.created = false};
    struct hub *hub = NULL;
    struct dl_why why = {""};
    if (!cli_text(args, "file") && !cli_text(args, "lists")) {
        cli_error("roster import: --file FILE with the tickets is lacking, or --lists FILE");
        return CLI_EXIT_USAGE;
    }
    if (!roster_format_of(cli_text(args, "format"), &im.format)) {
        cli_error("roster import: --format is csv or pretix-json");
        return CLI_EXIT_USAGE;
    }
    int code = cli_hub_open(args, &hub);
    if (code != CLI_EXIT_OK)
        return code;
    enum dl_err err = run_import(args, hub, &im, &change, &why);
    hub_close(hub);
    return err ? failed("roster import", err, &why) : tell_import(args, &change);
}

/* ---- looking -------------------------------------------------------------------------- */

int cmd_roster_list(const struct cli_args *args)
{
    static const struct table_column columns[] = {{"event", "EVENT"},
                                                  {"name", "NAME"},
                                                  {"tickets", "TICKETS"},
                                                  {"lists", "LISTS"},
                                                  {"devices", "DEVICES"},
                                                  {"changed_at", "CHANGED"},
                                                  {"head_version", "HEAD"},
                                                  {"ticket_version", "TICKETS AT"},
                                                  {NULL, NULL}};
    struct store *st = NULL;
    struct dl_why why = {""};
    json_t *list = NULL;
    int code = cli_hub_store(args, STORE_READ, &st);
    if (code != CLI_EXIT_OK)
        return code;
    enum dl_err err = rosters_list(st, &list);
    st->close(st);
    if (err)
        return failed("roster list", err, &why);
    if (cli_flag(args, "json"))
        return cli_hub_print_json(json_pack("{s:o}", "rosters", list));
    if (json_array_size(list) > 0)
        table_print(list, columns);
    else
        printf("No roster yet; `dunlin-hub roster import` makes one.\n");
    json_decref(list);
    return CLI_EXIT_OK;
}

static void print_rows(const char *what, const json_t *rows, const struct table_column *columns)
{
    printf("\n%s\n", what);
    if (json_array_size(rows) > 0)
        table_print(rows, columns);
    else
        printf("none\n");
}

static void print_show(json_t *shown)
{
    static const struct table_column lists[] = {{"id", "LIST"},
                                                {"name", "NAME"},
                                                {"all_products", "ALL PRODUCTS"},
                                                {"products", "PRODUCTS"},
                                                {"unknown", "UNKNOWN TICKETS"},
                                                {NULL, NULL}};
    static const struct table_column devices[] = {
        {"device", "DEVICE"}, {"gate", "GATE"}, {"address", "ADDRESS"}, {NULL, NULL}};
    json_t *rows = json_incref(json_object_get(shown, "lists"));
    json_t *gates = json_incref(json_object_get(shown, "devices"));
    json_object_del(shown, "lists");
    json_object_del(shown, "devices");
    table_print_object(shown);
    print_rows("Check-in lists", rows, lists);
    print_rows("Devices that have it", gates, devices);
    json_decref(rows);
    json_decref(gates);
}

static void print_stats(json_t *stats)
{
    static const struct table_column products[] = {{"product", "PRODUCT"},
                                                   {"name", "NAME"},
                                                   {"tickets", "TICKETS"},
                                                   {"by_status", "BY STATUS"},
                                                   {NULL, NULL}};
    json_t *rows = json_incref(json_object_get(stats, "products"));
    json_object_del(stats, "products");
    table_print_object(stats);
    print_rows("By product", rows, products);
    json_decref(rows);
}

/* What show and stats have in common. */
static int look(const struct cli_args *args, const char *what,
                enum dl_err (*get)(struct store *st, const char *event, json_t **ret),
                void (*print)(json_t *value))
{
    struct store *st = NULL;
    struct dl_why why = {""};
    json_t *value = NULL;
    int code = cli_hub_store(args, STORE_READ, &st);
    if (code != CLI_EXIT_OK)
        return code;
    enum dl_err err = get(st, cli_operand(args, 0), &value);
    st->close(st);
    if (err)
        return failed(what, err, &why);
    if (cli_flag(args, "json"))
        return cli_hub_print_json(value);
    print(value);
    json_decref(value);
    return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

int cmd_roster_show(const struct cli_args *args)
{
    return look(args, "roster show", rosters_show, print_show);
}

int cmd_roster_stats(const struct cli_args *args)
{
    return look(args, "roster stats", rosters_stats, print_stats);
}

/* ---- changing ------------------------------------------------------------------------- */

int cmd_roster_remove(const struct cli_args *args)
{
    struct store *st = NULL;
    struct dl_why why = {""};
    char who[CLI_WHO_BYTES];
    int code = cli_hub_store(args, STORE_WRITE, &st);
    if (code != CLI_EXIT_OK)
        return code;
    cli_hub_who(who);
    enum dl_err err = rosters_remove(st, cli_operand(args, 0), who, clock_wall_ms());
    st->close(st);
    if (err)
        return failed("roster remove", err, &why);
    printf("Removed: its devices lose it when they next ask. Scans stay.\n");
    return CLI_EXIT_OK;
}

/* Everything that standard input has, a NUL after it; NULL: too much, or no memory. */
static char *read_stdin(size_t *ret_len)
{
    char *text = calloc(1, CODES_BYTES_MAX + 2);
    if (!text)
        return NULL;
    *ret_len = fread(text, 1, CODES_BYTES_MAX + 1, stdin);
    if (*ret_len <= CODES_BYTES_MAX)
        return text;
    secret_wipe(text, *ret_len);
    free(text);
    return NULL;
}

/* A code or, with `hashes`, a hash on each line; false: not as it should be. */
static bool split(char *text, bool hashes, struct rosters_ticket_name *names, size_t *ret_count)
{
    *ret_count = 0;
    while (*text) {
        size_t len = strcspn(text, "\r\n");
        bool last = text[len] == '\0';
        text[len] = '\0';
        struct rosters_ticket_name *name = &names[*ret_count];
        if (len > 0 && *ret_count == CODES_MAX)
            return false;
        if (len > 0 && hashes && !bytes_from_hex(name->hash, sizeof name->hash, text))
            return false;
        if (len > 0 && !hashes)
            *name = (struct rosters_ticket_name){.code = text, .code_len = len};
        *ret_count += len > 0;
        text += len + !last;
    }
    return *ret_count > 0;
}

static int revoke(const struct cli_args *args, const struct rosters_ticket_name *names,
                  size_t count)
{
    struct hub *hub = NULL;
    struct dl_why why = {""};
    char who[CLI_WHO_BYTES];
    size_t changed = 0;
    int code = cli_hub_open(args, &hub);
    if (code != CLI_EXIT_OK)
        return code;
    cli_hub_who(who);
    enum dl_err err =
        rosters_revoke(hub, cli_operand(args, 0), names, count, cli_flag(args, "take-back"),
                       who, clock_wall_ms(), &changed);
    hub_close(hub);
    if (err == DL_E_INPUT)
        dl_why_set(&why, "a line has no code");
    if (err)
        return failed("roster revoke", err, &why);
    if (cli_flag(args, "json"))
        return cli_hub_print_json(json_pack("{s:I}", "changed", (json_int_t)changed));
    printf("%zu of %zu tickets %s.\n", changed, count,
           cli_flag(args, "take-back") ? "are valid again" : "are revoked now");
    return CLI_EXIT_OK;
}

int cmd_roster_revoke(const struct cli_args *args)
{
    size_t len = 0, count = 0;
    char *text = read_stdin(&len);
    struct rosters_ticket_name *names = calloc(CODES_MAX + 1, sizeof *names);
    int code = CLI_EXIT_USAGE;
    if (text && names && split(text, cli_flag(args, "hashes"), names, &count))
        code = revoke(args, names, count);
    else
        cli_error("roster revoke: standard input has a code on each line, or with --hashes 32 "
                  "hex digits; at most %d",
                  CODES_MAX);
    if (text)
        secret_wipe(text, len);
    free(text);
    free(names);
    return code;
}

/* ---- who has it ----------------------------------------------------------------------- */

/* Which devices; false where it is neither one nor all. */
static bool whom(const struct cli_args *args, const char *what, const char **ret)
{
    *ret = cli_text(args, "device");
    if ((*ret != NULL) != cli_flag(args, "all"))
        return true;
    cli_error("%s: it is either --device NAME or --all", what);
    return false;
}

static int tell_devices(const struct cli_args *args, size_t count, const char *what)
{
    if (cli_flag(args, "json"))
        return cli_hub_print_json(json_pack("{s:I}", "devices", (json_int_t)count));
    printf("%zu %s %s.\n", count, count == 1 ? "device" : "devices", what);
    return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

int cmd_roster_assign(const struct cli_args *args)
{
    const char *device;
    struct hub *hub = NULL;
    struct dl_why why = {""};
    char who[CLI_WHO_BYTES];
    size_t count = 0;
    if (!whom(args, "roster assign", &device))
        return CLI_EXIT_USAGE;
    int code = cli_hub_open(args, &hub);
    if (code != CLI_EXIT_OK)
        return code;
    cli_hub_who(who);
    enum dl_err err =
        rosters_assign(hub, cli_operand(args, 0), device, cli_text(args, "gate"),
                       cli_text(args, "address"), who, clock_wall_ms(), &count, &why);
    hub_close(hub);
    return err ? failed("roster assign", err, &why)
               : tell_devices(args, count, "may fetch it now");
}

int cmd_roster_unassign(const struct cli_args *args)
{
    const char *device;
    struct store *st = NULL;
    struct dl_why why = {""};
    char who[CLI_WHO_BYTES];
    size_t count = 0;
    if (!whom(args, "roster unassign", &device))
        return CLI_EXIT_USAGE;
    int code = cli_hub_store(args, STORE_WRITE, &st);
    if (code != CLI_EXIT_OK)
        return code;
    cli_hub_who(who);
    enum dl_err err =
        rosters_unassign(st, cli_operand(args, 0), device, who, clock_wall_ms(), &count, &why);
    st->close(st);
    return err ? failed("roster unassign", err, &why)
               : tell_devices(args, count, "may fetch it no more");
}
