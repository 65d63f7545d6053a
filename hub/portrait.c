#include "hub/portrait.h"

#include "platform/currency.h"
#include "platform/plural.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LABEL "  %-10s "

/* "till (3), web (2)": the members of an object of numbers. */
static void print_counts(const char *label, const json_t *counts)
{
    const char *name;
    json_t *value;
    const char *between = "";
    if (json_object_size(counts) == 0)
        return;
    printf(LABEL, label);
    json_object_foreach((json_t *)counts, name, value)
    {
        printf("%s%s (%" PRId64 ")", between, name, (int64_t)json_integer_value(value));
        between = ", ";
    }
    puts("");
}

static void print_value(const char *code, const json_t *of)
{
    char lifetime[CURRENCY_TEXT_BYTES], returned[CURRENCY_TEXT_BYTES];
    char basket[CURRENCY_TEXT_BYTES];
    int64_t returns = json_get_int(of, "returns", 0);
    int64_t sales = json_get_int(of, "sales", 0), units = json_get_int(of, "units", 0);
    currency_text(lifetime, code, json_get_int(of, "lifetime_minor", 0));
    currency_text(returned, code, json_get_int(of, "returns_minor", 0));
    printf(LABEL "%s in %" PRId64 " purchase%s", "bought", lifetime, sales, plural(sales));
    if (returns > 0)
        printf(", less %s in %" PRId64 " return%s", returned, returns, plural(returns));
    if (units != 0)
        printf(", %" PRId64 " article%s", units, plural(units));
    puts("");
    if (sales == 0)
        return;
    currency_text(basket, code, json_get_int(of, "basket_minor", 0));
    printf(LABEL "%s a purchase\n", "basket", basket);
}

/* "Food (EUR 12.30), Care (EUR 1.00)", of one currency. */
static void print_amounts(const char *label, const char *code, const json_t *amounts)
{
    const char *name, *between = "";
    json_t *value;
    if (json_object_size(amounts) == 0)
        return;
    printf(LABEL, label);
    json_object_foreach((json_t *)amounts, name, value)
    {
        char text[CURRENCY_TEXT_BYTES];
        currency_text(text, code, json_integer_value(value));
        printf("%s%s (%s)", between, name, text);
        between = ", ";
    }
    puts("");
}

/* Types with how many of each; an identifier itself is known to nobody here. */
static void print_identifiers(const json_t *identifiers)
{
    json_t *counts = json_object(), *one;
    size_t i;
    json_array_foreach(identifiers, i, one)
    {
        const char *type = json_get_str(one, "type");
        if (type)
            json_object_set_new(counts, type, json_integer(json_get_int(counts, type, 0) + 1));
    }
    print_counts("known by", counts);
    json_decref(counts);
}

static void print_scores(const json_t *profile)
{
    const json_t *rfm = json_object_get(profile, "rfm");
    const char *code;
    json_t *of;
    if (!rfm)
        return;
    printf(LABEL "r %d, f %d", "scores", (int)json_get_int(rfm, "r", 0),
           (int)json_get_int(rfm, "f", 0));
    json_object_foreach(json_object_get(profile, "value"), code, of)
        printf(", m %d (%s)", (int)json_get_int(of, "m", 0), code);
    printf("; seen %" PRId64 " days ago\n", json_get_int(rfm, "recency_days", 0));
}

static void print_audience(const json_t *platforms)
{
    size_t i;
    json_t *one;
    if (json_array_size(platforms) == 0)
        return;
    printf(LABEL, "sealed for");
    json_array_foreach(platforms, i, one) printf("%s%s", i ? ", " : "", json_string_value(one));
    puts(", which the custodian alone can open");
}

void portrait_print(const json_t *profile)
{
    const char *first = json_get_str(profile, "first_seen");
    const char *last = json_get_str(profile, "last_seen");
    int64_t events = json_get_int(profile, "events", 0);
    const char *code;
    json_t *of;
    printf("%s\n", json_get_str(profile, "profile_id"));
    printf(LABEL "%.10s to %.10s, %" PRId64 " event%s\n", "seen", first ? first : "-",
           last ? last : "-", events, plural(events));
    json_object_foreach(json_object_get(profile, "value"), code, of) print_value(code, of);
    print_scores(profile);
    print_counts("events", json_object_get(profile, "types"));
    print_counts("occasions", json_object_get(profile, "occasions"));
    print_counts("stores", json_object_get(profile, "stores"));
    print_counts("channels", json_object_get(profile, "channels"));
    json_object_foreach(json_object_get(profile, "categories"), code, of)
        print_amounts("categories", code, of);
    print_identifiers(json_object_get(profile, "identifiers"));
    print_audience(json_object_get(profile, "audience"));
}

void portrait_print_line(const json_t *profile)
{
    const char *last = json_get_str(profile, "last_seen");
    int64_t purchases = json_get_int(profile, "purchases", 0);
    const char *code;
    json_t *of;
    printf("%s  %.10s  %4" PRId64 " purchase%-1s", json_get_str(profile, "profile_id"),
           last ? last : "-", purchases, plural(purchases));
    json_object_foreach(json_object_get(profile, "value"), code, of)
    {
        char text[CURRENCY_TEXT_BYTES];
        currency_text(text, code, json_get_int(of, "lifetime_minor", 0));
        printf("  %s", text);
    }
    puts("");
}

/* ---- a timeline ---------------------------------------------------------------------- */

static void print_word(const json_t *data, const char *member, const char *before)
{
    const char *word = json_get_str(data, member);
    if (word)
        printf("%s%s", before, word);
}

static void print_event(const json_t *event)
{
    const json_t *data = json_object_get(event, "data");
    const char *time = json_get_str(event, "time");
    const char *standing = json_get_str(event, "standing");
    const char *currency = json_get_str(data, "currency");
    printf("%.10s %.5s  %-16s", time, time + 11, json_get_str(event, "type"));
    print_word(data, "transaction_type", " ");
    if (currency) {
        char text[CURRENCY_TEXT_BYTES];
        currency_text(text, currency, json_get_int(data, "total_minor", 0));
        printf(" %s", text);
    }
    print_word(data, "event", " ");
    print_word(data, "store_id", " in store ");
    print_word(event, "device", " from ");
    if (standing && strcmp(standing, "stands") != 0)
        printf(" [%s]", standing);
    puts("");
}

void portrait_print_timeline(const json_t *timeline)
{
    size_t i;
    json_t *event;
    const char *next = json_get_str(timeline, "next");
    printf("%s\n", json_get_str(timeline, "profile_id"));
    json_array_foreach(json_object_get(timeline, "events"), i, event) print_event(event);
    if (next)
        printf("more: --cursor %s\n", next);
}
