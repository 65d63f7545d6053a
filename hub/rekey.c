#include "hub/rekey_internal.h"

#include "hub/match_internal.h"
#include "platform/bytes.h"
#include "platform/file.h"

#include <stdlib.h>
#include <string.h>

#define AAD_BYTES (16 + 4)

static void aad_of(const char *what, uint32_t generation, uint8_t ret[static AAD_BYTES])
{
    struct bytes_writer w = bytes_writer_of(ret + 16, AAD_BYTES - 16);
    memset(ret, 0, AAD_BYTES);
    memcpy(ret, what, strlen(what)); /* at most 16 */
    bytes_write_u32(&w, generation);
}

enum dl_err rekey_open_factor(const struct hub *hub, const struct store_rekey *rekey,
                              struct hub_share **ret)
{
    uint8_t aad[AAD_BYTES];
    aad_of("rekey-factor", rekey->generation, aad);
    return hub_share_open(ret, hub->store_key, aad, sizeof aad, rekey->factor);
}

enum dl_err rekey_open_share(const struct hub *hub, const struct store_rekey *rekey,
                             struct hub_share **ret)
{
    uint8_t aad[AAD_BYTES];
    aad_of("rekey-share", rekey->generation, aad);
    return hub_share_open(ret, hub->store_key, aad, sizeof aad, rekey->share);
}

enum dl_err rekey_seal(const struct hub *hub, const struct hub_share *factor,
                       const struct hub_share *share, struct store_rekey *rekey)
{
    uint8_t aad[AAD_BYTES];
    aad_of("rekey-factor", rekey->generation, aad);
    enum dl_err err = hub_share_seal(factor, hub->store_key, aad, sizeof aad, rekey->factor);
    aad_of("rekey-share", rekey->generation, aad);
    return err ? err : hub_share_seal(share, hub->store_key, aad, sizeof aad, rekey->share);
}

enum dl_err rekey_turn(const struct hub_share *factor, struct store_move *move)
{
    enum dl_err err = hub_share_convert(factor, move->from, move->to);
    if (err == DL_E_INPUT) { /* no element of the group: it never matched anything */
        memcpy(move->to, move->from, sizeof move->to);
        err = DL_OK;
    }
    return err;
}

enum dl_err rekey_share(const struct hub *hub, struct store *st, struct hub_share **ret)
{
    struct store_rekey rekey;
    struct file_path path;
    struct hub_share *share = NULL;
    uint8_t mark[HUB_SHARE_MARK_BYTES];
    enum dl_err err = st->rekey_get(st, &rekey);
    if (!err && rekey.started_ms)
        return rekey_open_share(hub, &rekey, ret);
    if (!err)
        err = file_join(&path, hub->dir, HUB_FILE_SHARE);
    if (!err)
        err = hub_share_load(&share, path.s);
    if (err)
        return err;
    hub_share_mark(share, mark);
    if (rekey.has_mark && memcmp(mark, rekey.share_mark, sizeof mark) != 0) {
        hub_share_free(share);
        return DL_E_CORRUPT;
    }
    *ret = share;
    return DL_OK;
}

/* ---- on the way ------------------------------------------------------------------------ */

/* What leads from an element of the present generation to the one before. */
static enum dl_err open_way_back(const struct hub *hub, struct store *st,
                                 struct hub_share **ret)
{
    struct store_rekey rekey;
    struct hub_share *factor = NULL;
    *ret = NULL;
    enum dl_err err = st->rekey_get(st, &rekey);
    if (err || !rekey.started_ms)
        return err;
    err = rekey_open_factor(hub, &rekey, &factor);
    if (!err)
        err = hub_share_inverse(ret, factor);
    hub_share_free(factor);
    return err;
}

enum dl_err rekey_bring(const struct hub *hub, struct store *st,
                        const uint8_t (*elements)[GROUP_ELEMENT_BYTES], size_t count)
{
    struct hub_share *back = NULL;
    enum dl_err err = open_way_back(hub, st, &back);
    for (size_t i = 0; !err && back && i < count; i++) {
        struct store_node known;
        struct store_move move;
        err = st->node_find(st, elements[i], &known);
        if (err != DL_E_NOT_FOUND)
            continue; /* it is here already, or the store fails */
        memcpy(move.to, elements[i], sizeof move.to);
        err = hub_share_convert(back, move.to, move.from);
        if (!err)
            err = st->elements_move(st, &move, 1);
        else if (err == DL_E_INPUT)
            err = DL_OK;
    }
    hub_share_free(back);
    return err;
}

/* ---- a person --------------------------------------------------------------------------- */

static enum dl_err move_nodes(struct store *st, const struct hub_share *factor,
                              uint32_t generation, const struct match_nodes *nodes)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < nodes->count; i++) {
        struct store_move move;
        if (nodes->at[i].no == 0 || nodes->at[i].generation == generation)
            continue;
        memcpy(move.from, nodes->at[i].element, sizeof move.from);
        err = rekey_turn(factor, &move);
        if (!err) /* a node that is listed twice moves once: `from` is gone */
            err = st->elements_move(st, &move, 1);
    }
    return err;
}

enum dl_err rekey_bring_person(const struct hub *hub, struct store *st, int64_t root)
{
    struct store_rekey rekey;
    struct match_nodes members = {.count = 0}, nodes = {.count = 0};
    struct match_rows rows = {.count = 0};
    struct hub_share *factor = NULL;
    enum dl_err err = st->rekey_get(st, &rekey);
    if (err || !rekey.started_ms)
        return err;
    err = rekey_open_factor(hub, &rekey, &factor);
    if (!err)
        err = st->nodes_of_root(st, root, match_nodes_add, &members);
    for (size_t i = 0; !err && i < members.count; i++)
        err = st->evidence_around(st, &members.at[i].no, 1, match_rows_add, &rows);
    match_rows_sort(&rows);
    if (!err)
        err = match_nodes_of_rows(st, &rows, &nodes);
    if (!err)
        err = move_nodes(st, factor, rekey.generation, &members);
    if (!err)
        err = move_nodes(st, factor, rekey.generation, &nodes);
    hub_share_free(factor);
    free(members.at);
    free(nodes.at);
    free(rows.at);
    return err;
}
