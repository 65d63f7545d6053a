/* `dunlin-hub profile show|find|timeline`: what a person reads of people. */
#include "hub/cli_hub.h"
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

int cmd_profile_show(const struct cli_args *args)
{
    struct question q = {.args = args,
                         .command = "profile show",
                         .what = "profile.read",
                         .id = cli_operand(args, 0),
                         .ask = ask_show,
                         .print = portrait_print};
    return answer(&q);
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
    return answer(&q);
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
                         .id = cli_operand(args, 0),
                         .span = {.until_ms = INT64_MAX, .cursor = cli_text(args, "cursor")},
                         .ask = ask_timeline,
                         .print = portrait_print_timeline};
    if (!take_time(args, "since", &q.span.since_ms) ||
        !take_time(args, "until", &q.span.until_ms) ||
        !take_limit(args, QUERY_EVENTS_MAX, &q.span.limit))
        return CLI_EXIT_USAGE;
    return answer(&q);
}
