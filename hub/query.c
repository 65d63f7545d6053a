#include "hub/query.h"

#include "crypto/token.h"
#include "platform/bytes.h"
#include "platform/clock.h"
#include "sync/audience_set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void query_profile_id(const uint8_t key[static STORE_NODE_KEY_BYTES],
                      char ret[static QUERY_PROFILE_ID_BYTES])
{
    ret[0] = 'p';
    ret[1] = '_';
    bytes_to_hex(ret + 2, key, STORE_NODE_KEY_BYTES);
}

static json_t *time_json(int64_t ms)
{
    char text[CLOCK_TEXT_BYTES];
    clock_text(ms, text);
    return json_string(text);
}

/* What the rows of a profile build up. */
struct portrait {
    json_t *identifiers, *types, *value, *stores, *channels, *categories, *checkins, *audience;
    int64_t events, purchases, refunds, visits, checkin_count;
    int64_t first_ms, last_ms;
    struct store_measure *rows;
    size_t row_count, row_cap;
};

static enum dl_err add_node(void *ctx, const struct store_node *node)
{
    struct portrait *p = ctx;
    const char *name = token_type_name(node->type);
    char id[2 + 2 * STORE_NODE_KEY_BYTES + 1] = "i_";
    bytes_to_hex(id + 2, node->key, STORE_NODE_KEY_BYTES);
    json_t *item = json_pack("{s:s, s:s}", "type", name ? name : "unknown", "id", id);
    return item && json_array_append_new(p->identifiers, item) == 0 ? DL_OK : DL_E_NOMEM;
}

static enum dl_err add_row(void *ctx, const struct store_measure *m)
{
    struct portrait *p = ctx;
    if (p->row_count == p->row_cap) {
        size_t cap = p->row_cap ? 2 * p->row_cap : 32;
        struct store_measure *grown = realloc(p->rows, cap * sizeof *grown);
        if (!grown)
            return DL_E_NOMEM;
        p->rows = grown;
        p->row_cap = cap;
    }
    p->rows[p->row_count++] = *m;
    return DL_OK;
}

/* Half a minor unit goes away from zero. */
static int64_t per_order(int64_t minor, int64_t orders)
{
    if (orders <= 0)
        return 0;
    return (minor < 0 ? minor - orders / 2 : minor + orders / 2) / orders;
}

/* {"sales_minor","sales","returns_minor","returns","lifetime_minor",...} of a currency. */
static enum dl_err add_money(struct portrait *p, const struct store_measure *m)
{
    bool sale = m->kind == STORE_MEASURE_SALES;
    json_t *of = json_object_get(p->value, m->name);
    if (!of) {
        of = json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "sales", 0, "sales_minor", 0,
                       "returns", 0, "returns_minor", 0, "lifetime_minor", 0, "units", 0,
                       "basket_minor", 0);
        if (!of || json_object_set_new(p->value, m->name, of) != 0)
            return DL_E_NOMEM;
    }
    int64_t lifetime = json_get_int(of, "lifetime_minor", 0) + (sale ? m->minor : -m->minor);
    int64_t units = json_get_int(of, "units", 0) + (sale ? m->units : -m->units);
    *(sale ? &p->purchases : &p->refunds) += m->count;
    int rc = json_object_set_new(of, sale ? "sales" : "returns", json_integer(m->count));
    rc |=
        json_object_set_new(of, sale ? "sales_minor" : "returns_minor", json_integer(m->minor));
    rc |= json_object_set_new(of, "lifetime_minor", json_integer(lifetime));
    rc |= json_object_set_new(of, "units", json_integer(units));
    if (sale)
        rc |= json_object_set_new(of, "basket_minor",
                                  json_integer(per_order(m->minor, m->count)));
    return rc == 0 ? DL_OK : DL_E_NOMEM;
}

static enum dl_err add_type(struct portrait *p, const struct store_measure *m)
{
    if (p->events == 0 || m->first_ms < p->first_ms)
        p->first_ms = m->first_ms;
    if (p->events == 0 || m->last_ms > p->last_ms)
        p->last_ms = m->last_ms;
    p->events += m->count;
    return json_object_set_new(p->types, m->name, json_integer(m->count)) == 0 ? DL_OK
                                                                               : DL_E_NOMEM;
}

/* By kind; the largest amount, then the largest count, first; among equals, by name. */
static int by_weight(const void *a, const void *b)
{
    const struct store_measure *x = a, *y = b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->minor != y->minor)
        return x->minor > y->minor ? -1 : 1;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return strcmp(x->name, y->name);
}

static enum dl_err add_category(struct portrait *p, const struct store_measure *m)
{
    char currency[4];
    snprintf(currency, sizeof currency, "%.3s", m->name);
    json_t *of = json_object_get(p->categories, currency);
    if (!of && json_object_set_new(p->categories, currency, of = json_object()) != 0)
        return DL_E_NOMEM;
    if (json_object_size(of) >= QUERY_NAMES_MAX || strlen(m->name) < 4)
        return DL_OK;
    return json_object_set_new(of, m->name + 4, json_integer(m->minor)) == 0 ? DL_OK
                                                                             : DL_E_NOMEM;
}

static enum dl_err add_count(json_t *to, const struct store_measure *m)
{
    if (json_object_size(to) >= QUERY_NAMES_MAX)
        return DL_OK;
    return json_object_set_new(to, m->name, json_integer(m->count)) == 0 ? DL_OK : DL_E_NOMEM;
}

static enum dl_err add_measure(struct portrait *p, const struct store_measure *m)
{
    switch (m->kind) {
    case STORE_MEASURE_TYPE:
        return add_type(p, m);
    case STORE_MEASURE_SALES:
    case STORE_MEASURE_RETURNS:
        return add_money(p, m);
    case STORE_MEASURE_STORE:
        return add_count(p->stores, m);
    case STORE_MEASURE_CHANNEL:
        return add_count(p->channels, m);
    case STORE_MEASURE_CATEGORY:
        return add_category(p, m);
    case STORE_MEASURE_VISIT:
        p->visits += m->count;
        return DL_OK;
    case STORE_MEASURE_CHECKIN:
        p->checkin_count += m->count;
        return add_count(p->checkins, m);
    }
    return DL_OK; /* of a later version */
}

/* For which advertising platforms something is kept, sealed for the custodian. */
static enum dl_err add_audience(struct portrait *p, struct store *st, int64_t root)
{
    uint8_t schemes = 0;
    enum dl_err err = st->audience_of_root(st, root, &schemes);
    for (uint8_t i = 1; !err && i < AUDIENCE_SCHEMES_END; i++)
        if ((schemes & AUDIENCE_BIT(i)) &&
            json_array_append_new(p->audience, json_string(audience_scheme_name(i))) != 0)
            err = DL_E_NOMEM;
    return err;
}

static json_t *draw(const struct portrait *p, const uint8_t key[static STORE_NODE_KEY_BYTES])
{
    char id[QUERY_PROFILE_ID_BYTES];
    query_profile_id(key, id);
    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:O, s:O, s:O, s:O, s:O, s:O, "
                     "s:O, s:O}",
                     "profile_id", id, "events", (json_int_t)p->events, "purchases",
                     (json_int_t)p->purchases, "refunds", (json_int_t)p->refunds, "visits",
                     (json_int_t)p->visits, "checkins", (json_int_t)p->checkin_count,
                     "first_seen", time_json(p->first_ms), "last_seen", time_json(p->last_ms),
                     "value", p->value, "stores", p->stores, "channels", p->channels,
                     "categories", p->categories, "occasions", p->checkins, "types", p->types,
                     "identifiers", p->identifiers, "audience", p->audience);
}

static enum dl_err draw_all(struct portrait *p, const uint8_t key[static STORE_NODE_KEY_BYTES],
                            json_t **ret)
{
    enum dl_err err = DL_OK;
    if (p->row_count)
        qsort(p->rows, p->row_count, sizeof *p->rows, by_weight);
    for (size_t i = 0; !err && i < p->row_count; i++)
        err = add_measure(p, &p->rows[i]);
    json_t *profile = err ? NULL : draw(p, key);
    if (err || !profile)
        return err ? err : DL_E_NOMEM;
    *ret = profile;
    return DL_OK;
}

enum dl_err query_profile_of_root(struct store *st, int64_t root,
                                  const uint8_t key[static STORE_NODE_KEY_BYTES], json_t **ret)
{
    struct portrait p = {.identifiers = json_array(), .audience = json_array()};
    json_t **const objects[] = {&p.types,    &p.value,      &p.stores,
                                &p.channels, &p.categories, &p.checkins};
    enum dl_err err = p.identifiers && p.audience ? DL_OK : DL_E_NOMEM;
    for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++)
        if (!(*objects[i] = json_object()))
            err = DL_E_NOMEM;
    if (!err)
        err = st->nodes_of_root(st, root, add_node, &p);
    if (!err)
        err = st->measures_of_root(st, root, add_row, &p);
    if (!err)
        err = add_audience(&p, st, root);
    if (!err)
        err = draw_all(&p, key, ret);
    for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++)
        json_decref(*objects[i]);
    json_decref(p.identifiers);
    json_decref(p.audience);
    free(p.rows);
    return err;
}

enum dl_err query_node(struct store *st, const char *id, struct store_node *ret)
{
    uint8_t key[STORE_NODE_KEY_BYTES];
    if (strncmp(id, "p_", 2) != 0 || !bytes_from_hex(key, sizeof key, id + 2))
        return DL_E_INPUT;
    return st->node_by_key(st, key, ret);
}

enum dl_err query_profile(struct store *st, const char *id, json_t **ret)
{
    struct store_node node;
    enum dl_err err = query_node(st, id, &node);
    return err ? err : query_profile_of_root(st, node.root, node.root_key, ret);
}

enum dl_err query_profile_by_element(struct store *st,
                                     const uint8_t element[static GROUP_ELEMENT_BYTES],
                                     char ret[static QUERY_PROFILE_ID_BYTES])
{
    struct store_node node;
    enum dl_err err = st->node_find(st, element, &node);
    if (!err)
        query_profile_id(node.root_key, ret);
    return err;
}

enum dl_err query_stats(struct store *st, json_t **ret)
{
    struct store_stats s;
    enum dl_err err = st->stats(st, &s);
    if (err)
        return err;
    json_t *stats =
        json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "events",
                  (json_int_t)s.counters[STORE_COUNT_EVENTS], "profiles",
                  (json_int_t)s.profiles, "identifiers", (json_int_t)s.identifiers, "devices",
                  (json_int_t)s.devices, "devices_revoked", (json_int_t)s.devices_revoked,
                  "observations", (json_int_t)s.observations, "streams", (json_int_t)s.streams,
                  "tombstones", (json_int_t)s.tombstones, "identifiers_shared",
                  (json_int_t)s.shared, "identifiers_detached", (json_int_t)s.detached,
                  "identifiers_saturated", (json_int_t)s.saturated, "identifiers_blocked",
                  (json_int_t)s.blocked, "identifiers_quarantined", (json_int_t)s.quarantined);
    for (size_t i = STORE_COUNT_EVENTS + 1; stats && i < STORE_COUNTERS; i++)
        if (json_object_set_new(stats, store_counter_name((enum store_counter)i),
                                json_integer(s.counters[i])) != 0) {
            json_decref(stats);
            stats = NULL;
        }
    if (!stats)
        return DL_E_NOMEM;
    *ret = stats;
    return DL_OK;
}
