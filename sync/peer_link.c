/* One connection: a socket, TLS over it, frames over that. */
#include "platform/clock.h"
#include "sync/peers_internal.h"

#include <stdlib.h>
#include <string.h>

/* Then the others have their turn. */
#define FRAMES_A_TURN 8

enum dl_err peer_link_open(struct peer_link **ret, local_socket socket, const char *device,
                           uint64_t now)
{
    struct peer_link *link = calloc(1, sizeof *link);
    if (!link) {
        local_socket_close(socket);
        return DL_E_NOMEM;
    }
    link->socket = socket;
    link->since = link->heard = link->said = now;
    link->in = malloc(PEER_FRAME_BYTES_MAX);
    link->out = malloc(PEER_FRAME_BYTES_MAX);
    if (!link->in || !link->out) {
        peer_link_free(link);
        return DL_E_NOMEM;
    }
    link->state = device ? PEER_DIALLING : PEER_SHAKING;
    link->dialled = device != NULL;
    if (device)
        memcpy(link->device, device, strlen(device) + 1);
    *ret = link;
    return DL_OK;
}

void peer_link_free(struct peer_link *link)
{
    if (!link)
        return;
    tls_close(link->tls);
    local_socket_close(link->socket);
    free(link->in);
    free(link->out);
    free(link);
}

/* ---- becoming one ----------------------------------------------------------------------- */

static bool is_gate(void *ctx, const char *device)
{
    return peers_gate_of(ctx, device) != NULL;
}

static enum dl_err open_tls(struct peers *p, struct peer_link *link)
{
    const struct tls_options opt = {.socket = link->socket,
                                    .ca_path = p->opt.ca_path,
                                    .cert_path = p->opt.cert_path,
                                    .key_path = p->opt.key_path,
                                    .peer = link->dialled ? link->device : NULL,
                                    .admit = is_gate,
                                    .admit_ctx = p};
    enum dl_err err = tls_open(&link->tls, &opt);
    return err == DL_OK || err == DL_E_NOMEM ? err : DL_E_AUTH; /* our own files */
}

/* DL_E_NOT_FOUND: to be continued. */
static enum dl_err outcome(struct peer_link *link, enum tls_state state)
{
    switch (state) {
    case TLS_DONE:
        return DL_OK;
    case TLS_WANTS_READ:
        return DL_E_NOT_FOUND;
    case TLS_WANTS_WRITE:
        link->wants_write = true;
        return DL_E_NOT_FOUND;
    case TLS_ENDED:
        return DL_E_NET;
    case TLS_REFUSED:
        return DL_E_AUTH;
    default:
        return DL_E_CORRUPT;
    }
}

static enum dl_err become(struct peers *p, struct peer_link *link, uint64_t now)
{
    if (link->state == PEER_DIALLING && !link->is_connected)
        return DL_OK;
    enum dl_err err = link->state == PEER_DIALLING ? net_dialled(link->socket) : DL_OK;
    link->state = PEER_SHAKING;
    if (!err && !link->tls)
        err = open_tls(p, link);
    if (!err)
        err = outcome(link, tls_handshake(link->tls));
    if (err == DL_E_NOT_FOUND)
        return DL_OK;
    if (err)
        return err;
    const char *device = tls_device(link->tls);
    if (!peers_gate_of(p, device)) /* the list may have changed meanwhile */
        return DL_E_AUTH;
    memcpy(link->device, device, strlen(device) + 1);
    link->state = PEER_UP;
    link->since = link->heard = link->said = now;
    link->hello_due = true;
    return DL_OK;
}

/* ---- frames ----------------------------------------------------------------------------- */

/* Reads on; DL_OK: a whole frame is there. DL_E_NOT_FOUND: not yet. */
static enum dl_err read_frame(struct peer_link *link)
{
    for (;;) {
        size_t want = PEER_HEAD_BYTES, len = 0;
        if (link->in_len >= PEER_HEAD_BYTES && peer_frame_len(link->in, &want))
            return DL_E_CORRUPT;
        if (link->in_len >= PEER_HEAD_BYTES && link->in_len == want)
            return DL_OK;
        enum dl_err err = outcome(
            link, tls_read(link->tls, link->in + link->in_len, want - link->in_len, &len));
        if (err)
            return err;
        link->in_len += len;
    }
}

static enum dl_err hear(struct peers *p, struct peer_link *link, uint64_t now)
{
    for (size_t i = 0; i < FRAMES_A_TURN; i++) {
        if (clock_mono_ms() < p->rest_until)
            return DL_OK;
        enum dl_err err = read_frame(link);
        if (err == DL_E_NOT_FOUND)
            return DL_OK;
        if (!err)
            err = peer_frame_decode(link->in, link->in_len, &p->frame);
        if (!err)
            err = peer_stream_hear(p, link, now);
        if (err)
            return err;
        link->in_len = 0;
        link->heard = now;
    }
    link->has_more = true;
    return DL_OK;
}

static enum dl_err write_out(struct peer_link *link, uint64_t now)
{
    while (link->out_sent < link->out_len) {
        size_t len = 0;
        enum dl_err err = outcome(link, tls_write(link->tls, link->out + link->out_sent,
                                                  link->out_len - link->out_sent, &len));
        if (err)
            return err;
        link->out_sent += len;
        link->said = now;
    }
    return DL_OK;
}

static enum dl_err say(struct peers *p, struct peer_link *link, uint64_t now)
{
    for (size_t i = 0; i < FRAMES_A_TURN; i++) {
        enum dl_err err = write_out(link, now);
        if (err == DL_E_NOT_FOUND)
            return DL_OK;
        bool any = false;
        if (!err)
            err = peer_stream_say(p, link, now, &any);
        if (err || !any)
            return err;
        link->out_sent = link->out_len = 0;
        err = peer_frame_encode(&p->frame, link->out, &link->out_len);
        if (err)
            return err;
        link->said = now;
    }
    link->has_more = true;
    return DL_OK;
}

/* ---- turns ------------------------------------------------------------------------------ */

static enum dl_err check_time(const struct peers *p, const struct peer_link *link, uint64_t now)
{
    if (link->state != PEER_UP)
        return now - link->since > p->patience_ms ? DL_E_NET : DL_OK;
    bool is_stuck = link->out_sent < link->out_len && now - link->said > p->patience_ms;
    /* While we rest, it is we who do not listen. */
    bool is_silent = now >= p->rest_until && now - link->heard > p->patience_ms;
    if (is_stuck || is_silent)
        return DL_E_NET;
    return clock_wall_ms() > tls_not_after_ms(link->tls) ? DL_E_AUTH : DL_OK;
}

enum dl_err peer_link_turn(struct peers *p, struct peer_link *link, uint64_t now)
{
    enum dl_err err = DL_OK;
    link->wants_write = link->has_more = false;
    if (link->state != PEER_UP)
        err = become(p, link, now);
    if (!err && link->state == PEER_UP)
        err = hear(p, link, now);
    if (!err && link->state == PEER_UP)
        err = say(p, link, now);
    return err ? err : check_time(p, link, now);
}

void peer_link_waits(const struct peers *p, const struct peer_link *link, uint64_t now,
                     struct net_wait *ret)
{
    bool up = link->state == PEER_UP;
    *ret = (struct net_wait){.s = link->socket,
                             .read = up ? now >= p->rest_until : link->state == PEER_SHAKING,
                             .write = link->wants_write || link->state == PEER_DIALLING};
}
