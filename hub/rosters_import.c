/* A draft made true: what it changes of the roster that is there. */
#include "hub/devices.h"
#include "hub/roster_pretix.h"
#include "hub/roster_text.h"
#include "hub/rosters_internal.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_TICKETS 2000 /* put at once */
#define SECOND_MS     1000

/* ---- the draft ------------------------------------------------------------------------ */

/* The zone of the roster that is there. */
static void zone_of(const json_t *document, struct checkin_zone *ret)
{
    const json_t *steps = json_object_get(document, "zone");
    *ret = (struct checkin_zone){.count = 0};
    for (size_t i = 0; i < json_array_size(steps) && i < CHECKIN_ZONE_STEPS_MAX; i++) {
        const json_t *step = json_array_get(steps, i);
        ret->steps[ret->count++] =
            (struct checkin_zone_step){json_integer_value(json_array_get(step, 0)),
                                       (int32_t)json_integer_value(json_array_get(step, 1))};
    }
}

static enum dl_err key_and_zone(struct hub *hub, const char *event, struct roster_key **ret_key,
                                struct checkin_zone *ret_zone)
{
    struct store *st = hub->reader;
    struct roster_kept kept = {.document = NULL};
    enum dl_err err = st->begin(st, STORE_READ);
    if (err)
        return err;
    err = roster_kept_load(st, event, &kept);
    st->rollback(st);
    zone_of(kept.document, ret_zone);
    if (err == DL_E_NOT_FOUND)
        err = roster_key_make(ret_key);
    else if (!err)
        err = roster_kept_key(hub, &kept.row, ret_key);
    roster_kept_done(&kept);
    return err;
}

enum dl_err rosters_draft(struct hub *hub, const char *event, const char *timezone,
                          int64_t now_ms, struct roster_draft *ret, struct dl_why *why)
{
    struct roster_key *key = NULL;
    struct checkin_zone zone;
    if (!rosters_event_fits(event)) {
        dl_why_set(why, "an event is 1 to 64 letters, digits, dots, dashes and underscores");
        return DL_E_INPUT;
    }
    enum dl_err err = key_and_zone(hub, event, &key, &zone);
    if (err)
        return err;
    err = roster_draft_init(ret, event, key, &zone);
    if (!err && timezone)
        err = roster_draft_zone(ret, timezone, now_ms, why);
    if (err)
        roster_draft_done(ret);
    return err;
}

/* ---- the head ------------------------------------------------------------------------- */

struct importing {
    struct hub *hub;
    struct store *st;
    const struct roster_draft *draft;
    int64_t now_ms;
    struct roster_kept kept;
    uint16_t *places; /* in the roster's words, by number of a draft's word */
    struct store_ticket *old;
    size_t old_count, old_cap;
    struct store_ticket *news; /* tickets to put */
    size_t new_count;
    struct rosters_change change;
};

static enum dl_err new_roster(struct importing *im)
{
    struct roster_kept *kept = &im->kept;
    *kept = (struct roster_kept){.row.added_ms = im->now_ms};
    memcpy(kept->row.event, im->draft->event, sizeof kept->row.event);
    kept->row.head_version = kept->row.ticket_version = (uint64_t)(im->now_ms / SECOND_MS);
    roster_kept_seal(im->hub, im->draft->key, &kept->row);
    kept->document = json_pack("{s:[s], s:o}", "words", "", "lists", roster_lists_default());
    im->change.created = true;
    return kept->document ? DL_OK : DL_E_NOMEM;
}

/* The draft's hashes are of the roster's key. */
static enum dl_err check_key(const struct importing *im)
{
    struct roster_key *key = NULL;
    uint8_t mine[ROSTER_HASH_BYTES], its[ROSTER_HASH_BYTES];
    enum dl_err err = roster_kept_key(im->hub, &im->kept.row, &key);
    if (!err)
        err = roster_hash(key, ROSTER_LABEL_TICKET, "key", 3, its);
    if (!err)
        err = roster_hash(im->draft->key, ROSTER_LABEL_TICKET, "key", 3, mine);
    roster_key_free(key);
    if (err)
        return err;
    return sodium_memcmp(mine, its, sizeof mine) == 0 ? DL_OK : DL_E_BUSY;
}

/* Gives each word of the draft its place in the roster's, which only grow. */
static enum dl_err place_words(struct importing *im)
{
    json_t *words = json_object_get(im->kept.document, "words"), *places = json_object();
    size_t count = json_array_size(im->draft->words);
    enum dl_err err = DL_OK;
    im->places = calloc(count + 1, sizeof *im->places);
    if (!places || !im->places)
        err = DL_E_NOMEM;
    for (size_t i = 1; !err && i < json_array_size(words); i++)
        if (json_object_set_new(places, json_string_value(json_array_get(words, i)),
                                json_integer((json_int_t)i)) != 0)
            err = DL_E_NOMEM;
    for (size_t i = 1; !err && i < count; i++) {
        json_t *word = json_array_get(im->draft->words, i);
        int64_t place = json_get_int(places, json_string_value(word), 0);
        if (place == 0) {
            place = (int64_t)json_array_size(words);
            if (place >= ROSTER_WORDS_MAX)
                err = DL_E_FULL;
            else if (json_array_append(words, word) != 0)
                err = DL_E_NOMEM;
        }
        im->places[i] = (uint16_t)place;
    }
    json_decref(places);
    return err;
}

static enum dl_err change_head(struct importing *im, struct dl_why *why)
{
    struct roster_kept *kept = &im->kept;
    json_t *before = im->change.created ? NULL : json_deep_copy(kept->document);
    enum dl_err err = place_words(im);
    if (err == DL_E_FULL) {
        dl_why_set(why, "it has had more different products and texts than a roster may have; "
                        "remove it and import it anew");
        err = DL_E_INPUT;
    }
    if (!err && json_object_update(kept->document, im->draft->head) != 0)
        err = DL_E_NOMEM;
    if (!err && !im->change.created && !before)
        err = DL_E_NOMEM;
    im->change.head_changed = !err && (!before || !json_equal(before, kept->document));
    json_decref(before);
    if (im->change.head_changed && !im->change.created)
        kept->row.head_version++;
    return err ? err : roster_kept_check(im->st, kept, im->draft->key, why);
}

/* ---- the tickets ---------------------------------------------------------------------- */

static enum dl_err add_old(void *ctx, const struct store_ticket *ticket)
{
    struct importing *im = ctx;
    if (im->old_count == im->old_cap) {
        size_t cap = im->old_cap ? 2 * im->old_cap : CHUNK_TICKETS;
        struct store_ticket *grown = realloc(im->old, cap * sizeof *grown);
        if (!grown)
            return DL_E_NOMEM;
        im->old = grown;
        im->old_cap = cap;
    }
    im->old[im->old_count++] = *ticket;
    return DL_OK;
}

static int by_hash(const void *a, const void *b)
{
    const struct store_ticket *x = a, *y = b;
    return memcmp(x->row.ticket, y->row.ticket, sizeof x->row.ticket);
}

static enum dl_err load_old(struct importing *im)
{
    static const uint8_t zeros[ROSTER_HASH_BYTES] = {0};
    if (im->change.created)
        return DL_OK;
    enum dl_err err = im->st->rosters.tickets_after(im->st, im->kept.row.no, 0, zeros,
                                                    INT64_MAX, add_old, im);
    if (!err && im->old_count)
        qsort(im->old, im->old_count, sizeof *im->old, by_hash);
    return err;
}

static bool same(const struct roster_ticket *a, const struct roster_ticket *b)
{
    return memcmp(a->order, b->order, sizeof a->order) == 0 && a->status == b->status &&
           a->product == b->product && a->variation == b->variation &&
           a->subevent == b->subevent && a->attention == b->attention &&
           a->valid_from_ms == b->valid_from_ms && a->valid_until_ms == b->valid_until_ms;
}

/* `to` takes the place of `from` (NULL: of nothing) under the next version. */
static void put(struct importing *im, const struct store_ticket *from,
                const struct roster_ticket *to, bool by_hand)
{
    struct store_ticket *t = &im->news[im->new_count++];
    uint64_t version = im->kept.row.ticket_version + !im->change.created;
    bool turned = !from || from->row.status != to->status;
    *t = (struct store_ticket){.row = *to, .by_hand = by_hand};
    t->row.version = version;
    t->changed_version = turned ? version : from->changed_version;
    t->row.changed_ms = to->status == ROSTER_VALID ? 0
                        : turned                   ? im->now_ms
                                                   : from->row.changed_ms;
}

static struct roster_ticket placed(const struct importing *im, const struct roster_ticket *from)
{
    struct roster_ticket t = *from;
    t.product = im->places[t.product];
    t.variation = im->places[t.variation];
    t.subevent = im->places[t.subevent];
    t.attention = im->places[t.attention];
    return t;
}

static void meet(struct importing *im, const struct store_ticket *old,
                 const struct roster_ticket *from)
{
    struct roster_ticket to = placed(im, from);
    if (old->by_hand && to.status != ROSTER_REVOKED) {
        to.status = ROSTER_REVOKED;
        im->change.by_hand++;
    }
    if (same(&old->row, &to)) {
        im->change.unchanged++;
        return;
    }
    if (old->row.status == ROSTER_REMOVED)
        im->change.added++;
    else
        im->change.changed++;
    put(im, old, &to, old->by_hand);
}

static void vanish(struct importing *im, const struct store_ticket *old)
{
    struct roster_ticket to = old->row;
    if (old->row.status == ROSTER_REMOVED)
        return;
    if (old->by_hand || !im->draft->whole) {
        im->change.unchanged++;
        return;
    }
    to.status = ROSTER_REMOVED;
    im->change.removed++;
    put(im, old, &to, false);
}

/* Both sorted by hash: one walk. */
static enum dl_err compare(struct importing *im)
{
    const struct roster_draft *draft = im->draft;
    size_t o = 0, d = 0;
    im->news = calloc(im->old_count + draft->count + 1, sizeof *im->news);
    if (!im->news)
        return DL_E_NOMEM;
    while (o < im->old_count || d < draft->count) {
        int order = o == im->old_count ? 1
                    : d == draft->count
                        ? -1
                        : memcmp(im->old[o].row.ticket, draft->tickets[d].row.ticket,
                                 ROSTER_HASH_BYTES);
        if (order == 0) {
            meet(im, &im->old[o++], &draft->tickets[d++].row);
        } else if (order < 0) {
            vanish(im, &im->old[o++]);
        } else {
            struct roster_ticket to = placed(im, &draft->tickets[d++].row);
            im->change.added++;
            put(im, NULL, &to, false);
        }
    }
    if (im->new_count && !im->change.created)
        im->kept.row.ticket_version++;
    return DL_OK;
}

/* ---- putting it ----------------------------------------------------------------------- */

static enum dl_err store_roster(struct importing *im)
{
    struct store_roster *row = &im->kept.row;
    struct store *st = im->st;
    size_t len = 0;
    if (!im->change.head_changed && im->new_count == 0)
        return DL_OK;
    char *text = json_text(im->kept.document, &len);
    if (!text)
        return DL_E_NOMEM;
    row->document = text;
    row->document_len = len;
    row->changed_ms = im->now_ms;
    enum dl_err err = im->change.created ? st->rosters.add(st, row) : st->rosters.set(st, row);
    json_text_free(text);
    row->document = NULL;
    return err == DL_E_EXISTS ? DL_E_BUSY : err;
}

static enum dl_err store_tickets(struct importing *im)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < im->new_count; i += CHUNK_TICKETS) {
        size_t left = im->new_count - i;
        err = im->st->rosters.tickets_put(im->st, im->kept.row.no, &im->news[i],
                                          left < CHUNK_TICKETS ? left : CHUNK_TICKETS);
    }
    return err;
}

static enum dl_err note(const struct importing *im, const char *who)
{
    const struct rosters_change *c = &im->change;
    char detail[160];
    snprintf(detail, sizeof detail,
             "%" PRIu64 " added, %" PRIu64 " changed, %" PRIu64 " removed, %" PRIu64
             " as before%s",
             c->added, c->changed, c->removed, c->unchanged,
             c->head_changed ? "; lists or words changed" : "");
    return devices_audit(im->st, who, "roster.import", im->draft->event, detail, im->now_ms);
}

static enum dl_err import(struct importing *im, struct dl_why *why)
{
    const struct roster_draft *draft = im->draft;
    enum dl_err err = roster_kept_load(im->st, draft->event, &im->kept);
    if (err == DL_E_NOT_FOUND && !draft->whole && draft->count == 0) {
        dl_why_set(why, "there is no roster of this event, and the file has no tickets to make "
                        "one of");
        return err;
    }
    if (err == DL_E_NOT_FOUND)
        err = new_roster(im);
    else if (!err)
        err = check_key(im);
    if (!err)
        err = change_head(im, why);
    if (!err)
        err = load_old(im);
    if (!err)
        err = compare(im);
    im->change.repeats = draft->repeats;
    im->change.head_version = im->kept.row.head_version;
    im->change.ticket_version = im->kept.row.ticket_version;
    return err;
}

enum dl_err rosters_import(struct hub *hub, const struct roster_draft *draft, bool dry_run,
                           const char *who, int64_t now_ms, struct rosters_change *ret,
                           struct dl_why *why)
{
    struct importing im = {
        .hub = hub, .st = hub->store, .draft = draft, .now_ms = now_ms, .kept.document = NULL};
    enum dl_err err = im.st->begin(im.st, STORE_WRITE);
    if (err)
        return err;
    err = import(&im, why);
    if (!err && !dry_run)
        err = store_roster(&im);
    if (!err && !dry_run)
        err = store_tickets(&im);
    if (!err && !dry_run)
        err = note(&im, who);
    if (err || dry_run)
        im.st->rollback(im.st);
    else
        err = im.st->commit(im.st);
    if (!err)
        *ret = im.change;
    roster_kept_done(&im.kept);
    free(im.places);
    free(im.old);
    free(im.news);
    return err;
}

json_t *rosters_change_json(const struct rosters_change *c)
{
    return json_pack("{s:b, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "created",
                     (int)c->created, "head_changed", (int)c->head_changed, "added",
                     (json_int_t)c->added, "changed", (json_int_t)c->changed, "removed",
                     (json_int_t)c->removed, "unchanged", (json_int_t)c->unchanged,
                     "revoked_by_hand", (json_int_t)c->by_hand, "repeats",
                     (json_int_t)c->repeats, "head_version", (json_int_t)c->head_version,
                     "ticket_version", (json_int_t)c->ticket_version);
}
