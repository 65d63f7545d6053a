#include "sync/peers.h"

#include "crypto/pki.h"
#include "platform/clock.h"
#include "platform/log.h"
#include "sync/peers_internal.h"

#include <stdlib.h>
#include <string.h>

#define BACKOFF_BASE_MS 250
#define BACKOFF_MAX_MS  5000
#define PATIENCE_MS     5000
#define IDLE_MS         60000
#define ERROR_PAUSE_MS  1000

/* ---- who is who ------------------------------------------------------------------------- */

static struct peer_gate *gate_in(struct peer_plan *plan, const char *device)
{
    for (size_t i = 0; i < plan->gate_count; i++)
        if (strcmp(plan->gates[i].view.device, device) == 0)
            return &plan->gates[i];
    return NULL;
}

struct peer_gate *peers_gate_of(struct peers *p, const char *device)
{
    return gate_in(&p->plan, device);
}

bool peers_shared(struct peers *p, const char *device, const char *event)
{
    const struct peer_gate *gate = peers_gate_of(p, device);
    for (size_t i = 0; gate && i < p->plan.event_count; i++)
        if (strcmp(p->plan.events[i], event) == 0)
            return gate->events >> i & 1;
    return false;
}

static enum dl_err plan_gate(struct peer_plan *plan, size_t event, const struct peers_gate *in)
{
    const char *address = in->address ? in->address : "";
    struct peer_gate *gate = gate_in(plan, in->device);
    if (!gate) {
        if (plan->gate_count == PEERS_MAX || !pki_name_ok(in->device) ||
            strlen(address) >= PEERS_ADDRESS_BYTES)
            return DL_E_INPUT;
        gate = &plan->gates[plan->gate_count++];
        memcpy(gate->view.device, in->device, strlen(in->device) + 1);
    }
    if (!gate->view.address[0])
        memcpy(gate->view.address, address, strlen(address) + 1);
    gate->events |= UINT64_C(1) << event;
    return DL_OK;
}

static enum dl_err plan_make(const struct peers *p, const struct peers_event *events,
                             size_t count, struct peer_plan *plan)
{
    if (count > PEERS_EVENTS_MAX)
        return DL_E_INPUT;
    for (size_t i = 0; i < count; i++) {
        if (!scan_name_fits(events[i].event))
            return DL_E_INPUT;
        memcpy(plan->events[i], events[i].event, strlen(events[i].event) + 1);
        plan->event_count++;
        for (size_t j = 0; j < events[i].gate_count; j++) {
            const struct peers_gate *gate = &events[i].gates[j];
            enum dl_err err =
                strcmp(gate->device, p->device) == 0 ? DL_OK : plan_gate(plan, i, gate);
            if (err)
                return err;
        }
    }
    return DL_OK;
}

enum dl_err peers_set(struct peers *p, const struct peers_event *events, size_t count)
{
    struct peer_plan *plan = calloc(1, sizeof *plan);
    if (!plan)
        return DL_E_NOMEM;
    enum dl_err err = plan_make(p, events, count, plan);
    if (!err) {
        mutex_lock(&p->lock);
        struct peer_plan *old = p->plan_new;
        p->plan_new = plan;
        plan = old;
        mutex_unlock(&p->lock);
        net_waker_wake(p->waker);
    }
    free(plan);
    return err;
}

/* What is known of a gate goes over to the new plan. */
static void take_plan(struct peers *p, struct peer_plan *plan, uint64_t now)
{
    for (size_t i = 0; i < plan->gate_count; i++) {
        struct peer_gate *gate = &plan->gates[i];
        const struct peer_gate *old = peers_gate_of(p, gate->view.device);
        backoff_init(&gate->backoff, p->opt.backoff_base_ms, p->opt.backoff_max_ms);
        gate->alone_since = now;
        if (!old)
            continue;
        bool moved = strcmp(old->view.address, gate->view.address) != 0;
        struct peers_view view = old->view;
        memcpy(view.address, gate->view.address, sizeof view.address);
        gate->view = view;
        gate->alone_since = old->alone_since;
        if (!moved) {
            gate->backoff = old->backoff;
            gate->next = old->next;
        }
    }
    p->plan = *plan;
}

/* ---- links ------------------------------------------------------------------------------ */

static struct peer_link *link_to(struct peers *p, const char *device, bool up_only)
{
    for (size_t i = 0; i < p->link_count; i++)
        if (strcmp(p->links[i]->device, device) == 0 &&
            (!up_only || p->links[i]->state == PEER_UP))
            return p->links[i];
    return NULL;
}

static void note_failure(struct peer_gate *gate, enum dl_err err, uint64_t now)
{
    gate->view.failures++;
    gate->view.last = err;
    gate->next = now + (uint64_t)backoff_next_ms(&gate->backoff, -1);
}

/* A stranger, or one who is not what it should be: each is counted, some are logged. */
static void note_refusal(struct peers *p, enum dl_err err)
{
    p->refused++;
    if ((p->refused & (p->refused - 1)) == 0)
        LOG_WARN("peer.refused", LOG_ERR(err), LOG_U64("count", p->refused));
}

/* Replaced: another link to the same gate goes on in its place. */
static void end_link(struct peers *p, size_t at, enum dl_err err, bool replaced, uint64_t now)
{
    struct peer_link *link = p->links[at];
    struct peer_gate *gate = peers_gate_of(p, link->device);
    bool was_up = link->state == PEER_UP;
    p->links[at] = p->links[--p->link_count];
    if (err == DL_E_AUTH || err == DL_E_CORRUPT)
        note_refusal(p, err);
    if (gate && !replaced) {
        if (was_up && now - link->since > p->patience_ms)
            backoff_reset(&gate->backoff);
        note_failure(gate, err, now);
    }
    if (gate && was_up && !link_to(p, link->device, true)) {
        gate->view.is_up = false;
        gate->view.changed_ms = clock_wall_ms();
        gate->alone_since = now;
        LOG_INFO("peer.down", LOG_ERR(err));
    }
    peer_link_free(link);
}

static size_t index_of(const struct peers *p, const struct peer_link *link)
{
    size_t i = 0;
    while (p->links[i] != link)
        i++;
    return i;
}

static bool lesser_dialled(const struct peers *p, const struct peer_link *link)
{
    return link->dialled == (strcmp(p->device, link->device) < 0);
}

/* Two at once: both ends keep the one that the lesser name dialled, or else the newer. */
static void came_up(struct peers *p, struct peer_link *link, uint64_t now)
{
    struct peer_gate *gate = peers_gate_of(p, link->device);
    for (size_t i = p->link_count; i-- > 0;) {
        struct peer_link *other = p->links[i];
        if (other == link || other->state != PEER_UP ||
            strcmp(other->device, link->device) != 0)
            continue;
        if (lesser_dialled(p, other) && !lesser_dialled(p, link)) {
            end_link(p, index_of(p, link), DL_OK, true, now);
            return;
        }
        end_link(p, i, DL_OK, true, now);
    }
    if (gate->view.is_up)
        return;
    gate->view.is_up = true;
    gate->view.changed_ms = clock_wall_ms();
    LOG_INFO("peer.up");
}

static enum dl_err add_link(struct peers *p, local_socket socket, const char *device,
                            uint64_t now)
{
    if (p->link_count == PEERS_LINKS_MAX) {
        local_socket_close(socket);
        return DL_E_FULL;
    }
    enum dl_err err = peer_link_open(&p->links[p->link_count], socket, device, now);
    if (!err)
        p->link_count++;
    return err;
}

/* The lesser name dials; the greater does when nobody came, or nobody can come. */
static bool is_due(const struct peers *p, const struct peer_gate *gate, uint64_t now)
{
    bool dials = !p->has_listener || strcmp(p->device, gate->view.device) < 0 ||
                 now - gate->alone_since >= PEERS_GRACE_MS(p->patience_ms);
    return gate->view.address[0] && dials && now >= gate->next;
}

static void dial_due(struct peers *p, uint64_t now)
{
    for (size_t i = 0; i < p->plan.gate_count; i++) {
        struct peer_gate *gate = &p->plan.gates[i];
        local_socket s;
        if (!is_due(p, gate, now) || link_to(p, gate->view.device, false))
            continue;
        enum dl_err err = net_dial(&s, gate->view.address);
        if (!err)
            err = add_link(p, s, gate->view.device, now);
        if (err)
            note_failure(gate, err, now);
    }
}

static bool is_knocking(const struct peer_link *link)
{
    return !link->dialled && link->state != PEER_UP;
}

/* Strangers may knock as often as they like: they only ever push out each other, and
 * one of ours that is slower than all of them tries again. */
static void make_room(struct peers *p, uint64_t now)
{
    size_t count = 0, oldest = 0;
    for (size_t i = 0; i < p->link_count; i++)
        if (is_knocking(p->links[i])) {
            if (count++ == 0 || p->links[i]->since < p->links[oldest]->since)
                oldest = i;
        }
    if (count >= PEERS_KNOCKING_MAX)
        end_link(p, oldest, DL_E_FULL, true, now);
}

static void accept_all(struct peers *p, uint64_t now)
{
    local_socket s;
    for (size_t i = 0; i < PEERS_KNOCKING_MAX && net_accept(p->listener, &s) == DL_OK; i++) {
        make_room(p, now);
        dl_ignore(add_link(p, s, NULL, now)); /* it tries again */
    }
}

/* ---- the thread ------------------------------------------------------------------------- */

/* What others left for the thread; false: to end. */
static bool take_orders(struct peers *p, uint64_t now)
{
    mutex_lock(&p->lock);
    bool stop = p->stop, offered = p->offered;
    struct peer_plan *plan = p->plan_new;
    p->plan_new = NULL;
    p->offered = false;
    mutex_unlock(&p->lock);
    for (size_t i = 0; offered && i < p->link_count; i++)
        p->links[i]->is_fresh = true;
    if (!plan)
        return !stop;
    take_plan(p, plan, now);
    free(plan);
    for (size_t i = p->link_count; i-- > 0;) {
        struct peer_link *link = p->links[i];
        if (link->device[0] && !peers_gate_of(p, link->device)) {
            end_link(p, i, DL_E_NET, true, now);
            continue;
        }
        peer_stream_prune(p, link);
        link->hello_due = link->state == PEER_UP;
    }
    return !stop;
}

static void publish(struct peers *p)
{
    mutex_lock(&p->lock);
    p->view_count = p->plan.gate_count;
    for (size_t i = 0; i < p->view_count; i++)
        p->views[i] = p->plan.gates[i].view;
    mutex_unlock(&p->lock);
}

static uint64_t sooner(uint64_t wait, uint64_t when, uint64_t now)
{
    uint64_t left = when > now ? when - now : 0;
    return left < wait ? left : wait;
}

/* How long nothing is due but what sockets bring. */
static uint32_t pause_ms(const struct peers *p, uint64_t now)
{
    uint64_t wait = p->link_count > 0 ? PEERS_PING_MS(p->patience_ms) / 2 : IDLE_MS;
    for (size_t i = 0; i < p->link_count; i++)
        if (p->links[i]->has_more)
            return 0;
    if (p->rest_until > now)
        wait = sooner(wait, p->rest_until, now);
    for (size_t i = 0; i < p->plan.gate_count; i++) {
        const struct peer_gate *gate = &p->plan.gates[i];
        if (!gate->view.address[0] || gate->view.is_up)
            continue;
        wait = sooner(
            wait, gate->next > now ? gate->next : now + PEERS_PING_MS(p->patience_ms) / 2, now);
    }
    return (uint32_t)wait;
}

static void wait_for_sockets(struct peers *p, uint64_t now)
{
    struct net_wait waits[2 + PEERS_LINKS_MAX];
    size_t count = 0;
    waits[count++] = (struct net_wait){.s = net_waker_socket(p->waker), .read = true};
    for (size_t i = 0; i < p->link_count; i++)
        peer_link_waits(p, p->links[i], now, &waits[count++]);
    if (p->has_listener)
        waits[count++] = (struct net_wait){.s = p->listener, .read = true};
    if (net_wait(waits, count, pause_ms(p, now)) != DL_OK)
        clock_sleep_ms(ERROR_PAUSE_MS); /* no memory: it passes */
    if (waits[0].can_read)
        net_waker_drain(p->waker);
    for (size_t i = 0; i < p->link_count; i++)
        p->links[i]->is_connected |= waits[1 + i].can_write;
    if (p->has_listener && waits[count - 1].can_read)
        accept_all(p, clock_mono_ms());
}

/* Who is first changes, so that one who talks without end does not talk alone. */
static void turn_links(struct peers *p, size_t first, uint64_t now)
{
    struct peer_link *links[PEERS_LINKS_MAX];
    size_t count = p->link_count;
    memcpy(links, p->links, count * sizeof links[0]);
    for (size_t i = 0; i < count; i++) {
        struct peer_link *link = links[(first + i) % count];
        size_t at = 0;
        while (at < p->link_count && p->links[at] != link)
            at++;
        if (at == p->link_count)
            continue; /* another took its place */
        bool was_up = link->state == PEER_UP;
        enum dl_err err = peer_link_turn(p, link, now);
        if (err)
            end_link(p, at, err, false, now);
        else if (!was_up && link->state == PEER_UP)
            came_up(p, link, now);
    }
}

static void run(void *ctx)
{
    struct peers *p = ctx;
    for (size_t turn = 0; take_orders(p, clock_mono_ms()); turn++) {
        uint64_t now = clock_mono_ms();
        dial_due(p, now);
        turn_links(p, turn, now);
        publish(p);
        wait_for_sockets(p, clock_mono_ms());
    }
    while (p->link_count > 0)
        peer_link_free(p->links[--p->link_count]);
}

/* ---- for the others --------------------------------------------------------------------- */

static char *copied(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

static enum dl_err copy_options(struct peers *p, const struct peers_options *opt)
{
    const char *const texts[3] = {opt->ca_path, opt->cert_path, opt->key_path};
    for (size_t i = 0; i < 3; i++)
        if (!(p->texts[i] = copied(texts[i])))
            return DL_E_NOMEM;
    p->opt = *opt;
    p->opt.ca_path = p->texts[0];
    p->opt.cert_path = p->texts[1];
    p->opt.key_path = p->texts[2];
    p->opt.device = p->device;
    p->opt.listen = NULL;
    if (p->opt.backoff_base_ms <= 0)
        p->opt.backoff_base_ms = BACKOFF_BASE_MS;
    if (p->opt.backoff_max_ms <= 0)
        p->opt.backoff_max_ms = BACKOFF_MAX_MS;
    p->patience_ms = opt->patience_ms > 0 ? (uint64_t)opt->patience_ms : PATIENCE_MS;
    if (!pki_name_ok(opt->device))
        return DL_E_INPUT;
    memcpy(p->device, opt->device, strlen(opt->device) + 1);
    return DL_OK;
}

enum dl_err peers_start(struct peers **ret, const struct peers_options *opt, struct dl_why *why)
{
    bool is_loopback = false;
    struct peers *p = calloc(1, sizeof *p);
    if (!p)
        return DL_E_NOMEM;
    mutex_init(&p->lock);
    enum dl_err err = copy_options(p, opt);
    if (!err && opt->listen && opt->listen[0]) {
        err = local_socket_tcp(opt->listen, &p->listener, p->listening, &is_loopback, why);
        p->has_listener = err == DL_OK;
    }
    if (!err)
        err = net_waker_open(&p->waker);
    if (!err)
        err = thread_start(&p->thread, run, p);
    if (err)
        goto done;
    *ret = p;
    p = NULL; /* the caller's now */
done:
    peers_stop(p);
    return err;
}

void peers_stop(struct peers *p)
{
    if (!p)
        return;
    if (p->thread) {
        mutex_lock(&p->lock);
        p->stop = true;
        mutex_unlock(&p->lock);
        net_waker_wake(p->waker);
        thread_join(p->thread);
    }
    net_waker_close(p->waker);
    if (p->has_listener)
        local_socket_close(p->listener);
    for (size_t i = 0; i < 3; i++)
        free(p->texts[i]);
    free(p->plan_new);
    mutex_done(&p->lock);
    free(p);
}

void peers_offer(struct peers *p)
{
    mutex_lock(&p->lock);
    bool awake = p->offered;
    p->offered = true;
    mutex_unlock(&p->lock);
    if (!awake)
        net_waker_wake(p->waker);
}

const char *peers_listening(const struct peers *p)
{
    return p->listening;
}

size_t peers_view(struct peers *p, struct peers_view ret[static PEERS_MAX])
{
    mutex_lock(&p->lock);
    size_t count = p->view_count;
    memcpy(ret, p->views, count * sizeof ret[0]);
    mutex_unlock(&p->lock);
    return count;
}
