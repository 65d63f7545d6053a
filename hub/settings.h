/* settings.h - what an operator may set, in DIR/dunlin-hub.conf or another file.
 *
 * Every key has a default but `name`, which init writes: the one under which
 * devices reach this hub, and which its certificate carries.
 */
#ifndef DUNLIN_HUB_SETTINGS_H
#define DUNLIN_HUB_SETTINGS_H

#include "hub/rfm.h"
#include "platform/config.h"
#include "platform/err.h"
#include "platform/log.h"

#include <stdint.h>

#define SETTINGS_FILE "dunlin-hub.conf"

struct settings {
    char name[CONFIG_TEXT_BYTES];
    char listen[CONFIG_TEXT_BYTES];
    int64_t log_level; /* enum log_level */
    int64_t threads;
    int64_t max_connections;
    int64_t max_connections_per_ip;
    int64_t idle_timeout_ms;
    int64_t batch_bytes_max;
    int64_t drain_ms;
    int64_t enrolment_life_ms;
    int64_t device_cert_life_ms;
    char rfm_recency_days[CONFIG_TEXT_BYTES];
    char rfm_frequency[CONFIG_TEXT_BYTES];
    char rfm_monetary[CONFIG_TEXT_BYTES];
    struct rfm_rules rfm; /* of these three */
    int64_t desk_per_day, desk_per_minute;
    char db[CONFIG_TEXT_BYTES]; /* "": hub.db of the folder */
    char db_tenant[CONFIG_TEXT_BYTES];
    char db_password_file[CONFIG_TEXT_BYTES];
    int64_t db_connections;
    int64_t db_timeout_ms;
    char tombstone_journal[CONFIG_TEXT_BYTES];
    int64_t consent_older;     /* 0: keep, 1: detach */
    int64_t retention_days[5]; /* enum retention_kind; 0: for ever */
    int64_t retention_action;  /* 0: delete, 1: blank */
    int64_t retention_every_ms;
};

extern const struct config_key settings_keys[];

/* `path` NULL: DIR's own file. DL_E_NOT_FOUND: `dir` holds no hub. DL_E_INPUT:
 * `why` names file, line and key. */
DL_MUST_CHECK enum dl_err settings_load(struct settings *ret, const char *dir, const char *path,
                                        struct dl_why *why);

/* Writes DIR's own file: the values init knows, and every key with its default as a
 * comment. `db` "": the folder's own database. */
DL_MUST_CHECK enum dl_err settings_create(const char *dir, const char *name, const char *listen,
                                          const char *db, const char *tenant,
                                          const char *password_file);

#endif
