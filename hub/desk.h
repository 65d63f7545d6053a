/* desk.h - a person found and shown, for the device at which they stand.
 *
 * The hub cannot turn an e-mail into a token; an enrolled device can, and asks
 * with one. Whether it may is the desk role, granted to each device by name. A
 * request is bounded by day and minute, and leaves a line in the audit log that
 * names device and profile, never a token. An answer has types and numbers of
 * identifiers, never one of them.
 */
#ifndef DUNLIN_HUB_DESK_H
#define DUNLIN_HUB_DESK_H

#include "crypto/token.h"
#include "hub/hub.h"
#include "platform/err.h"
#include "platform/json.h"

#include <stdbool.h>
#include <stdint.h>

/* Gives or takes the role. DL_E_NOT_FOUND. DL_E_REJECTED: the device is revoked. */
DL_MUST_CHECK enum dl_err desk_grant(struct store *st, const char *name, bool desk,
                                     const char *who, int64_t now_ms);

enum desk_result {
    DESK_OK,
    DESK_NOT_GRANTED,
    DESK_TOO_OFTEN,
    DESK_NO_SHARE,  /* the hub has no key for the token's epoch of this device */
    DESK_BAD_TOKEN, /* not an element */
    DESK_FAILED,    /* see *ret_err */
};

struct desk_limits {
    int64_t per_day, per_minute;
};

struct desk_question {
    const struct store_device *device; /* as its certificate names it */
    const struct token *token;
    bool whole;    /* everything, not a portrait */
    int64_t after; /* of events: 0, or the "next" of the page before */
};

/* *ret is {"known":false}, or {"known":true,...}: docs/HUB_API.md. The caller
 * json_decref()s it. ret_wait_ms: at DESK_TOO_OFTEN, until one is free. */
enum desk_result desk_ask(struct hub *hub, const struct desk_question *question,
                          const struct desk_limits *limits, int64_t now_ms, json_t **ret,
                          int64_t *ret_wait_ms, enum dl_err *ret_err);

#endif
