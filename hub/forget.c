#include "hub/forget.h"

#include "hub/devices.h"
#include "hub/erase.h"
#include "hub/match.h"
#include "hub/rekey.h"
#include "platform/bytes.h"

#include <stdlib.h>
#include <string.h>

struct tokens {
    struct match_token *at;
    size_t count, cap;
};

static enum dl_err collect(void *ctx, const struct store_node *node)
{
    struct tokens *t = ctx;
    if (t->count == t->cap) {
        size_t cap = t->cap ? 2 * t->cap : 16;
        struct match_token *grown = realloc(t->at, cap * sizeof *grown);
        if (!grown)
            return DL_E_NOMEM;
        t->at = grown;
        t->cap = cap;
    }
    struct match_token *token = &t->at[t->count++];
    *token = (struct match_token){.type = node->type};
    memcpy(token->element, node->element, sizeof token->element);
    return DL_OK;
}

static enum dl_err parse_id(const char *id, uint8_t ret[static STORE_NODE_KEY_BYTES])
{
    bool ok = strncmp(id, "p_", 2) == 0 && bytes_from_hex(ret, STORE_NODE_KEY_BYTES, id + 2);
    return ok ? DL_OK : DL_E_INPUT;
}

static enum dl_err forget(struct hub *hub, const uint8_t node_key[static STORE_NODE_KEY_BYTES],
                          const char *id, const char *who, int64_t now_ms, struct tokens *t)
{
    struct store *st = hub->store;
    struct store_node node;
    enum dl_err err = st->node_by_key(st, node_key, &node);
    if (!err)
        err = rekey_bring_person(hub, st, node.root);
    if (!err)
        err = st->nodes_of_root(st, node.root, collect, t);
    if (!err)
        err = erase_apply(st, hub->id_key, t->at, t->count, now_ms);
    if (!err)
        err = st->count(st, STORE_COUNT_ERASURES, 1);
    return err ? err : devices_audit(st, who, "profile.forget", id, NULL, now_ms);
}

enum dl_err forget_profile(struct hub *hub, const char *id, const char *who, int64_t now_ms,
                           size_t *ret_identifiers)
{
    struct store *st = hub->store;
    uint8_t node_key[STORE_NODE_KEY_BYTES];
    struct tokens tokens = {.count = 0};
    enum dl_err err = parse_id(id, node_key);
    if (err)
        return err;
    err = st->begin(st, STORE_ALONE);
    if (err)
        return err;
    err = forget(hub, node_key, id, who, now_ms, &tokens);
    if (!err)
        err = st->commit(st);
    else
        st->rollback(st);
    if (!err)
        *ret_identifiers = tokens.count;
    free(tokens.at);
    return err;
}
