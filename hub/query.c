#include "hub/query.h"

#include "crypto/token.h"
#include "platform/bytes.h"
#include "platform/clock.h"
#include "sync/audience_set.h"

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
    json_t *identifiers, *types, *value, *stores, *audience;
    int64_t events, purchases, refunds;
    int64_t first_ms, last_ms;
    size_t node_count;
};

static enum dl_err add_node(void *ctx, const struct store_node *node)
{
    struct portrait *p = ctx;
    const char *name = token_type_name(node->type);
    char id[2 + 2 * STORE_NODE_KEY_BYTES + 1] = "i_";
    bytes_to_hex(id + 2, node->key, STORE_NODE_KEY_BYTES);
    p->node_count++;
    json_t *item = json_pack("{s:s, s:s}", "type", name ? name : "unknown", "id", id);
    return item && json_array_append_new(p->identifiers, item) == 0 ? DL_OK : DL_E_NOMEM;
}

/* {"sales_minor","sales","returns_minor","returns","lifetime_minor"} of a currency. */
static enum dl_err add_money(struct portrait *p, const struct store_measure *m)
{
    bool sale = m->kind == STORE_MEASURE_SALES;
    json_t *of = json_object_get(p->value, m->name);
    if (!of) {
        of = json_pack("{s:i, s:i, s:i, s:i, s:i}", "sales", 0, "sales_minor", 0, "returns", 0,
                       "returns_minor", 0, "lifetime_minor", 0);
        if (!of || json_object_set_new(p->value, m->name, of) != 0)
            return DL_E_NOMEM;
    }
    int64_t lifetime = json_get_int(of, "lifetime_minor", 0) + (sale ? m->minor : -m->minor);
    *(sale ? &p->purchases : &p->refunds) += m->count;
    int rc = json_object_set_new(of, sale ? "sales" : "returns", json_integer(m->count));
    rc |=
        json_object_set_new(of, sale ? "sales_minor" : "returns_minor", json_integer(m->minor));
    rc |= json_object_set_new(of, "lifetime_minor", json_integer(lifetime));
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

static enum dl_err add_measure(void *ctx, const struct store_measure *m)
{
    struct portrait *p = ctx;
    switch (m->kind) {
    case STORE_MEASURE_TYPE:
        return add_type(p, m);
    case STORE_MEASURE_STORE:
        return json_object_set_new(p->stores, m->name, json_integer(m->count)) == 0
                   ? DL_OK
                   : DL_E_NOMEM;
    default:
        return add_money(p, m);
    }
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
    return json_pack("{s:s, s:I, s:I, s:I, s:o, s:o, s:O, s:O, s:O, s:O, s:O}", "profile_id",
                     id, "events", (json_int_t)p->events, "purchases", (json_int_t)p->purchases,
                     "refunds", (json_int_t)p->refunds, "first_seen", time_json(p->first_ms),
                     "last_seen", time_json(p->last_ms), "value", p->value, "stores", p->stores,
                     "types", p->types, "identifiers", p->identifiers, "audience", p->audience);
}

enum dl_err query_profile_of_root(struct store *st, int64_t root,
                                  const uint8_t key[static STORE_NODE_KEY_BYTES], json_t **ret)
{
    struct portrait p = {.identifiers = json_array(),
                         .types = json_object(),
                         .value = json_object(),
                         .stores = json_object(),
                         .audience = json_array()};
    enum dl_err err =
        p.identifiers && p.types && p.value && p.stores && p.audience ? DL_OK : DL_E_NOMEM;
    if (!err)
        err = st->nodes_of_root(st, root, add_node, &p);
    if (!err)
        err = st->measures_of_root(st, root, add_measure, &p);
    if (!err)
        err = add_audience(&p, st, root);
    json_t *profile = err ? NULL : draw(&p, key);
    if (!err && !profile)
        err = DL_E_NOMEM;
    json_decref(p.identifiers);
    json_decref(p.types);
    json_decref(p.value);
    json_decref(p.stores);
    json_decref(p.audience);
    if (!err)
        *ret = profile;
    return err;
}

enum dl_err query_profile(struct store *st, const char *id, json_t **ret)
{
    uint8_t key[STORE_NODE_KEY_BYTES];
    struct store_node node;
    if (strncmp(id, "p_", 2) != 0 || !bytes_from_hex(key, sizeof key, id + 2))
        return DL_E_INPUT;
    enum dl_err err = st->node_by_key(st, key, &node);
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
        json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "events",
                  (json_int_t)s.counters[STORE_COUNT_EVENTS], "profiles",
                  (json_int_t)s.profiles, "identifiers", (json_int_t)s.identifiers, "devices",
                  (json_int_t)s.devices, "devices_revoked", (json_int_t)s.devices_revoked,
                  "observations", (json_int_t)s.observations, "streams", (json_int_t)s.streams,
                  "tombstones", (json_int_t)s.tombstones);
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
