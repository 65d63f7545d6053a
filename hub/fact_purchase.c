/* A purchase: its money, its goods by category, its receipt and others'. */
#include "hub/fact_internal.h"

#include "hub/clockfix.h"
#include "platform/bytes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A till that sends absurd totals gets absurd sums, but never ones that overflow:
 * nine million of these fit. */
#define TOTAL_MAX      INT64_C(1000000000000)
#define UNITS_MAX      1000000 /* of one line; a quantity has at most 18 digits */
#define CATEGORIES_MAX 64      /* told apart in one receipt, in the order of its lines */
#define DAY_MS         (INT64_C(24) * 3600 * 1000)

static int64_t bounded(int64_t minor)
{
    return minor > TOTAL_MAX ? TOTAL_MAX : minor < -TOTAL_MAX ? -TOTAL_MAX : minor;
}

static int64_t magnitude(int64_t n)
{
    return n < 0 ? -n : n;
}

/* ---- goods ------------------------------------------------------------------------ */

static bool is_pieces(const char *unit)
{
    static const char *const words[] = {"ea",    "each",   "pc", "pcs", "pce",
                                        "piece", "pieces", "st", "stk"};
    for (size_t i = 0; unit && i < sizeof words / sizeof words[0]; i++)
        if (strcasecmp(unit, words[i]) == 0)
            return true;
    return !unit;
}

/* Articles of a line: pieces as they are; what is weighed or measured is one. */
static int64_t units_of(const json_t *line)
{
    const char *quantity = json_get_str(line, "quantity");
    if (!quantity || !is_pieces(json_get_str(line, "unit")))
        return 1;
    char *end = NULL;
    int64_t n = magnitude(strtoll(quantity, &end, 10));
    bool whole = *end == '\0' || (*end == '.' && end[1 + strspn(end + 1, "0")] == '\0');
    return !whole ? 1 : n < UNITS_MAX ? n : UNITS_MAX;
}

struct goods {
    struct fact_category at[CATEGORIES_MAX];
    size_t count;
};

static void add_category(struct goods *g, const char *path, int64_t minor)
{
    size_t len = path ? strcspn(path, "/") : 0;
    char name[FACT_CATEGORY_BYTES];
    while (len > 0 && path[len - 1] == ' ')
        len--;
    if (len == 0)
        return;
    fact_copy_text(name, sizeof name, path, len);
    size_t i = 0;
    while (i < g->count && strcmp(g->at[i].name, name) != 0)
        i++;
    if (i == CATEGORIES_MAX)
        return;
    if (i == g->count) {
        g->at[i] = (struct fact_category){.minor = 0};
        memcpy(g->at[g->count++].name, name, sizeof name);
    }
    g->at[i].minor = bounded(g->at[i].minor + minor);
}

/* The largest first; among equals, by name. */
static int by_amount(const void *a, const void *b)
{
    const struct fact_category *x = a, *y = b;
    int64_t of_x = magnitude(x->minor), of_y = magnitude(y->minor);
    return of_x != of_y ? (of_x > of_y ? -1 : 1) : strcmp(x->name, y->name);
}

/* Tills disagree on the sign of what comes back; the amount is meant. */
static void read_lines(struct fact *f, const json_t *lines, bool is_return)
{
    struct goods g = {.count = 0};
    size_t i;
    json_t *line;
    json_array_foreach(lines, i, line)
    {
        const char *type = json_get_str(line, "type");
        int64_t minor = bounded(json_get_int(line, "extended_minor", 0));
        int64_t units = units_of(line);
        if (type && strcmp(type, "void") == 0)
            continue;
        bool back = is_return || (type && strcmp(type, "return") == 0);
        f->units += back ? -units : units;
        add_category(&g, json_get_str(line, "category"), back ? -magnitude(minor) : minor);
    }
    qsort(g.at, g.count, sizeof g.at[0], by_amount);
    f->category_count = g.count < FACT_CATEGORIES_MAX ? g.count : FACT_CATEGORIES_MAX;
    memcpy(f->categories, g.at, f->category_count * sizeof g.at[0]);
}

/* ---- receipts --------------------------------------------------------------------- */

/* Days since 1970 of "2026-11-23"; 0: no such date. */
static uint16_t day_of(const char *date)
{
    char text[32];
    int64_t ms = 0;
    int len = snprintf(text, sizeof text, "%sT00:00:00Z", date ? date : "");
    if (len <= 0 || (size_t)len >= sizeof text || clockfix_parse(text, &ms))
        return 0;
    int64_t day = ms / DAY_MS;
    return day <= UINT16_MAX ? (uint16_t)day : 0;
}

/* The till's own numbering where it is whole, else the key of the receipt. The
 * parts are apart by NULs, which no text of a record holds. */
static void read_receipt(struct fact_key *ret, const json_t *of, const struct id_key *key)
{
    const char *store = json_get_str(of, "store_id");
    const char *till = json_get_str(of, "register_id");
    const char *date = json_get_str(of, "business_date");
    const char *id = json_get_str(of, "transaction_id");
    const json_t *no = json_object_get(of, "sequence_number");
    uint16_t day = day_of(date);
    char text[8 + 4 * STORE_MEASURE_NAME_BYTES];
    int len = 0;
    if (store && till && day && json_is_integer(no))
        len = snprintf(text, sizeof text, "receipt%c%s%c%s%c%u%c%" PRId64, 0, store, 0, till, 0,
                       day, 0, (int64_t)json_integer_value(no));
    else if (id)
        len = snprintf(text, sizeof text, "transac%c%s", 0, id);
    if (!key || len <= 0 || (size_t)len >= sizeof text)
        return;
    uint8_t hash[ID_HASH_BYTES];
    id_hash(key, (const uint8_t *)text, (size_t)len, hash);
    struct bytes_writer w = bytes_writer_of(ret->at, sizeof ret->at);
    bytes_write_u16(&w, *text == 'r' ? day : 0);
    bytes_write(&w, hash, sizeof ret->at - 2);
    ret->given = true;
}

void fact_read_purchase(struct fact *f, const json_t *data, const struct id_key *key)
{
    const char *kind = json_get_str(data, "transaction_type");
    const json_t *original = json_object_get(data, "original_transaction");
    struct fact_key own = {.given = false};
    read_receipt(&own, data, key);
    if (kind && strcmp(kind, "void") == 0) {
        read_receipt(&f->strikes, original, key);
        if (!f->strikes.given)
            f->strikes = own;
        return;
    }
    bool is_return = kind && strcmp(kind, "return") == 0;
    f->receipt = own;
    f->is_exchange = kind && strcmp(kind, "exchange") == 0;
    fact_copy_text(f->currency, sizeof f->currency, json_get_str(data, "currency"),
                   json_get_str(data, "currency") ? strlen(json_get_str(data, "currency")) : 0);
    f->total_minor = bounded(json_get_int(data, "total_minor", 0));
    f->sale = is_return || (f->is_exchange && f->total_minor < 0) ? FACT_RETURN : FACT_SALE;
    if (f->sale == FACT_RETURN) {
        f->total_minor = magnitude(f->total_minor);
        read_receipt(&f->original, original, key);
    }
    read_lines(f, json_object_get(data, "lines"), is_return);
}
