#include "hub/settings.h"

#include "platform/file.h"

#include <stdio.h>
#include <stdlib.h>

#define BATCH_MIN   ((int64_t)64 * 1024)
#define BATCH_MAX   ((int64_t)4 * 1024 * 1024) /* docs/PROTOCOL.md */
#define KEY(member) offsetof(struct settings, member)

const struct config_key settings_keys[] = {
    {"name", CONFIG_TEXT, KEY(name), "", 0, 0, NULL,
     "The name under which devices reach this hub; its certificate carries it"},
    {"listen", CONFIG_TEXT, KEY(listen), "127.0.0.1:8443", 0, 0, NULL,
     "Address and port of the HTTPS server; 0.0.0.0:8443 for all of IPv4, [::]:8443 for IPv6"},
    {"log_level", CONFIG_CHOICE, KEY(log_level), "info", 0, 0, "debug|info|warn|error",
     "The least important line that is logged"},
    {"threads", CONFIG_INT, KEY(threads), "16", 1, 64, NULL,
     "Threads that serve requests; those that take in batches together share a write to disk"},
    {"max_connections", CONFIG_INT, KEY(max_connections), "2048", 8, 100000, NULL,
     "Connections at a time; a device keeps one open"},
    {"max_connections_per_ip", CONFIG_INT, KEY(max_connections_per_ip), "1024", 1, 100000, NULL,
     "The same for one address: a shop's devices share theirs, and so does a proxy's"},
    {"idle_timeout", CONFIG_DURATION, KEY(idle_timeout_ms), "60s", 1000, 3600000, NULL,
     "A connection on which nothing happens is closed after this time"},
    {"batch_bytes_max", CONFIG_BYTES, KEY(batch_bytes_max), "4M", BATCH_MIN, BATCH_MAX, NULL,
     "The largest batch that is taken; a device halves one that is refused"},
    {"drain", CONFIG_DURATION, KEY(drain_ms), "0s", 0, 45000, NULL,
     "How long a hub that is told to stop goes on while /readyz says no: what a load balancer "
     "needs to look elsewhere"},
    {"enrolment_life", CONFIG_DURATION, KEY(enrolment_life_ms), "72h", 1000, 2592000000, NULL,
     "How long a bundle of `dunlin-keys enroll` can be used"},
    {"device_cert_life", CONFIG_DURATION, KEY(device_cert_life_ms), "30d", 10000, 31536000000,
     NULL, "Life of a device's certificate, which renews itself at two thirds of it"},
    {"tombstone_journal", CONFIG_TEXT, KEY(tombstone_journal), "", 0, 0, NULL,
     "File that outlives a restored database: who was erased; empty: tombstones.journal beside "
     "it"},
    {"consent_older", CONFIG_CHOICE, KEY(consent_older), "keep", 0, 0, "keep|detach",
     "Events from before a person took back consent to profiling: stay theirs, or become "
     "nobody's"},
    {"retention.purchase_days", CONFIG_INT, KEY(retention_days[0]), "0", 0, 36500, NULL,
     "Purchases older than so many days go; 0: none does"},
    {"retention.checkin_days", CONFIG_INT, KEY(retention_days[1]), "0", 0, 36500, NULL,
     "The same for check-ins and their annulments"},
    {"retention.visit_days", CONFIG_INT, KEY(retention_days[2]), "0", 0, 36500, NULL,
     "For visits"},
    {"retention.consent_days", CONFIG_INT, KEY(retention_days[3]), "0", 0, 36500, NULL,
     "For consent events; what was said stays as evidence"},
    {"retention.other_days", CONFIG_INT, KEY(retention_days[4]), "0", 0, 36500, NULL,
     "For custom.* and erase events"},
    {"retention.action", CONFIG_CHOICE, KEY(retention_action), "delete", 0, 0, "delete|blank",
     "What happens to them; blank: they stay for their store, as nobody's"},
    {"retention.every", CONFIG_DURATION, KEY(retention_every_ms), "24h", 1000, 2592000000, NULL,
     "How often a serving hub looks for them"},
    {"desk_per_day", CONFIG_INT, KEY(desk_per_day), "200", 0, 1000000, NULL,
     "How often a device with the desk role may ask about people, a day"},
    {"desk_per_minute", CONFIG_INT, KEY(desk_per_minute), "20", 1, 10000, NULL,
     "The same for a minute"},
    {"db", CONFIG_TEXT, KEY(db), "", 0, 0, NULL,
     "A PostgreSQL database, as postgres://USER@HOST:PORT/NAME; none: hub.db of the folder"},
    {"db_tenant", CONFIG_TEXT, KEY(db_tenant), "default", 0, 0, NULL,
     "Whose rows of the database are this hub's"},
    {"db_password_file", CONFIG_TEXT, KEY(db_password_file), "", 0, 0, NULL,
     "A file with the database's password, mode 0600; none: as PGPASSFILE or pg_hba.conf say"},
    {"db_connections", CONFIG_INT, KEY(db_connections), "8", 1, 256, NULL,
     "Connections that read; of PostgreSQL as many again that write; batches wait for one"},
    {"db_timeout", CONFIG_DURATION, KEY(db_timeout_ms), "30s", 1000, 3600000, NULL,
     "How long the database may take for one statement before it counts as away"},
    {"rfm_recency_days", CONFIG_TEXT, KEY(rfm_recency_days), "30,90,180,365", 0, 0, NULL,
     "Days since a person was last seen at which the score r falls from 5 to 4, 3, 2, 1"},
    {"rfm_frequency", CONFIG_TEXT, KEY(rfm_frequency), "2,4,8,16", 0, 0, NULL,
     "Orders from which the score f is 2, 3, 4, 5"},
    {"rfm_monetary", CONFIG_TEXT, KEY(rfm_monetary), "50,200,500,2000", 0, 0, NULL,
     "Lifetime spend, in whole units of a currency, from which its score m is 2, 3, 4, 5"},
    {NULL, CONFIG_TEXT, 0, NULL, 0, 0, NULL, NULL},
};

static enum dl_err read_edges(struct settings *s, const char *path, struct dl_why *why)
{
    const struct {
        const char *key, *text;
        int64_t *to;
    } edges[] = {{"rfm_recency_days", s->rfm_recency_days, s->rfm.recency_days},
                 {"rfm_frequency", s->rfm_frequency, s->rfm.frequency},
                 {"rfm_monetary", s->rfm_monetary, s->rfm.monetary}};
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++)
        if (rfm_edges_parse(edges[i].text, edges[i].to)) {
            dl_why_set(why, "%.200s: %s has to be four ascending whole numbers: 1,2,4,8", path,
                       edges[i].key);
            return DL_E_INPUT;
        }
    return DL_OK;
}

enum dl_err settings_load(struct settings *ret, const char *dir, const char *path,
                          struct dl_why *why)
{
    struct file_path own;
    enum dl_err err = file_join(&own, dir, SETTINGS_FILE);
    if (err)
        return err;
    if (!path && !file_exists(own.s)) {
        dl_why_set(why, "%.200s holds no hub; `dunlin-hub init` makes one", dir);
        return DL_E_NOT_FOUND;
    }
    err = config_load(ret, settings_keys, path ? path : own.s, why);
    return err ? err : read_edges(ret, path ? path : own.s, why);
}

enum dl_err settings_create(const char *dir, const char *name, const char *listen,
                            const char *db, const char *tenant, const char *password_file)
{
    struct file_path path;
    char *text = NULL;
    size_t len = 0;
    enum dl_err err = file_join(&path, dir, SETTINGS_FILE);
    if (err)
        return err;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        return DL_E_NOMEM;
    fprintf(out, "name = %s\nlisten = %s\n", name, listen);
    if (*db)
        fprintf(out, "db = %s\ndb_tenant = %s\n", db, tenant);
    if (*db && *password_file)
        fprintf(out, "db_password_file = %s\n", password_file);
    fprintf(out, "\n# Everything else, with its default:\n\n");
    config_sample(out, settings_keys);
    err = fclose(out) == 0 ? file_write_new(path.s, text, len) : DL_E_NOMEM;
    free(text);
    return err;
}
