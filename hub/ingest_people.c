#include "hub/ingest_internal.h"

#include "hub/consent.h"
#include "hub/match_internal.h"
#include "hub/rekey.h"
#include "sync/record.h"

#include <stdlib.h>
#include <string.h>

/* ---- while the hub is re-keyed ---------------------------------------------------------- */

enum dl_err ingest_bring_along(struct batch *b)
{
    size_t total = 0;
    for (size_t f = 0; f < b->fresh_count; f++)
        total += b->records[b->fresh[f]].token_count;
    uint8_t(*elements)[GROUP_ELEMENT_BYTES] =
        b->rekeying ? calloc(total + 1, sizeof *elements) : NULL;
    if (!elements)
        return b->rekeying ? DL_E_NOMEM : DL_OK;
    size_t at = 0;
    for (size_t f = 0; f < b->fresh_count; f++)
        for (size_t k = 0; k < b->records[b->fresh[f]].token_count; k++)
            memcpy(elements[at++], b->records[b->fresh[f]].tokens[k].element,
                   GROUP_ELEMENT_BYTES);
    enum dl_err err =
        rekey_bring(b->hub, b->st, (const uint8_t(*)[GROUP_ELEMENT_BYTES])elements, total);
    free(elements);
    return err;
}

enum dl_err ingest_bring_people(struct batch *b, const struct opened *r)
{
    enum dl_err err = DL_OK;
    for (size_t k = 0; b->rekeying && !err && k < r->token_count; k++) {
        struct store_node node;
        err = b->st->node_find(b->st, r->tokens[k].element, &node);
        if (!err)
            err = rekey_bring_person(b->hub, b->st, node.root);
        else if (err == DL_E_NOT_FOUND)
            err = DL_OK;
    }
    return err;
}

/* ---- what people agreed to ---------------------------------------------------------- */

/* The person that a token leads to; DL_E_NOT_FOUND: to none, or to many. */
static enum dl_err person_of(struct batch *b, const struct match_token *token,
                             int64_t *ret_root)
{
    struct store_node node;
    enum dl_err err = b->st->node_find(b->st, token->element, &node);
    if (!err && node.marks & (MATCH_UNUSABLE | STORE_MARK_SHARED))
        err = DL_E_NOT_FOUND;
    if (!err && b->rekeying)
        err = rekey_bring_person(b->hub, b->st, node.root);
    if (!err)
        *ret_root = node.root;
    return err;
}

/* What an event says counts for whom its tokens led to before. */
static enum dl_err spread_words(struct batch *b, const struct opened *r)
{
    enum dl_err err = DL_OK;
    for (size_t k = 0; !err && k < r->token_count; k++) {
        int64_t root;
        err = person_of(b, &r->tokens[k], &root);
        if (!err)
            err = consent_spread(b->st, root);
        else if (err == DL_E_NOT_FOUND)
            err = DL_OK;
    }
    return err;
}

/* First all that the batch says, so that the order within it does not matter. */
static enum dl_err keep_consents(struct batch *b)
{
    enum dl_err err = DL_OK;
    for (size_t f = 0; !err && f < b->fresh_count; f++) {
        size_t i = b->fresh[f];
        const struct opened *r = &b->records[i];
        const struct store_event at = {
            .device = b->device.no, .stream = b->stream.no, .seq = b->frame.head.first_seq + i};
        if (!r->fact.is_erase && !b->erased_ms[i])
            err = consent_keep(b->st, r->tokens, r->token_count, &r->fact, r->time_ms, &at,
                               &b->unsettled[i]);
        if (!err && b->unsettled[i])
            err = spread_words(b, r);
    }
    return err;
}

/* One that many use, or that is blocked, speaks for nobody. */
static enum dl_err speaks_for_one(struct batch *b, const struct match_token *token, bool *ret)
{
    struct store_node node;
    enum dl_err err = b->st->node_find(b->st, token->element, &node);
    *ret = err || !(node.marks & (MATCH_UNUSABLE | STORE_MARK_SHARED));
    return err == DL_E_NOT_FOUND ? DL_OK : err;
}

/* Judges one event by what is known of its identifiers: of those that make one
 * person where it has any, else of the others. */
static enum dl_err judge(struct batch *b, size_t i)
{
    const struct opened *r = &b->records[i];
    struct consent_history history = {.count = 0};
    size_t least = SIZE_MAX;
    bool merging = false;
    enum dl_err err = DL_OK;
    for (size_t k = 0; k < r->token_count; k++)
        merging |= rules_merges(&b->rules, r->tokens[k].type);
    for (size_t k = 0; !err && k < r->token_count; k++) {
        struct consent_history one = {.count = 0};
        bool counts = false;
        if (!merging || rules_merges(&b->rules, r->tokens[k].type))
            err = speaks_for_one(b, &r->tokens[k], &counts);
        if (err || !counts)
            continue;
        err = consent_history_add(&one, b->st, r->tokens[k].element);
        if (!err)
            err = consent_history_join(&history, &one);
        least = one.count < least ? one.count : least;
        consent_history_done(&one);
    }
    b->unsettled[i] |=
        least != SIZE_MAX && history.count > least; /* one of them does not know it all */
    b->withheld[i] = !err && strcmp(r->fact.type, "consent") != 0 &&
                     consent_withholds(&history, r->time_ms, b->hub->consent_all_older);
    consent_history_done(&history);
    return err;
}

enum dl_err ingest_heed_consents(struct batch *b)
{
    bool any = false;
    enum dl_err err = keep_consents(b);
    if (!err)
        err = b->st->consents_refused(b->st, &any);
    for (size_t f = 0; !err && any && f < b->fresh_count; f++) {
        struct opened *r = &b->records[b->fresh[f]];
        if (r->token_count == 0 || r->fact.is_erase || b->erased_ms[b->fresh[f]])
            continue;
        err = judge(b, b->fresh[f]);
        if (b->withheld[b->fresh[f]])
            r->audience.sealed_len = 0;
    }
    return err;
}

enum dl_err ingest_settle_consents(struct batch *b)
{
    enum dl_err err = DL_OK;
    int64_t withheld = 0;
    for (size_t f = 0; !err && f < b->fresh_count; f++) {
        const struct opened *r = &b->records[b->fresh[f]];
        for (size_t k = 0; !err && b->unsettled[b->fresh[f]] && k < r->token_count; k++) {
            int64_t root;
            err = person_of(b, &r->tokens[k], &root);
            if (!err)
                err = consent_settle(b->st, &b->rules, root, b->hub->consent_all_older,
                                     &withheld);
            err = err == DL_E_NOT_FOUND ? DL_OK : err;
        }
    }
    return err ? err : b->st->count(b->st, STORE_COUNT_WITHHELD, withheld);
}
