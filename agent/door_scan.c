/* One scan: what is known of the ticket, what was, the decision, and the record. */
#include "agent/checkin_decide.h"
#include "agent/door_internal.h"
#include "agent/ticket_sig1.h"
#include "crypto/secret.h"
#include "platform/bytes.h"
#include "platform/clock.h"
#include "platform/log.h"
#include "platform/random.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* One scan on its way. */
struct passage {
    struct door *door;
    const struct door_ask *ask;
    const struct rosters_view *view;
    const struct roster_list *list;
    uint8_t nonce[SCANS_NONCE_BYTES];
    struct door_ticket ticket;
    struct decide_ticket known;
    struct decide_answer decision;
    struct scan scan;
    struct fold_policy policy;
    int64_t now_ms;
};

/* ---- what is known -------------------------------------------------------------------- */

static void print_id(int64_t id, char ret[static 24])
{
    ret[0] = '\0';
    if (id > 0)
        snprintf(ret, 24, "%" PRId64, id);
}

static const char *or_null(const char *text)
{
    return text[0] ? text : NULL;
}

static void know_by_list(struct passage *p)
{
    const struct roster_head *head = &p->view->head;
    const struct roster_ticket *row = &p->ticket.row;
    p->known = (struct decide_ticket){.mode = SCAN_BY_LIST,
                                      .status = row->status,
                                      .product = roster_word(head, row->product),
                                      .variation = roster_word(head, row->variation),
                                      .subevent = roster_word(head, row->subevent),
                                      .valid_from_ms = row->valid_from_ms,
                                      .valid_until_ms = row->valid_until_ms};
}

static void know_by_signature(struct passage *p)
{
    const struct roster_head *head = &p->view->head;
    struct door_ticket *t = &p->ticket;
    struct ticket_sig1 said;
    if (head->signer_count == 0 ||
        ticket_sig1_open(p->ask->code, p->ask->code_len, head->signers[0], head->signer_count,
                         &said))
        return;
    t->is_signed = true;
    print_id(said.item, t->product);
    print_id(said.variation, t->variation);
    print_id(said.subevent, t->subevent);
    p->known = (struct decide_ticket){.mode = SCAN_BY_SIGNATURE,
                                      .product = or_null(t->product),
                                      .variation = or_null(t->variation),
                                      .subevent = or_null(t->subevent),
                                      .valid_from_ms = said.valid_from_ms,
                                      .valid_until_ms = said.valid_until_ms};
}

/* What was removed from the roster is a stranger's, whatever its signature says. */
static enum dl_err know_ticket(struct passage *p)
{
    struct door_ticket *t = &p->ticket;
    p->known = (struct decide_ticket){.mode = SCAN_BY_NOTHING};
    enum dl_err err = rosters_find(p->door->opt.rosters, p->view, t->hash, &t->row);
    t->on_roster = err == DL_OK;
    if (t->on_roster && t->row.status != ROSTER_REMOVED)
        know_by_list(p);
    else if (err == DL_E_NOT_FOUND)
        know_by_signature(p);
    return err == DL_E_NOT_FOUND ? DL_OK : err;
}

/* ---- answers -------------------------------------------------------------------------- */

static json_t *name_of(const struct roster_head *head, const char *id)
{
    if (!id)
        return json_null();
    json_t *name = json_object_get(head->names, id);
    return json_is_string(name) ? json_incref(name) : json_string(id);
}

static json_t *or_json_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

/* As it is kept for one who asks again: without seq, and without the client's id. */
static json_t *answer_json(const struct passage *p)
{
    const struct roster_head *head = &p->view->head;
    const struct scan *first = past_first(&p->door->past);
    const struct decide_answer *a = &p->decision;
    const char *attention = p->ticket.on_roster && p->known.mode == SCAN_BY_LIST
                                ? roster_word(head, p->ticket.row.attention)
                                : NULL;
    int64_t age_s = rosters_age_s(p->door->opt.rosters, head->event);
    json_t *j = json_object();
    json_object_set_new(j, "scan_id", door_hex(p->scan.id, sizeof p->scan.id));
    json_object_set_new(j, "verdict", json_string(a->passes ? "ok" : "refused"));
    json_object_set_new(
        j, "reason", or_json_null(a->reason == SCAN_OK ? NULL : scan_reason_name(a->reason)));
    json_object_set_new(j, "attention", or_json_null(attention));
    json_object_set_new(j, "flagged", json_boolean(a->flagged));
    json_object_set_new(j, "forced", json_boolean(a->forced));
    json_object_set_new(j, "product", name_of(head, p->known.product));
    json_object_set_new(j, "first_scanned_at", first ? door_time(first->time_ms) : json_null());
    json_object_set_new(j, "first_device", or_json_null(first ? first->device : NULL));
    json_object_set_new(j, "snapshot_age_s", age_s < 0 ? json_null() : json_integer(age_s));
    json_object_set_new(j, "mode", json_string(scan_mode_name(p->scan.mode)));
    json_object_set_new(j, "checkin", door_checkin_json(&p->scan, p->known.product));
    return j;
}

/* The answer that was given, with the figures of now. */
static enum dl_err answer_again(struct passage *p, const struct scans_row *row,
                                struct door_answer *ret)
{
    json_t *j = NULL;
    if (!row->answer || json_parse(&j, row->answer, strlen(row->answer), NULL, NULL))
        return DL_E_CORRUPT;
    json_object_set_new(j, "id",
                        p->ask->nonce ? json_string(p->ask->nonce)
                                      : door_hex(row->scan.id, sizeof row->scan.id));
    json_object_set_new(j, "seq", json_integer((json_int_t)row->scan.seq));
    json_object_set_new(j, "duplicate", json_true());
    json_object_set_new(j, "stats", door_figures(p->door, p->view, p->list));
    ret->outcome = DOOR_REPEATED;
    ret->json = j;
    return DL_OK;
}

/* DL_E_NOT_FOUND: nobody asked with this nonce before. */
static enum dl_err look_for_nonce(struct passage *p, struct door_answer *ret)
{
    struct scans_row row;
    if (!p->ask->nonce)
        return DL_E_NOT_FOUND;
    id_hash(p->door->opt.id_key, (const uint8_t *)p->ask->nonce, strlen(p->ask->nonce),
            p->nonce);
    enum dl_err err = scans_by_nonce(p->door->scans, p->nonce, &row);
    return err ? err : answer_again(p, &row, ret);
}

/* Of an OK for this ticket at this gate a moment ago, that still stands. */
static bool is_repeat(const struct passage *p, const struct fold_item *item)
{
    const struct scan *s = item->scan;
    int64_t ago_ms = p->now_ms - s->time_ms;
    return fold_counts(item->verdict) && s->type == p->ask->type && ago_ms >= 0 &&
           ago_ms <= DOOR_REPEAT_MS && strcmp(s->device, p->door->opt.device) == 0 &&
           strcmp(s->gate, p->ask->gate) == 0;
}

static enum dl_err look_for_repeat(struct passage *p, struct door_answer *ret)
{
    struct scans_row row;
    const struct past *past = &p->door->past;
    for (size_t i = past->count; i > 0; i--) {
        if (!is_repeat(p, &past->items[i - 1]))
            continue;
        enum dl_err err = scans_by_id(p->door->scans, past->items[i - 1].scan->id, &row);
        return err ? err : answer_again(p, &row, ret);
    }
    return DL_E_NOT_FOUND;
}

/* ---- the record ----------------------------------------------------------------------- */

static void fill_scan(struct passage *p)
{
    const struct door_ask *ask = p->ask;
    struct scan *s = &p->scan;
    *s = (struct scan){.type = ask->type,
                       .reason = p->decision.reason,
                       .mode = p->decision.flagged ? SCAN_BY_NOTHING : p->known.mode,
                       .forced = p->decision.forced,
                       .version = p->view->version,
                       .time_ms = p->now_ms,
                       .timed = true};
    random_bytes(s->id, sizeof s->id);
    memcpy(s->ticket, p->ticket.hash, sizeof s->ticket);
    snprintf(s->event, sizeof s->event, "%s", ask->event);
    snprintf(s->list, sizeof s->list, "%s", p->list->id);
    snprintf(s->gate, sizeof s->gate, "%s", ask->gate);
    snprintf(s->device, sizeof s->device, "%s", p->door->opt.device);
}

/* A code becomes a token where it is a ticket's: people hold other cards to readers. */
static void fill_record(struct passage *p)
{
    json_t *record = p->ask->record;
    json_object_set_new(record, "id",
                        p->ask->nonce ? json_string(p->ask->nonce)
                                      : door_hex(p->scan.id, sizeof p->scan.id));
    if (p->known.mode != SCAN_BY_NOTHING) {
        json_t *ids = json_object_get(record, "identifiers");
        json_t *code = json_stringn(p->ask->code, p->ask->code_len);
        if (ids)
            json_object_set_new(ids, "ticket", code);
        else
            json_object_set_new(record, "identifiers", json_pack("{s:o}", "ticket", code));
    }
    json_t *data = json_object_get(record, "data");
    json_object_set_new(data, "list", json_string(p->list->id));
}

static enum dl_err put(struct passage *p, json_t *answer, struct door_answer *ret)
{
    size_t len = 0;
    char *text = json_text(answer, &len);
    if (!text || len > SCANS_ANSWER_BYTES_MAX) {
        json_text_free(text);
        return text ? DL_E_INPUT : DL_E_NOMEM;
    }
    const struct scans_own own = {&p->scan, p->ask->nonce ? p->nonce : NULL, text};
    const struct accept_scan extra = {&own, p->known.product, p->known.variation};
    enum dl_err err = accept_scan(p->door->opt.accept, p->ask->record, &extra, &ret->problems);
    json_text_free(text);
    return err;
}

/* The figures move by what this scan changed. */
static enum dl_err count(struct passage *p)
{
    struct door *d = p->door;
    const struct checkin_history before = d->past.history;
    enum dl_err err = past_add(&d->past, &p->scan);
    if (!err)
        err = past_fold(&d->past, &p->policy);
    struct tally *t = err ? NULL : tally_of(d, p->scan.event, p->scan.list);
    if (t)
        tally_change(t, &p->policy.reentry, &before, &d->past.history, p->now_ms);
    d->last_scan_ms = clock_wall_ms();
    return err;
}

static enum dl_err record(struct passage *p, struct door_answer *ret)
{
    fill_scan(p);
    fill_record(p);
    json_t *answer = answer_json(p);
    if (!answer)
        return DL_E_NOMEM;
    enum dl_err err = put(p, answer, ret);
    bool refused = err == DL_E_INPUT && ret->problems.problem_count > 0;
    if (err || !ret->problems.items[0].is_new) { /* recorded before there was a roster */
        ret->outcome = refused ? DOOR_REFUSED : DOOR_NO_ROSTER;
        json_decref(answer);
        return refused ? DL_OK : err;
    }
    p->scan.seq = ret->problems.items[0].seq;
    if (count(p)) /* what was answered is on disk; the figures are counted anew later */
        LOG_WARN("door.not_counted");
    json_object_set(answer, "id", json_object_get(p->ask->record, "id"));
    json_object_set_new(answer, "seq", json_integer((json_int_t)p->scan.seq));
    json_object_set_new(answer, "stats", door_figures(p->door, p->view, p->list));
    ret->outcome = DOOR_DECIDED;
    ret->json = answer;
    return DL_OK;
}

/* ---- the step ------------------------------------------------------------------------- */

static void decide(struct passage *p)
{
    const struct past *past = &p->door->past;
    const struct decide_ask ask = {.head = &p->view->head,
                                   .list = p->list,
                                   .gate = p->ask->gate,
                                   .type = p->ask->type,
                                   .now_ms = p->now_ms,
                                   .force = p->ask->force,
                                   .ticket = p->known,
                                   .history = &past->history,
                                   .entries = past->entries,
                                   .entry_count = past->entry_count};
    p->decision = checkin_decide(&ask);
}

/* Without a database nobody is let in, and nobody is accused of anything. */
static void decide_nothing(struct passage *p, enum dl_err err)
{
    LOG_ERROR("door.cannot_look", LOG_ERR(err));
    past_clear(&p->door->past);
    p->known = (struct decide_ticket){.mode = SCAN_BY_NOTHING};
    p->decision = (struct decide_answer){.reason = SCAN_ERROR};
}

/* Locked. */
static enum dl_err step(struct passage *p, struct door_answer *ret)
{
    struct door *d = p->door;
    enum dl_err err = look_for_nonce(p, ret);
    if (err != DL_E_NOT_FOUND)
        return err;
    p->now_ms = p->ask->has_time ? p->ask->time_ms : door_stamp_ms(d);
    err = know_ticket(p);
    door_policy(p->view, p->list, &p->ticket, &p->policy);
    if (!err)
        err = past_read(&d->past, d->scans, p->ask->event, p->list->id, p->ticket.hash);
    if (!err)
        err = past_fold(&d->past, &p->policy);
    if (err) {
        decide_nothing(p, err);
        return record(p, ret);
    }
    err = look_for_repeat(p, ret);
    if (err != DL_E_NOT_FOUND)
        return err;
    decide(p);
    return record(p, ret);
}

static const struct roster_list *list_of(const struct rosters_view *view, const char *id)
{
    if (id)
        return roster_list_find(&view->head, id);
    return view->head.list_count == 1 ? &view->head.lists[0] : NULL;
}

static enum dl_err scan_with(struct door *d, const struct door_ask *ask,
                             const struct rosters_view *view, struct door_answer *ret)
{
    struct passage p = {.door = d, .ask = ask, .view = view, .list = list_of(view, ask->list)};
    if (!p.list) {
        ret->outcome = DOOR_NO_LIST;
        return DL_OK;
    }
    if (roster_hash(view->key, ROSTER_LABEL_TICKET, ask->code, ask->code_len, p.ticket.hash)) {
        ret->outcome = DOOR_NO_CODE;
        return DL_OK;
    }
    mutex_lock(&d->lock);
    enum dl_err err = step(&p, ret);
    mutex_unlock(&d->lock);
    secret_wipe(&p.ticket, sizeof p.ticket);
    return err;
}

enum dl_err door_scan(struct door *d, const struct door_ask *ask, struct door_answer *ret)
{
    *ret = (struct door_answer){.outcome = DOOR_NO_ROSTER};
    struct rosters_view *view = rosters_get(d->opt.rosters, ask->event);
    bool unknown = !view || !view->complete;
    enum dl_err err = unknown ? DL_OK : scan_with(d, ask, view, ret);
    if (view)
        rosters_put(d->opt.rosters, view);
    if (d->opt.on_scan && !err)
        d->opt.on_scan(d->opt.ctx);
    return err;
}
