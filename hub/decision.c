#include "hub/decision.h"

#include "hub/match.h"

#include <string.h>

static void order(struct store_decision *d, const struct store_node *a,
                  const struct store_node *b)
{
    bool turn = memcmp(a->key, b->key, STORE_NODE_KEY_BYTES) > 0;
    memcpy(d->a, turn ? b->key : a->key, sizeof d->a);
    memcpy(d->b, turn ? a->key : b->key, sizeof d->b);
}

enum dl_err decision_pair(struct store *st, enum store_decision_kind kind,
                          const struct store_node *a, const struct store_node *b,
                          int64_t now_ms)
{
    struct store_decision d = {.kind = kind, .at_ms = now_ms};
    struct rules rules;
    int64_t nodes[] = {a->no, b->no};
    order(&d, a, b);
    enum dl_err err = st->decisions_add(st, &d, 1);
    if (!err)
        err = rules_current(st, &rules);
    return err ? err : match_refresh(st, &rules, nodes, 2);
}
