/* What two gates tell each other. */
#include "platform/clock.h"
#include "sync/peers_internal.h"

#include <string.h>

/* Of the time a store takes with a peer's scans, own scans have as much. */
#define REST_MS_MAX 200
/* Comparing reads all that is known: a peer may not ask for that all the time. */
#define HELLOS_AT_ONCE 8
#define HELLO_EVERY_MS 1000

static enum dl_err read_range(struct peers *p, const struct peers_range *range, size_t cap)
{
    p->frame.count = 0;
    return p->opt.read(p->opt.ctx, range, p->frame.scans, cap, &p->frame.count);
}

/* ---- comparing -------------------------------------------------------------------------- */

/* What this gate has of a device's scans up to `through`. */
static enum dl_err sum_up(struct peers *p, const char *device, uint64_t through,
                          struct peer_known *known)
{
    struct peers_range range = {.event = known->event, .device = device, .through = through};
    size_t count = 0;
    known->count = known->seq = 0;
    memset(known->digest, 0, sizeof known->digest);
    do {
        enum dl_err err = read_range(p, &range, PEER_SCANS_MAX);
        if (err)
            return err;
        count = p->frame.count;
        for (size_t i = 0; i < count; i++)
            peer_known_add(known, &p->frame.scans[i]);
        range.after = known->seq;
    } while (count == PEER_SCANS_MAX);
    return DL_OK;
}

static enum dl_err say_hello(struct peers *p, struct peer_link *link)
{
    const struct peer_gate *gate = peers_gate_of(p, link->device);
    size_t count = 0;
    enum dl_err err = DL_OK;
    for (size_t i = 0; gate && i < p->plan.event_count && !err; i++) {
        if (!(gate->events >> i & 1))
            continue;
        struct peer_known *known = &p->frame.known[count++];
        memcpy(known->event, p->plan.events[i], sizeof known->event);
        err = sum_up(p, link->device, INT64_MAX, known);
    }
    p->frame.type = PEER_HELLO;
    p->frame.count = count;
    return err;
}

/* Where the peer has exactly ours up to its highest, only what is above it is sent. */
static enum dl_err start(struct peers *p, const struct peer_known *theirs,
                         struct peer_stream *ret)
{
    struct peer_known ours = {.seq = 0};
    memcpy(ours.event, theirs->event, sizeof ours.event);
    enum dl_err err = sum_up(p, p->device, theirs->seq, &ours);
    if (err)
        return err;
    bool same = ours.count == theirs->count && ours.seq == theirs->seq &&
                memcmp(ours.digest, theirs->digest, sizeof ours.digest) == 0;
    const struct peers_range newest = {
        .event = ours.event, .device = p->device, .through = INT64_MAX, .newest_first = true};
    err = read_range(p, &newest, 1);
    if (err)
        return err;
    memcpy(ret->event, theirs->event, sizeof ret->event);
    ret->top = ret->ceiling = p->frame.count > 0 ? p->frame.scans[0].seq : 0;
    ret->floor = same ? theirs->seq : 0;
    return DL_OK;
}

static struct peer_stream *stream_of(struct peer_link *link, const char *event)
{
    for (size_t i = 0; i < link->stream_count; i++)
        if (strcmp(link->streams[i].event, event) == 0)
            return &link->streams[i];
    return NULL;
}

static bool is_wanted(const struct peers *p, size_t count, const char *event)
{
    size_t i = 0;
    while (i < count && strcmp(p->frame.known[i].event, event) != 0)
        i++;
    return i < count;
}

static void drop(struct peer_link *link, size_t at)
{
    link->streams[at] = link->streams[--link->stream_count];
}

static enum dl_err hear_hello(struct peers *p, struct peer_link *link, uint64_t now)
{
    size_t count = p->frame.count;
    if (link->hellos++ > HELLOS_AT_ONCE + (now - link->since) / HELLO_EVERY_MS)
        return DL_E_CORRUPT;
    for (size_t i = link->stream_count; i-- > 0;)
        if (!is_wanted(p, count, link->streams[i].event))
            drop(link, i);
    for (size_t i = 0; i < count; i++) {
        const struct peer_known *theirs = &p->frame.known[i];
        if (stream_of(link, theirs->event) || !peers_shared(p, link->device, theirs->event))
            continue;
        enum dl_err err = start(p, theirs, &link->streams[link->stream_count]);
        if (err)
            return err;
        link->stream_count++;
    }
    link->is_fresh = true;
    return DL_OK;
}

void peer_stream_prune(struct peers *p, struct peer_link *link)
{
    for (size_t i = link->stream_count; i-- > 0;)
        if (!peers_shared(p, link->device, link->streams[i].event))
            drop(link, i);
}

/* ---- hearing ---------------------------------------------------------------------------- */

/* An event that is shared no more is no lie: its gates hear of that one by one. */
static enum dl_err hear_scans(struct peers *p, struct peer_link *link)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->frame.count; i++) {
        const struct scan *scan = &p->frame.scans[i];
        if (strcmp(scan->device, link->device) != 0)
            return DL_E_CORRUPT;
        if (peers_shared(p, link->device, scan->event))
            p->frame.scans[kept++] = *scan;
    }
    if (kept == 0)
        return DL_OK;
    uint64_t begun = clock_mono_ms();
    enum dl_err err = p->opt.take(p->opt.ctx, p->frame.scans, kept);
    if (err)
        return err;
    uint64_t now = clock_mono_ms(), took = now - begun;
    p->rest_until = now + (took < REST_MS_MAX ? took : REST_MS_MAX);
    struct peer_gate *gate = peers_gate_of(p, link->device);
    if (gate)
        gate->view.scans_in += kept;
    return DL_OK;
}

enum dl_err peer_stream_hear(struct peers *p, struct peer_link *link, uint64_t now)
{
    switch (p->frame.type) {
    case PEER_HELLO:
        return hear_hello(p, link, now);
    case PEER_SCANS:
        return hear_scans(p, link);
    default:
        return DL_OK;
    }
}

/* ---- saying ----------------------------------------------------------------------------- */

static enum dl_err say_new(struct peers *p, struct peer_stream *stream)
{
    const struct peers_range range = {.event = stream->event,
                                      .device = p->device,
                                      .after = stream->top,
                                      .through = INT64_MAX};
    enum dl_err err = read_range(p, &range, PEER_SCANS_MAX);
    if (!err && p->frame.count > 0)
        stream->top = p->frame.scans[p->frame.count - 1].seq;
    return err;
}

static enum dl_err say_old(struct peers *p, struct peer_stream *stream)
{
    const struct peers_range range = {.event = stream->event,
                                      .device = p->device,
                                      .after = stream->floor,
                                      .through = stream->ceiling,
                                      .newest_first = true};
    p->frame.count = 0;
    if (stream->ceiling <= stream->floor)
        return DL_OK;
    enum dl_err err = read_range(p, &range, PEER_SCANS_MAX);
    if (!err)
        stream->ceiling =
            p->frame.count > 0 ? p->frame.scans[p->frame.count - 1].seq - 1 : stream->floor;
    return err;
}

/* Each stream in its turn; leaves p->frame.count 0 when none has anything. */
static enum dl_err say_scans(struct peers *p, struct peer_link *link,
                             enum dl_err (*say)(struct peers *p, struct peer_stream *stream))
{
    p->frame.count = 0;
    for (size_t i = 0; i < link->stream_count; i++) {
        link->stream_next = (link->stream_next + 1) % link->stream_count;
        enum dl_err err = say(p, &link->streams[link->stream_next]);
        if (err || p->frame.count > 0)
            return err;
    }
    return DL_OK;
}

enum dl_err peer_stream_say(struct peers *p, struct peer_link *link, uint64_t now,
                            bool *ret_any)
{
    *ret_any = true;
    if (link->hello_due) {
        link->hello_due = false;
        return say_hello(p, link);
    }
    enum dl_err err = DL_OK;
    p->frame.type = PEER_SCANS;
    p->frame.count = 0;
    if (link->is_fresh) {
        err = say_scans(p, link, say_new);
        link->is_fresh = !err && p->frame.count > 0;
    }
    if (!err && p->frame.count == 0)
        err = say_scans(p, link, say_old);
    if (err || p->frame.count > 0) {
        struct peer_gate *gate = peers_gate_of(p, link->device);
        if (gate)
            gate->view.scans_out += p->frame.count;
        return err;
    }
    p->frame.type = PEER_PING;
    *ret_any = now - link->said >= PEERS_PING_MS(p->patience_ms);
    return DL_OK;
}
