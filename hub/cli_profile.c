/* `dunlin-hub profile show|find|timeline`: what a person reads of people. */
#include "hub/cli_hub.h"
#include "hub/cli_meant.h"
#include "hub/clockfix.h"
#include "hub/devices.h"
#include "hub/portrait.h"
#include "hub/query.h"
#include "hub/rfm.h"
#include "platform/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- one question, asked within a transaction that notes it ------------------------- */

struct question {
    const struct cli_args *args;
    const char *command;
    const char *what; /* of the audit log */
    const char *id;   /* NULL: of many */
    struct query_span span;
    struct query_filter filter;
    const struct cli_meant *meant; /* of find: these and no others */
    enum dl_err (*ask)(struct store *st, const struct question *q, json_t **ret);
    void (*print)(const json_t *answer);
};

static enum dl_err ask_noted(struct store *st, const struct question *q, json_t **ret)
{
    char who[CLI_WHO_BYTES];
    cli_hub_who(who);
    json_t *value = NULL;
    enum dl_err err = st->begin(st, STORE_WRITE);
    if (err)
        return err;
    err = q->ask(st, q, &value);
    if (!err)
        err = devices_audit(st, who, q->what, q->id, NULL, clock_wall_ms());
    if (err)
        st->rollback(st);
    else
        err = st->commit(st);
    if (err)
        json_decref(value);
    else
        *ret = value;
    return err;
}

static const char *reason_of(enum dl_err err)
{
    switch (err) {
    case DL_E_INPUT:
        return "a profile's id is p_ and 24 hex digits";
    case DL_E_NOT_FOUND:
        return "there is no profile of this id";
    case DL_E_REJECTED:
        return "--cursor is the `next` of the page before";
    default:
        return "";
    }
}

static int answer(const struct question *q)
{
    struct store *st = NULL;
    json_t *value = NULL;
    struct dl_why why = {""};
    int code = cli_hub_store(q->args, STORE_WRITE, &st);
    if (code != CLI_EXIT_OK)
        return code;
    enum dl_err err = ask_noted(st, q, &value);
    st->close(st);
    dl_why_set(&why, "%s", reason_of(err));
    if (err)
        return cli_hub_failed(q->command, err == DL_E_REJECTED ? DL_E_INPUT : err, &why);
    if (cli_flag(q->args, "json"))
        return cli_hub_print_json(value);
    q->print(value);
    json_decref(value);
    return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

/* ---- options ------------------------------------------------------------------------ */

/* False: told. */
static bool take_time(const struct cli_args *args, const char *name, int64_t *ret)
{
    const char *text = cli_text(args, name);
    if (!text || clockfix_parse_bound(text, ret) == DL_OK)
        return true;
    cli_error("--%s is " CLOCKFIX_BOUND_WORDS, name);
    return false;
}

static bool take_limit(const struct cli_args *args, int64_t max, int64_t *ret)
{
    *ret = cli_int(args, "limit");
    if (*ret >= 1 && *ret <= max)
        return true;
    cli_error("--limit is from 1 to %lld", (long long)max);
    return false;
}

/* ---- show --------------------------------------------------------------------------- */

static enum dl_err scored(const struct question *q, json_t *profile)
{
    struct settings settings;
    struct dl_why why = {""};
    enum dl_err err = settings_load(&settings, cli_text(q->args, "dir"), NULL, &why);
    if (err)
        cli_error("%s", why.text);
    return err ? err : rfm_score(profile, &settings.rfm, clock_wall_ms());
}

static enum dl_err ask_show(struct store *st, const struct question *q, json_t **ret)
{
    enum dl_err err = query_profile(st, q->id, ret);
    return err ? err : scored(q, *ret);
}

/* Of the one whom the first operand means. */
static int answer_of_one(struct question *q)
{
    struct cli_meant meant;
    int code = cli_meant_one(q->args, q->command, cli_operand(q->args, 0), &meant, &q->id);
    return code == CLI_EXIT_OK ? answer(q) : code;
}

int cmd_profile_show(const struct cli_args *args)
{
    struct question q = {.args = args,
                         .command = "profile show",
                         .what = "profile.read",
                         .ask = ask_show,
                         .print = portrait_print};
    return answer_of_one(&q);
}

/* ---- find --------------------------------------------------------------------------- */

static enum dl_err ask_find(struct store *st, const struct question *q, json_t **ret)
{
    size_t i;
    json_t *profile;
    enum dl_err err = query_find(st, &q->filter, ret);
    if (err)
        return err;
    json_array_foreach(json_object_get(*ret, "profiles"), i, profile)
    {
        if (!err)
            err = scored(q, profile);
    }
    return err;
}

static void print_found(const json_t *page)
{
    size_t i;
    json_t *profile;
    const char *next = json_get_str(page, "next");
    json_array_foreach(json_object_get(page, "profiles"), i, profile)
        portrait_print_line(profile);
    printf("%zu found among %lld\n", json_array_size(json_object_get(page, "profiles")),
           (long long)json_get_int(page, "examined", 0));
    if (next)
        printf("more: --cursor %s\n", next);
}

/* {"profiles","examined","next"} as of a filter. */
static enum dl_err ask_meant(struct store *st, const struct question *q, json_t **ret)
{
    json_t *profiles = json_array();
    enum dl_err err = profiles ? DL_OK : DL_E_NOMEM;
    for (size_t i = 0; !err && i < q->meant->count && i < CLI_MEANT_MAX; i++) {
        json_t *profile = NULL;
        err = query_profile(st, q->meant->ids[i], &profile);
        if (!err)
            err = scored(q, profile);
        if (!err && json_array_append(profiles, profile) != 0)
            err = DL_E_NOMEM;
        json_decref(profile);
    }
    json_t *page = err ? NULL
                       : json_pack("{s:O, s:I, s:n}", "profiles", profiles, "examined",
                                   (json_int_t)q->meant->count, "next");
    json_decref(profiles);
    if (page)
        *ret = page;
    return err ? err : page ? DL_OK : DL_E_NOMEM;
}

static void print_meant(const json_t *page)
{
    size_t i;
    json_t *profile;
    json_array_foreach(json_object_get(page, "profiles"), i, profile)
        portrait_print_line(profile);
    if (json_get_int(page, "examined", 0) > CLI_MEANT_MAX)
        puts("... and more begin so");
}

/* Whom `who` means, be they one or several. */
static int find_meant(struct question *q, const char *who)
{
    static const char *const filters[] = {"currency", "store", "seen-since", "seen-before",
                                          "cursor"};
    struct cli_meant meant;
    bool filtered = q->filter.spend_min || q->filter.orders_min;
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++)
        filtered |= cli_text(q->args, filters[i]) != NULL;
    if (filtered) {
        cli_error("profile find: either WHO or what they come to");
        return CLI_EXIT_USAGE;
    }
    int code = cli_meant_all(q->args, q->command, who, &meant);
    if (code != CLI_EXIT_OK)
        return code;
    if (meant.count == 0) {
        cli_error("profile find: no profile is meant by that");
        return CLI_EXIT_FAILED;
    }
    q->meant = &meant;
    q->id = meant.count == 1 ? meant.ids[0] : NULL;
    q->ask = ask_meant;
    q->print = print_meant;
    return answer(q);
}

int cmd_profile_find(const struct cli_args *args)
{
    struct question q = {.args = args,
                         .command = "profile find",
                         .what = "profile.find",
                         .ask = ask_find,
                         .print = print_found,
                         .filter = {.currency = cli_text(args, "currency"),
                                    .spend_min = cli_int(args, "spend-min"),
                                    .orders_min = cli_int(args, "orders-min"),
                                    .store = cli_text(args, "store"),
                                    .cursor = cli_text(args, "cursor")}};
    if (!take_time(args, "seen-since", &q.filter.seen_since_ms) ||
        !take_time(args, "seen-before", &q.filter.seen_before_ms) ||
        !take_limit(args, QUERY_PROFILES_MAX, &q.filter.limit))
        return CLI_EXIT_USAGE;
    const char *who = cli_operand(args, 0);
    return who ? find_meant(&q, who) : answer(&q);
}

/* ---- timeline ----------------------------------------------------------------------- */

static enum dl_err ask_timeline(struct store *st, const struct question *q, json_t **ret)
{
    return query_timeline(st, q->id, &q->span, ret);
}

int cmd_profile_timeline(const struct cli_args *args)
{
    struct question q = {.args = args,
                         .command = "profile timeline",
                         .what = "profile.timeline",
                         .span = {.until_ms = INT64_MAX, .cursor = cli_text(args, "cursor")},
                         .ask = ask_timeline,
                         .print = portrait_print_timeline};
    if (!take_time(args, "since", &q.span.since_ms) ||
        !take_time(args, "until", &q.span.until_ms) ||
        !take_limit(args, QUERY_EVENTS_MAX, &q.span.limit))
        return CLI_EXIT_USAGE;
    return answer_of_one(&q);
}
