#include "hub/rules.h"

#include "crypto/token.h"
#include "platform/config.h"
#include "platform/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_MAX    1000000
#define BLOB_MAX     10000000
#define PRIORITY_MAX 99

static const struct {
    const char *name;
    uint8_t type;
} types[RULES_TYPES] = {
    {"national_id", TOKEN_TYPE_NATIONAL_ID},
    {"account_id", TOKEN_TYPE_ACCOUNT_ID},
    {"loyalty_id", TOKEN_TYPE_LOYALTY_ID},
    {"email", TOKEN_TYPE_EMAIL},
    {"phone", TOKEN_TYPE_PHONE},
    {"payment_ref", TOKEN_TYPE_PAYMENT_REF},
    {"likeness", TOKEN_TYPE_RECIPE_LAST},
    {"ticket", TOKEN_TYPE_TICKET},
    {"cookie_id", TOKEN_TYPE_COOKIE_ID},
    {"device_id", TOKEN_TYPE_DEVICE_ID},
    {"ip", TOKEN_TYPE_IP},
};

#define AT(slot, member) offsetof(struct rules, of[slot].member)
/* clang-format off */
#define KEYS(slot, type, joins, rank, values, people, shared)                                  \
    {type ".merges", CONFIG_BOOL, AT(slot, merges), joins, 0, 0, NULL,                         \
     "Two events that share one of these are one person's"},                                   \
    {type ".priority", CONFIG_INT, AT(slot, priority), rank, 0, PRIORITY_MAX, NULL,            \
     "1 is the strongest; 0: not matched on at all"},                                          \
    {type ".values_per_profile", CONFIG_INT, AT(slot, values_per_profile), values, 1,          \
     LIMIT_MAX, NULL, "A profile never gets more of these"},                                   \
    {type ".profiles_per_value", CONFIG_INT, AT(slot, profiles_per_value), people, 1,          \
     LIMIT_MAX, NULL, "Seen beside more people's worth of values, it joins nobody"},           \
    {type ".shareable", CONFIG_BOOL, AT(slot, shareable), shared, 0, 0, NULL,                  \
     "Beside people whose names and birth dates plainly differ, it joins nobody"}
/* clang-format on */

static const struct config_key keys[] = {
    {"blob_max", CONFIG_INT, offsetof(struct rules, blob_max), "10000", 2, BLOB_MAX, NULL,
     "Identifiers that hang together, directly or not; beyond it all of them stand alone"},
    KEYS(0, "national_id", "yes", "1", "1", "5", "no"),
    KEYS(1, "account_id", "yes", "2", "10", "5", "no"),
    KEYS(2, "loyalty_id", "yes", "3", "10", "5", "no"),
    KEYS(3, "email", "yes", "4", "10", "5", "yes"),
    KEYS(4, "phone", "yes", "5", "10", "5", "yes"),
    KEYS(5, "payment_ref", "yes", "6", "100", "5", "yes"),
    KEYS(6, "likeness", "yes", "7", "20", "5", "no"),
    KEYS(7, "ticket", "no", "8", "1000", "5", "no"),
    KEYS(8, "cookie_id", "no", "9", "1000", "5", "no"),
    KEYS(9, "device_id", "no", "10", "1000", "5", "no"),
    KEYS(10, "ip", "no", "11", "1000", "5", "no"),
    {NULL, CONFIG_TEXT, 0, NULL, 0, 0, NULL, NULL},
};

size_t rules_slot(uint8_t type)
{
    static const uint8_t slots[] = {
        [TOKEN_TYPE_EMAIL] = 4,       [TOKEN_TYPE_PHONE] = 5,       [TOKEN_TYPE_LOYALTY_ID] = 3,
        [TOKEN_TYPE_ACCOUNT_ID] = 2,  [TOKEN_TYPE_PAYMENT_REF] = 6, [TOKEN_TYPE_TICKET] = 8,
        [TOKEN_TYPE_NATIONAL_ID] = 1, [TOKEN_TYPE_COOKIE_ID] = 9,   [TOKEN_TYPE_DEVICE_ID] = 10,
        [TOKEN_TYPE_IP] = 11,         [TOKEN_TYPE_RECIPE_LAST] = 7,
    }; /* from 1, so that what is not there is 0 */
    return type < sizeof slots && slots[type] ? slots[type] - 1u : RULES_TYPES;
}

uint8_t rules_type(size_t slot)
{
    return types[slot].type;
}

const struct rule *rules_of(const struct rules *rules, uint8_t type)
{
    size_t slot = rules_slot(type);
    return slot < RULES_TYPES && rules->of[slot].priority ? &rules->of[slot] : NULL;
}

bool rules_merges(const struct rules *rules, uint8_t type)
{
    const struct rule *rule = rules_of(rules, type);
    return rule && rule->merges;
}

bool rules_shareable(const struct rules *rules, uint8_t type)
{
    return rules_merges(rules, type) && rules_of(rules, type)->shareable;
}

bool rules_saturated(const struct rules *rules, uint8_t of, uint8_t type, int64_t count)
{
    return rules_merges(rules, of) && rules_merges(rules, type) &&
           count > rules_of(rules, of)->profiles_per_value *
                       rules_of(rules, type)->values_per_profile;
}

struct rules rules_defaults(void)
{
    struct rules rules = {.version = 0};
    enum dl_err err = config_load(&rules, keys, NULL, NULL);
    return err ? (struct rules){.version = 0} : rules; /* our own words: they parse */
}

enum dl_err rules_load(struct rules *ret, const char *path, struct dl_why *why)
{
    struct rules rules = {.version = 0};
    enum dl_err err = config_load(&rules, keys, path, why);
    if (!err)
        *ret = rules;
    return err;
}

static const char preface[] =
    "# Which identifiers make two visits one person.\n"
    "#\n"
    "# The hub follows what `dunlin-hub match rules change FILE` has put into its database;\n"
    "# editing this file alone changes nothing. Try a change before it is one:\n"
    "#\n"
    "#     dunlin-hub match rules check identity.conf\n"
    "#     dunlin-hub match rules change identity.conf --dry-run\n"
    "#     dunlin-hub match rules change identity.conf --yes\n"
    "#\n"
    "# A type that merges joins people: an e-mail and a phone in one event are one person's.\n"
    "# One that does not (cookie, device, IP, ticket) follows the only person it was seen\n"
    "# with, and none once it was seen with two.\n"
    "#\n"
    "# Where joining would give a profile more values of a type than values_per_profile, the\n"
    "# identifier of the lesser priority stays outside. values_per_profile = 1 says that two\n"
    "# different values are two people.\n"
    "#\n"
    "# A value that stood beside more than profiles_per_value times values_per_profile (of "
    "the\n"
    "# other type) distinct values is everybody's, the till's own phone for example: it joins\n"
    "# nobody any more. Single values are blocked with `dunlin-hub match block`.\n"
    "#\n"
    "# A shareable value (an e-mail, a phone, a card) may be a family's. Once names and birth\n"
    "# dates beside it plainly tell two people, it joins none of them any more, and each "
    "keeps\n"
    "# what else is theirs. A loyalty card or an account is one customer's by default.\n"
    "\n";

enum dl_err rules_create(const char *path)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        return DL_E_NOMEM;
    fputs(preface, out);
    config_sample(out, keys);
    enum dl_err err = fclose(out) == 0 ? file_write_new(path, text, len) : DL_E_NOMEM;
    free(text);
    return err;
}

/* ---- in the store ------------------------------------------------------------------------ */

json_t *rules_json(const struct rules *rules)
{
    json_t *by_type = json_object();
    bool ok = by_type != NULL;
    for (size_t i = 0; ok && i < RULES_TYPES; i++) {
        const struct rule *r = &rules->of[i];
        ok = json_object_set_new(
                 by_type, types[i].name,
                 json_pack("{s:b, s:I, s:I, s:I, s:b}", "merges", r->merges, "priority",
                           (json_int_t)r->priority, "values_per_profile",
                           (json_int_t)r->values_per_profile, "profiles_per_value",
                           (json_int_t)r->profiles_per_value, "shareable", r->shareable)) == 0;
    }
    if (!ok) {
        json_decref(by_type);
        return NULL;
    }
    return json_pack("{s:I, s:I, s:o}", "version", (json_int_t)rules->version, "blob_max",
                     (json_int_t)rules->blob_max, "types", by_type);
}

/* What a newer hub put in is read as far as this one knows it. */
static enum dl_err read_rules(void *ctx, const struct store_rules *row)
{
    struct rules rules = rules_defaults();
    json_t *whole = NULL;
    enum dl_err err = json_parse(&whole, row->json, row->json_len, NULL, NULL);
    if (err)
        return err == DL_E_INPUT ? DL_E_CORRUPT : err;
    const json_t *by_type = json_object_get(whole, "types");
    rules.version = row->version;
    rules.blob_max = json_get_int(whole, "blob_max", rules.blob_max);
    for (size_t i = 0; i < RULES_TYPES; i++) {
        const json_t *of = json_object_get(by_type, types[i].name);
        struct rule *r = &rules.of[i];
        r->merges = of ? json_is_true(json_object_get(of, "merges")) : r->merges;
        r->priority = json_get_int(of, "priority", r->priority);
        r->values_per_profile = json_get_int(of, "values_per_profile", r->values_per_profile);
        r->profiles_per_value = json_get_int(of, "profiles_per_value", r->profiles_per_value);
        const json_t *shareable = json_object_get(of, "shareable");
        r->shareable = shareable ? json_is_true(shareable) : r->shareable;
    }
    json_decref(whole);
    *(struct rules *)ctx = rules;
    return DL_OK;
}

enum dl_err rules_current(struct store *st, struct rules *ret)
{
    enum dl_err err = st->rules_get(st, read_rules, ret);
    if (err == DL_E_NOT_FOUND)
        *ret = rules_defaults();
    return err == DL_E_NOT_FOUND ? DL_OK : err;
}

enum dl_err rules_put(struct store *st, struct rules *rules, const char *who, int64_t now_ms)
{
    json_t *whole = rules_json(rules);
    struct store_rules row = {.at_ms = now_ms, .who = who};
    char *text = whole ? json_text(whole, &row.json_len) : NULL;
    row.json = text;
    enum dl_err err = text ? st->rules_add(st, &row) : DL_E_NOMEM;
    if (!err)
        rules->version = row.version;
    json_text_free(text);
    json_decref(whole);
    return err;
}

bool rules_equal(const struct rules *a, const struct rules *b)
{
    bool same = a->blob_max == b->blob_max;
    for (size_t i = 0; same && i < RULES_TYPES; i++) {
        const struct rule *x = &a->of[i], *y = &b->of[i];
        same = x->merges == y->merges && x->priority == y->priority &&
               x->values_per_profile == y->values_per_profile &&
               x->profiles_per_value == y->profiles_per_value && x->shareable == y->shareable;
    }
    return same;
}
