/* uplink.h - requests to the hub over mutual TLS, behind a seam that tests own.
 *
 * uplink_curl.c does it by libcurl on Mbed TLS: TLS 1.3, the hub's CA alone
 * trusted, certificate checks never off, proxies and time-outs from the
 * configuration, redirects not followed. An answer that is not from our hub
 * (a captive portal) fails TLS or lacks the header `Dunlin-Hub: 1`. Of it nothing
 * is read, and to it nothing was sent but a handshake.
 *
 * An uplink belongs to one thread, apart from cancel.
 */
#ifndef DUNLIN_UPLINK_H
#define DUNLIN_UPLINK_H

#include "platform/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UPLINK_ANSWER_BYTES_MAX ((size_t)8 * 1024 * 1024)

struct uplink_request {
    const char *method; /* "GET", "POST" */
    const char *path;   /* "/v1/..." */
    const char *content_type;
    const uint8_t *body;
    size_t body_len;
    const char *bearer; /* NULL: the client certificate speaks */
};

enum uplink_state {
    UPLINK_ONLINE,  /* the hub answered, whatever it said */
    UPLINK_OFFLINE, /* no route, no answer, time-out */
    UPLINK_DNS,     /* the name does not resolve */
    UPLINK_PROXY,   /* the proxy refused */
    UPLINK_TLS,     /* somebody answered who is not our hub, or our clock is wrong */
    UPLINK_PORTAL,  /* a captive portal stands between */
};

struct uplink_answer {
    enum uplink_state state;
    int status;    /* HTTP; 0 without an answer */
    uint8_t *body; /* malloc'd, NUL behind; uplink_answer_done frees */
    size_t body_len;
    int64_t retry_after_ms; /* -1: none */
    int64_t date_ms;        /* the hub's Date; 0: none */
    struct dl_why why;
};

struct uplink {
    /* DL_OK: an HTTP answer of our hub is in *ret. DL_E_NET: it is not; ret->state says. */
    enum dl_err (*send)(struct uplink *up, const struct uplink_request *req,
                        struct uplink_answer *ret);
    /* Drops connections, so that the next reads the certificate files anew. */
    void (*reload)(struct uplink *up);
    /* From any thread: a send under way soon ends with DL_E_NET, and so does every
     * later one. NULL: cannot. */
    void (*cancel)(struct uplink *up);
    void (*close)(struct uplink *up);
};

struct uplink_options {
    const char *hub_url; /* https://host:port */
    const char *ca_path;
    const char *cert_path; /* NULL: without a client certificate (enrolment) */
    const char *key_path;
    const char *proxy;            /* NULL or "": environment's; "none": no proxy */
    int64_t connect_ms, total_ms; /* 0: 15 s, 5 min */
};
DL_MUST_CHECK enum dl_err
uplink_curl_open(struct uplink **ret, const struct uplink_options *opt, struct dl_why *why);
void uplink_answer_done(struct uplink_answer *answer);
const char *uplink_state_name(enum uplink_state state);

#endif
