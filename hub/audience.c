#include "hub/audience.h"

#include "hub/clockfix.h"
#include "hub/devices.h"
#include "hub/rules.h"
#include "platform/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum dl_err refuse(struct store *st, const struct opened *r)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < r->token_count; i++)
        if (rules_slot(r->tokens[i].type) != RULES_TYPES)
            err = st->audience_refuse(st, r->tokens[i].element, r->time_ms);
    return err;
}

enum dl_err audience_take(struct store *st, const struct opened *record, int64_t observation)
{
    const struct record_audience *a = &record->audience;
    if (record->fact.refuses_ads)
        return refuse(st, record);
    if (!a->sealed_len || !record->fact.allows_ads)
        return DL_OK;
    struct store_audience row = {.observation = observation,
                                 .schemes = a->schemes,
                                 .time_ms = record->time_ms,
                                 .sealed = a->sealed,
                                 .sealed_len = a->sealed_len};
    memcpy(row.key, a->key_id, sizeof row.key);
    return st->audience_put(st, &row);
}

enum dl_err audience_settle_all(struct store *st)
{
    enum dl_err err = st->begin(st, STORE_WRITE);
    if (err)
        return err;
    err = st->audience_settle(st, NULL, 0);
    if (!err)
        return st->commit(st);
    st->rollback(st);
    return err;
}

/* ---- what is asked for --------------------------------------------------------------- */

static bool read_name(const char *text, const char **ret)
{
    *ret = text;
    return !text || (*text && strlen(text) < STORE_MEASURE_NAME_BYTES);
}

static bool read_time(const char *text, int64_t *ret_ms)
{
    return !text || clockfix_parse_bound(text, ret_ms) == DL_OK;
}

static bool read_amount(const struct audience_words *words, struct audience_wish *ret)
{
    const char *text = words->min_minor;
    if (!text || !words->currency)
        return !text && !words->currency;
    if (strlen(text) > 15 || !*text || text[strspn(text, "0123456789")])
        return false;
    ret->min_minor = strtoll(text, NULL, 10);
    return read_name(words->currency, &ret->currency);
}

enum dl_err audience_read_wish(const struct audience_words *words, struct audience_wish *ret,
                               struct dl_why *why)
{
    struct audience_wish wish = AUDIENCE_WISH_ALL;
    const char *bad = NULL;
    if (!read_name(words->type, &wish.type))
        bad = "type is an event's, such as purchase";
    else if (!read_name(words->store, &wish.store))
        bad = "store is a store_id of events";
    else if (!read_time(words->since, &wish.since_ms))
        bad = "since is " CLOCKFIX_BOUND_WORDS;
    else if (!read_time(words->until, &wish.until_ms))
        bad = "until is " CLOCKFIX_BOUND_WORDS;
    else if (!read_amount(words, &wish))
        bad = "the least amount is a number of minor units, and wants its currency";
    if (bad) {
        dl_why_set(why, "%s", bad);
        return DL_E_INPUT;
    }
    *ret = wish;
    return DL_OK;
}

/* "type=purchase store=9", for the audit log. */
static void describe(const struct audience_words *words, char *ret, size_t cap)
{
    const struct {
        const char *name, *value;
    } all[] = {{"type", words->type},           {"store", words->store},
               {"since", words->since},         {"until", words->until},
               {"min_minor", words->min_minor}, {"currency", words->currency}};
    size_t len = 0;
    ret[0] = '\0';
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i].value && len < cap)
            len += (size_t)snprintf(ret + len, cap - len, "%s%s=%s", len ? " " : "",
                                    all[i].name, all[i].value);
}

enum dl_err audience_prepare(struct store *st, const struct audience_words *words,
                             const char *who, int64_t now_ms)
{
    char detail[512];
    describe(words, detail, sizeof detail);
    enum dl_err err = st->begin(st, STORE_WRITE);
    if (err)
        return err;
    err = st->audience_settle(st, NULL, 0);
    if (!err)
        err =
            devices_audit(st, who, "audience.export", NULL, detail[0] ? detail : NULL, now_ms);
    if (!err)
        return st->commit(st);
    st->rollback(st);
    return err;
}
