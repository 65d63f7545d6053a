#include "agent/peering.h"

#include "agent/enrolment.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/log.h"
#include "sync/peers.h"
#include "sync/scans.h"

#include <stdlib.h>

struct peering {
    struct rosters *rosters;
    struct door *door;
    struct scans *scans; /* of the peers' thread */
    struct peers *peers;
};

/* ---- what peers asks of the store --------------------------------------------------- */

static enum dl_err take(void *ctx, const struct scan *scans, size_t count)
{
    struct peering *p = ctx;
    return door_learn(p->door, scans, count, SCANS_PEER, NULL, 0);
}

struct shelf {
    struct scan *scans;
    size_t count;
};

static enum dl_err put(void *ctx, const struct scans_row *row)
{
    struct shelf *shelf = ctx;
    shelf->scans[shelf->count++] = row->scan;
    return DL_OK;
}

static enum dl_err read_scans(void *ctx, const struct peers_range *range, struct scan *ret,
                              size_t cap, size_t *ret_count)
{
    struct peering *p = ctx;
    struct shelf shelf = {.scans = ret};
    const struct scans_range wanted = {.event = range->event,
                                       .device = range->device,
                                       .after = range->after,
                                       .through = range->through,
                                       .newest_first = range->newest_first};
    enum dl_err err = scans_of_device(p->scans, &wanted, cap, put, &shelf);
    if (!err)
        *ret_count = shelf.count;
    return err;
}

/* ---- who they are --------------------------------------------------------------------- */

static enum dl_err set_gates(struct peering *p, struct rosters_view *const *views, size_t count,
                             struct peers_gate (*gates)[ROSTER_PEERS_MAX])
{
    struct peers_event events[PEERS_EVENTS_MAX];
    for (size_t i = 0; i < count; i++) {
        const struct roster_head *head = &views[i]->head;
        for (size_t j = 0; j < head->peer_count; j++)
            gates[i][j] = (struct peers_gate){.device = head->peers[j].device,
                                              .address = head->peers[j].address};
        events[i] = (struct peers_event){
            .event = head->event, .gates = gates[i], .gate_count = head->peer_count};
    }
    return peers_set(p->peers, events, count);
}

void peering_refresh(struct peering *p)
{
    struct rosters_view *views[PEERS_EVENTS_MAX];
    struct peers_gate(*gates)[ROSTER_PEERS_MAX] = calloc(PEERS_EVENTS_MAX, sizeof *gates);
    size_t count = rosters_all(p->rosters, views, PEERS_EVENTS_MAX);
    enum dl_err err = gates ? set_gates(p, views, count, gates) : DL_E_NOMEM;
    for (size_t i = 0; i < count; i++)
        rosters_put(p->rosters, views[i]);
    free(gates);
    if (!err)
        return;
    /* Better nobody than one who was taken off. */
    LOG_ERROR("peer.list_refused", LOG_ERR(err));
    dl_ignore(peers_set(p->peers, NULL, 0));
}

void peering_offer(struct peering *p)
{
    peers_offer(p->peers);
}

/* ---- how it stands -------------------------------------------------------------------- */

void peering_sums(struct peering *p, struct peering_sums *ret)
{
    struct peers_view views[PEERS_MAX];
    *ret = (struct peering_sums){.gates = peers_view(p->peers, views)};
    for (size_t i = 0; i < ret->gates; i++) {
        ret->up += views[i].is_up;
        ret->scans_in += views[i].scans_in;
        ret->scans_out += views[i].scans_out;
    }
}

static json_t *view_json(const struct peers_view *view)
{
    char changed[CLOCK_TEXT_BYTES];
    clock_text(view->changed_ms, changed);
    return json_pack("{s:s, s:s, s:b, s:s?, s:I, s:I, s:I, s:s?}", "device", view->device,
                     "address", view->address, "up", view->is_up, "since",
                     view->changed_ms ? changed : NULL, "scans_in", (json_int_t)view->scans_in,
                     "scans_out", (json_int_t)view->scans_out, "failures",
                     (json_int_t)view->failures, "last_failure",
                     view->failures ? dl_err_name(view->last) : NULL);
}

json_t *peering_json(struct peering *p)
{
    struct peers_view views[PEERS_MAX];
    size_t count = peers_view(p->peers, views);
    json_t *all = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(all, view_json(&views[i]));
    return all;
}

/* ---- making ----------------------------------------------------------------------------- */

static enum dl_err start_peers(struct peering *p, const struct peering_options *opt,
                               struct dl_why *why)
{
    struct file_path ca, cert, key;
    enum dl_err err = file_join(&ca, opt->dir, ENROLMENT_HUB_CA);
    if (!err)
        err = file_join(&cert, opt->dir, ENROLMENT_TLS_CERT);
    if (!err)
        err = file_join(&key, opt->dir, ENROLMENT_TLS_KEY);
    if (err)
        return err;
    const struct peers_options peers = {.ca_path = ca.s,
                                        .cert_path = cert.s,
                                        .key_path = key.s,
                                        .device = opt->device,
                                        .listen = opt->listen,
                                        .take = take,
                                        .read = read_scans,
                                        .ctx = p};
    return peers_start(&p->peers, &peers, why);
}

enum dl_err peering_start(struct peering **ret, const struct peering_options *opt,
                          struct dl_why *why)
{
    struct peering *p = calloc(1, sizeof *p);
    if (!p)
        return DL_E_NOMEM;
    p->rosters = opt->rosters;
    p->door = opt->door;
    enum dl_err err = scans_open(&p->scans, opt->outbox_path, why);
    if (!err)
        err = start_peers(p, opt, why);
    if (err)
        goto done;
    peering_refresh(p);
    *ret = p;
    p = NULL; /* the caller's now */
done:
    peering_stop(p);
    return err;
}

void peering_stop(struct peering *p)
{
    if (!p)
        return;
    peers_stop(p->peers);
    scans_close(p->scans);
    free(p);
}
