/* settings.h - what dunlin.conf may say, and where it is looked for.
 *
 * --config FILE, else DIR/dunlin.conf, else /etc/dunlin/dunlin.conf, else the
 * defaults. Every key has one; `dunlin --config-sample` prints them all.
 */
#ifndef DUNLIN_SETTINGS_H
#define DUNLIN_SETTINGS_H

#include "agent/accept.h"
#include "platform/config.h"
#include "platform/log.h"

#include <stdbool.h>
#include <stdint.h>

struct settings {
    /* [api] */
    char listen[CONFIG_TEXT_BYTES];
    bool socket; /* DIR/dunlin.sock */
    char allowed_origins[CONFIG_TEXT_BYTES];
    int64_t requests_per_second; /* 0: no limit */
    int64_t body_max;
    /* [hub] */
    char proxy[CONFIG_TEXT_BYTES];
    int64_t connect_timeout_ms, request_timeout_ms;
    /* [outbox] */
    int64_t bytes_max, events_max, disk_reserve;
    /* [privacy] */
    int64_t pii_guard; /* enum accept_guard */
    bool consent_default;
    char region[CONFIG_TEXT_BYTES];
    char recipes[CONFIG_TEXT_BYTES];          /* "default", "none" or type numbers */
    char blocked_values[CONFIG_TEXT_BYTES];   /* patterns between spaces */
    uint64_t recipe_bits;                     /* the same, read */
    char audience_schemes[CONFIG_TEXT_BYTES]; /* "none", or names between commas */
    uint8_t audience_bits;                    /* the same, read */
    int64_t date_order;                       /* enum normalise_date_order */
    char currency[CONFIG_TEXT_BYTES];
    /* [sync] */
    int64_t batch_events, batch_bytes, linger_ms, backoff_base_ms, backoff_max_ms;
    int64_t poll_quiet_ms, poll_busy_ms; /* of the feed: agent/feed.h */
    int64_t updates_every_ms;
    /* [import] */
    char drop_folder[CONFIG_TEXT_BYTES];
    char drop_mapping[CONFIG_TEXT_BYTES];
    int64_t drop_settle_ms;
    /* [log] */
    int64_t log_level; /* enum log_level */
};

extern const struct config_key settings_keys[];

/* DL_E_NOT_FOUND: `config` was named and is not there. DL_E_INPUT with `why`. */
DL_MUST_CHECK enum dl_err settings_load(struct settings *ret, const char *dir,
                                        const char *config, struct dl_why *why);

/* What accept.h wants of them. */
struct accept_settings settings_for_accept(const struct settings *s);

#endif
