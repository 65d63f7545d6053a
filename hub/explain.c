#include "hub/explain.h"

#include "crypto/token.h"
#include "hub/decision.h"
#include "hub/likeness.h"
#include "hub/match_internal.h"
#include "hub/query.h"
#include "platform/plural.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct explaining {
    struct match_region region;
    struct store_node asked;
    struct match_nodes nodes; /* of the profile, attaching ones too */
    size_t root;              /* place in the region; PARTITION_NONE: it joins nobody */
    json_t *identifiers, *joined, *also, *kept_out, *several;
};

static const char *type_name(uint8_t type)
{
    const char *name = type == LIKENESS_TYPE ? "likeness" : token_type_name(type);
    return name ? name : "unknown";
}

static void node_id(const uint8_t key[static STORE_NODE_KEY_BYTES],
                    char ret[static QUERY_PROFILE_ID_BYTES])
{
    query_profile_id(key, ret);
    ret[0] = 'i';
}

/* What an operator should know of an identifier, in one word. */
static const char *standing(const struct store_node *n)
{
    static const struct {
        uint8_t mark;
        const char *word;
    } words[] = {{STORE_MARK_BLOCKED, "blocked"},         {STORE_MARK_SATURATED, "saturated"},
                 {STORE_MARK_QUARANTINED, "quarantined"}, {STORE_MARK_SHARED, "shared"},
                 {STORE_MARK_DETACHED, "detached"},       {STORE_MARK_ATTACHES, "follows"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (n->marks & words[i].mark)
            return words[i].word;
    return "joins";
}

static enum dl_err add_identifiers(struct explaining *e)
{
    for (size_t i = 0; i < e->nodes.count; i++) {
        const struct store_node *n = &e->nodes.at[i];
        char id[QUERY_PROFILE_ID_BYTES];
        node_id(n->key, id);
        json_t *row = json_pack("{s:s, s:s, s:s}", "id", id, "type", type_name(n->type),
                                "standing", standing(n));
        if (!row || json_array_append_new(e->identifiers, row) != 0)
            return DL_E_NOMEM;
    }
    return DL_OK;
}

/* ---- edges -------------------------------------------------------------------------- */

static const struct store_node *end_of(const struct explaining *e, size_t place)
{
    return &e->region.nodes.at[place];
}

static int64_t act_of(const struct explaining *e, int64_t no)
{
    for (size_t i = 0; i < e->region.decisions.count; i++)
        if (e->region.decisions.at[i].no == no)
            return e->region.decisions.at[i].group;
    return no;
}

static json_t *edge_json(const struct explaining *e, const struct partition_edge *edge)
{
    static const char *const by[] = {"decision", "observations", "likeness"};
    static const char *const measure[] = {"decision", "observations", "bits"};
    const struct store_node *a = end_of(e, edge->a), *b = end_of(e, edge->b);
    char ids[2][QUERY_PROFILE_ID_BYTES];
    node_id(a->key, ids[0]);
    node_id(b->key, ids[1]);
    json_t *weight = edge->cls == PARTITION_ALIKE
                         ? json_real((double)edge->weight / 1000)
                         : json_integer(edge->cls == PARTITION_DECIDED ? act_of(e, edge->weight)
                                                                       : edge->weight);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "a", ids[0], "a_type",
                     type_name(a->type), "b", ids[1], "b_type", type_name(b->type), "by",
                     by[edge->cls], measure[edge->cls], weight);
}

static json_t *kept_out_json(const struct explaining *e, const struct partition_edge *edge)
{
    static const char *const reasons[] = {[PARTITION_LIMIT] = "limit",
                                          [PARTITION_NEVER] = "never",
                                          [PARTITION_HELD] = "blob_max"};
    json_t *row = edge_json(e, edge);
    bool ours = e->region.partition.nodes[edge->a].root == e->root;
    size_t other = e->region.partition.nodes[ours ? edge->b : edge->a].root;
    char id[QUERY_PROFILE_ID_BYTES];
    query_profile_id(end_of(e, other)->key, id);
    int rc = json_object_set_new(row, "other", json_string(id));
    rc |= json_object_set_new(row, "reason", json_string(reasons[edge->fate]));
    if (edge->fate == PARTITION_LIMIT) {
        const struct rule *rule = rules_of(e->region.rules, edge->limit);
        rc |= json_object_set_new(row, "limit_type", json_string(type_name(edge->limit)));
        rc |= json_object_set_new(row, "limit", json_integer(rule->values_per_profile));
    }
    if (rc == 0)
        return row;
    json_decref(row);
    return NULL;
}

static enum dl_err add_edges(struct explaining *e)
{
    const struct partition *p = &e->region.partition;
    for (size_t i = 0; i < p->edge_count; i++) {
        const struct partition_edge *edge = &p->edges[i];
        bool a = p->nodes[edge->a].root == e->root, b = p->nodes[edge->b].root == e->root;
        json_t *row = NULL, *to = NULL;
        if (edge->fate == PARTITION_JOINED || edge->fate == PARTITION_INSIDE) {
            to = a ? (edge->fate == PARTITION_JOINED ? e->joined : e->also) : NULL;
            row = to ? edge_json(e, edge) : NULL;
        } else if (a != b) {
            to = e->kept_out;
            row = kept_out_json(e, edge);
        }
        if (to && (!row || json_array_append_new(to, row) != 0))
            return DL_E_NOMEM;
    }
    return DL_OK;
}

/* ---- contacts of several people ------------------------------------------------------- */

static bool is_ours(const struct explaining *e, size_t place)
{
    return e->root != PARTITION_NONE && e->region.partition.nodes[place].root == e->root;
}

/* Was it seen with somebody of this profile, or is it the profile? */
static bool is_beside(const struct explaining *e, size_t place)
{
    const struct partition *p = &e->region.partition;
    bool beside = is_ours(e, place);
    for (size_t from = 0, end = 0; !beside && from < p->row_count; from = end) {
        bool here = false, ours = false;
        for (end = from;
             end < p->row_count && p->rows[end].observation == p->rows[from].observation;
             end++) {
            here |= p->rows[end].node == place;
            ours |= is_ours(e, p->rows[end].node);
        }
        beside = here && ours;
    }
    return beside;
}

static enum dl_err note_several(void *ctx, const struct store_likeness *row)
{
    if (row->state == STORE_LIKENESS_SEVERAL)
        *(struct store_likeness *)ctx = *row;
    return DL_OK;
}

static enum dl_err add_several(struct explaining *e)
{
    struct store *st = e->region.st;
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < e->region.nodes.count; i++) {
        const struct store_node *n = &e->region.nodes.at[i];
        struct store_likeness found = {.a = 0};
        char id[QUERY_PROFILE_ID_BYTES];
        if (!(n->marks & STORE_MARK_SATURATED) || !rules_shareable(e->region.rules, n->type) ||
            !is_beside(e, i))
            continue;
        err = st->likenesses_of(st, &n->no, 1, note_several, &found);
        if (err || !found.a)
            continue;
        node_id(n->key, id);
        json_t *row = json_pack("{s:s, s:s, s:f}", "id", id, "type", type_name(n->type), "bits",
                                (double)found.millibits / 1000);
        err = row && json_array_append_new(e->several, row) == 0 ? DL_OK : DL_E_NOMEM;
    }
    return err;
}

/* ---- all of it ---------------------------------------------------------------------- */

static enum dl_err compute(struct explaining *e)
{
    struct store *st = e->region.st;
    struct match_numbers roots = {.count = 0};
    int64_t blob = e->asked.root;
    enum dl_err err = st->blobs_find(st, &blob, 1);
    if (!err)
        err = match_numbers_add(&roots, blob);
    if (!err)
        err = match_region_blobs(&e->region, &roots);
    const struct store_node *root = err ? NULL : match_node_of(&e->region.nodes, e->asked.root);
    e->root = root ? (size_t)(root - e->region.nodes.at) : PARTITION_NONE;
    free(roots.at);
    return err;
}

enum dl_err explain_profile(struct store *st, const char *id, json_t **ret)
{
    struct rules rules;
    struct explaining e = {.identifiers = json_array(),
                           .joined = json_array(),
                           .also = json_array(),
                           .kept_out = json_array(),
                           .several = json_array()};
    char profile[QUERY_PROFILE_ID_BYTES];
    e.region.st = st;
    e.region.rules = &rules;
    enum dl_err err =
        e.identifiers && e.joined && e.also && e.kept_out && e.several ? DL_OK : DL_E_NOMEM;
    if (!err)
        err = rules_current(st, &rules);
    if (!err)
        err = decision_node(st, id, &e.asked);
    if (!err)
        err = st->nodes_of_root(st, e.asked.root, match_nodes_add, &e.nodes);
    if (!err)
        err = compute(&e);
    if (!err)
        err = add_identifiers(&e);
    if (!err)
        err = add_edges(&e);
    if (!err)
        err = add_several(&e);
    if (!err) {
        query_profile_id(e.asked.root_key, profile);
        *ret = json_pack("{s:s, s:I, s:O, s:O, s:O, s:O, s:O}", "profile_id", profile,
                         "rules_version", (json_int_t)rules.version, "identifiers",
                         e.identifiers, "joined", e.joined, "also", e.also, "kept_out",
                         e.kept_out, "several", e.several);
        err = *ret ? DL_OK : DL_E_NOMEM;
    }
    match_region_done(&e.region);
    free(e.nodes.at);
    json_decref(e.identifiers);
    json_decref(e.joined);
    json_decref(e.also);
    json_decref(e.kept_out);
    json_decref(e.several);
    return err;
}

/* ---- for a person ------------------------------------------------------------------- */

static void print_edge(const json_t *row)
{
    printf("  %s %-11s - %s %-11s ", json_get_str(row, "a"), json_get_str(row, "a_type"),
           json_get_str(row, "b"), json_get_str(row, "b_type"));
    const json_t *bits = json_object_get(row, "bits");
    if (bits)
        printf("alike, %.1f bits", json_real_value(bits));
    else if (json_object_get(row, "decision"))
        printf("decision %" PRId64, json_get_int(row, "decision", 0));
    else
        printf("together in %" PRId64 " observation%s", json_get_int(row, "observations", 0),
               plural(json_get_int(row, "observations", 0)));
}

static void print_reason(const json_t *row)
{
    const char *type = json_get_str(row, "limit_type"), *reason = json_get_str(row, "reason");
    printf("; %s: ", json_get_str(row, "other"));
    if (type)
        printf("a profile has at most %" PRId64 " %s", json_get_int(row, "limit", 0), type);
    else
        printf("%s", reason && reason[0] == 'n' ? "a decision keeps them apart"
                                                : "too much hangs together here (blob_max)");
}

static void print_edges(const char *heading, const json_t *rows)
{
    size_t i;
    json_t *row;
    if (json_array_size(rows) == 0)
        return;
    printf("%s\n", heading);
    json_array_foreach(rows, i, row)
    {
        print_edge(row);
        if (json_object_get(row, "reason"))
            print_reason(row);
        puts("");
    }
}

static void print_several(const json_t *rows)
{
    size_t i;
    json_t *row;
    if (json_array_size(rows) > 0)
        puts("contacts of several people, which join nobody");
    json_array_foreach(rows, i, row)
        printf("  %s %-11s names and birth dates beside it differ, %.1f bits\n",
               json_get_str(row, "id"), json_get_str(row, "type"),
               json_real_value(json_object_get(row, "bits")));
}

void explain_print(const json_t *explanation)
{
    const json_t *identifiers = json_object_get(explanation, "identifiers");
    size_t i;
    json_t *row;
    printf("%s\nidentifiers\n", json_get_str(explanation, "profile_id"));
    json_array_foreach(identifiers, i, row)
        printf("  %s %-11s %s\n", json_get_str(row, "id"), json_get_str(row, "type"),
               json_get_str(row, "standing"));
    print_edges("joined by", json_object_get(explanation, "joined"));
    print_edges("which is borne out by", json_object_get(explanation, "also"));
    print_edges("kept out", json_object_get(explanation, "kept_out"));
    print_several(json_object_get(explanation, "several"));
}
