#include "agent/settings.h"

#include "platform/file.h"
#include "sync/audience_set.h"
#include "sync/recipe.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define SYSTEM_CONFIG "/etc/dunlin/dunlin.conf"

#define AT(member) offsetof(struct settings, member)
#define GIB        (INT64_C(1) << 30)
#define DAY_MS     (INT64_C(86400) * 1000)

/* clang-format off: a table reads by its columns. */
const struct config_key settings_keys[] = {
    {"api.listen", CONFIG_TEXT, AT(listen), "127.0.0.1:8787", 0, 0, NULL,
     "HOST:PORT of the local API; port 0: any free one; empty: no TCP"},
    {"api.socket", CONFIG_BOOL, AT(socket), "yes", 0, 0, NULL,
     "also listen on DIR/dunlin.sock, guarded by file modes"},
    {"api.allowed_origins", CONFIG_TEXT, AT(allowed_origins), "", 0, 0, NULL,
     "web pages that may call the API, such as https://kiosk.example; separated by spaces"},
    {"api.requests_per_second", CONFIG_INT, AT(requests_per_second), "20000", 0, 1000000, NULL,
     "more are answered 429; 0: no limit"},
    {"api.body_max", CONFIG_BYTES, AT(body_max), "4M", 1024, 4 << 20, NULL,
     "largest request taken; a larger one is answered 413"},

    {"hub.proxy", CONFIG_TEXT, AT(proxy), "", 0, 0, NULL,
     "http://host:port, or none; empty: as the environment says (https_proxy, no_proxy)"},
    {"hub.connect_timeout", CONFIG_DURATION, AT(connect_timeout_ms), "10s", 100, 600000, NULL,
     "how long a connection to the hub may take"},
    {"hub.request_timeout", CONFIG_DURATION, AT(request_timeout_ms), "60s", 1000, 3600000, NULL,
     "how long a whole request to the hub may take"},

    {"outbox.bytes_max", CONFIG_BYTES, AT(bytes_max), "2G", 0, 1024 * GIB, NULL,
     "of sealed events that wait for the hub; past it captures are answered 507; 0: no quota"},
    {"outbox.events_max", CONFIG_INT, AT(events_max), "5000000", 0, 1000000000, NULL,
     "the same as a number of events; 0: no quota"},
    {"outbox.disk_reserve", CONFIG_BYTES, AT(disk_reserve), "64M", 0, 1024 * GIB, NULL,
     "free space left to the machine; below it captures are answered 507"},

    {"privacy.pii_guard", CONFIG_CHOICE, AT(pii_guard), "reject", 0, 0, "reject|redact",
     "what happens to an e-mail, phone or card number in a field that is none"},
    {"privacy.consent_default", CONFIG_BOOL, AT(consent_default), "no", 0, 0, NULL,
     "consent to profiling of events that do not say"},
    {"privacy.region", CONFIG_TEXT, AT(region), "", 0, 0, NULL,
     "country of phone numbers without a prefix, ISO 3166 (DE); empty: they are dropped"},
    {"privacy.recipes", CONFIG_TEXT, AT(recipes), "default", 0, 0, NULL,
     "linkage recipes computed of names, birth date and address: default, none, or numbers (64 "
     "66)"},
    {"privacy.blocked_values", CONFIG_TEXT, AT(blocked_values), "", 0, 0, NULL,
     "identifiers that are nobody's, such as none@none 0000000000 *@example.invalid: dropped "
     "and "
     "counted"},
    {"privacy.audience_schemes", CONFIG_TEXT, AT(audience_schemes), "none", 0, 0, NULL,
     "advertising platforms whose values are sealed to the custodian, of people who agreed to "
     "that: uid2, google, meta, tiktok, snap"},
    {"privacy.date_order", CONFIG_CHOICE, AT(date_order), "auto", 0, 0,
     "auto|day-first|month-first",
     "how a birth date such as 3/4/1990 is read; auto: it is dropped, 31/12/1990 is not"},
    {"privacy.currency", CONFIG_TEXT, AT(currency), "", 0, 0, NULL,
     "currency of purchases that do not say, ISO 4217 (EUR); empty: they are refused"},

    {"sync.batch_events", CONFIG_INT, AT(batch_events), "500", 1, 4096, NULL,
     "events in one upload"},
    {"sync.batch_bytes", CONFIG_BYTES, AT(batch_bytes), "1M", 4096, 4 << 20, NULL,
     "bytes in one upload"},
    {"sync.linger", CONFIG_DURATION, AT(linger_ms), "200ms", 1, 60000, NULL,
     "how long a first event waits for company"},
    {"sync.backoff_base", CONFIG_DURATION, AT(backoff_base_ms), "1s", 10, 3600000, NULL,
     "ceiling of the first wait after a failure; it doubles from there"},
    {"sync.backoff_max", CONFIG_DURATION, AT(backoff_max_ms), "5m", 1000, DAY_MS, NULL,
     "longest wait between two tries"},
    {"sync.updates_every", CONFIG_DURATION, AT(updates_every_ms), "5m", 1000, DAY_MS, NULL,
     "how often the hub is asked for news"},

    {"checkin.poll", CONFIG_DURATION, AT(poll_quiet_ms), "5s", 100, 3600000, NULL,
     "how often a gate asks the hub what the other gates saw"},
    {"checkin.poll_busy", CONFIG_DURATION, AT(poll_busy_ms), "500ms", 50, 3600000, NULL,
     "the same while people come in: within ten minutes of a scan"},

    {"import.drop_folder", CONFIG_TEXT, AT(drop_folder), "", 0, 0, NULL,
     "files put there are imported and moved to done/ or failed/; empty: none is watched"},
    {"import.mapping", CONFIG_TEXT, AT(drop_mapping), "", 0, 0, NULL,
     "mapping file for CSV in the drop folder"},
    {"import.settle", CONFIG_DURATION, AT(drop_settle_ms), "2s", 0, 3600000, NULL,
     "a file is taken once it has not changed for so long"},

    {"log.level", CONFIG_CHOICE, AT(log_level), "info", 0, 0, "debug|info|warn|error",
     "least important lines still written; SIGHUP reads it again"},
    {0},
};
/* clang-format on */

static bool is_upper_word(const char *s, size_t len)
{
    if (*s == '\0')
        return true;
    return strlen(s) == len && strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == len;
}

/* "default", "none", or the types of single recipes between spaces. */
static bool read_recipes(const char *text, uint64_t *ret)
{
    *ret = 0;
    if (strcmp(text, "default") == 0)
        *ret = (UINT64_C(1) << RECIPE_COUNT) - 1;
    if (*ret || strcmp(text, "none") == 0)
        return true;
    for (const char *at = text; *at;) {
        char *end = NULL;
        long type = strtol(at, &end, 10);
        if (end == at || (*end && *end != ' ') || type < TOKEN_TYPE_RECIPE_FIRST ||
            type >= TOKEN_TYPE_RECIPE_FIRST + RECIPE_COUNT)
            return false;
        *ret |= UINT64_C(1) << (type - TOKEN_TYPE_RECIPE_FIRST);
        at = end + strspn(end, " ");
    }
    return *ret != 0;
}

/* "none", or names of platforms with commas or spaces between. */
static bool read_schemes(const char *text, uint8_t *ret)
{
    *ret = 0;
    if (strcmp(text, "none") == 0)
        return true;
    for (const char *at = text + strspn(text, ", "); *at; at += strspn(at, ", ")) {
        size_t len = strcspn(at, ", ");
        uint8_t scheme = audience_scheme_from_name(at, len);
        if (!scheme)
            return false;
        *ret |= AUDIENCE_BIT(scheme);
        at += len;
    }
    return true;
}

static enum dl_err check(struct settings *s, struct dl_why *why)
{
    if (!read_recipes(s->recipes, &s->recipe_bits)) {
        dl_why_set(why, "privacy.recipes: default, none, or numbers of recipes such as 64 66");
        return DL_E_INPUT;
    }
    if (!read_schemes(s->audience_schemes, &s->audience_bits)) {
        dl_why_set(why, "privacy.audience_schemes: none, or some of uid2, google, meta, tiktok "
                        "and snap");
        return DL_E_INPUT;
    }
    if (!is_upper_word(s->region, 2)) {
        dl_why_set(why, "privacy.region: two capital letters such as DE, or nothing");
        return DL_E_INPUT;
    }
    if (!is_upper_word(s->currency, 3)) {
        dl_why_set(why, "privacy.currency: three capital letters such as EUR, or nothing");
        return DL_E_INPUT;
    }
    return DL_OK;
}

enum dl_err settings_load(struct settings *ret, const char *dir, const char *config,
                          struct dl_why *why)
{
    struct file_path own = {0};
    const char *path = config;
    if (!path) {
        enum dl_err err = file_join(&own, dir, "dunlin.conf");
        if (err) {
            dl_why_set(why, "the folder's path is too long");
            return err;
        }
        if (file_exists(own.s))
            path = own.s;
        else if (file_exists(SYSTEM_CONFIG))
            path = SYSTEM_CONFIG;
    }
    enum dl_err err = config_load(ret, settings_keys, path, why);
    return err ? err : check(ret, why);
}

struct accept_settings settings_for_accept(const struct settings *s)
{
    struct accept_settings a = {.guard = s->pii_guard == 0 ? ACCEPT_GUARD_REJECT
                                                           : ACCEPT_GUARD_REDACT,
                                .consent_default = s->consent_default,
                                .date_order = (enum normalise_date_order)s->date_order,
                                .recipes = s->recipe_bits,
                                .blocked_values = s->blocked_values,
                                .audience_schemes = s->audience_bits};
    memcpy(a.region, s->region, sizeof a.region - 1);
    memcpy(a.currency, s->currency, sizeof a.currency - 1);
    return a;
}
