#include "hub/where.h"

#include "crypto/pki.h"
#include "hub/hub.h"
#include "hub/pg.h"
#include "hub/store_pg.h"

#include <stdio.h>

static enum dl_err check(const struct where *w, struct dl_why *why)
{
    if (!w->url[0])
        return DL_OK;
    if (!pki_name_ok(w->tenant)) {
        dl_why_set(why, "a tenant's name is of letters, digits, '.', '-' and '_'");
        return DL_E_INPUT;
    }
    return pg_url_check(w->url, why);
}

enum dl_err where_from_settings(struct where *ret, const char *dir,
                                const struct settings *settings, struct dl_why *why)
{
    struct where w = {.connections = settings->db_connections,
                      .timeout_ms = settings->db_timeout_ms};
    enum dl_err err = file_join(&w.file, dir, HUB_FILE_DB);
    if (err)
        return err;
    if (strlen(settings->db_tenant) >= sizeof w.tenant) {
        dl_why_set(why, "db_tenant: a tenant's name has at most 64 characters");
        return DL_E_INPUT;
    }
    snprintf(w.url, sizeof w.url, "%s", settings->db);
    snprintf(w.tenant, sizeof w.tenant, "%s", settings->db_tenant);
    snprintf(w.password_file, sizeof w.password_file, "%s", settings->db_password_file);
    err = check(&w, why);
    if (!err)
        *ret = w;
    return err;
}

enum dl_err where_of_folder(struct where *ret, const char *dir, struct dl_why *why)
{
    struct settings settings;
    struct file_path own;
    enum dl_err err = file_join(&own, dir, SETTINGS_FILE);
    if (!err)
        err = config_load(&settings, settings_keys, file_exists(own.s) ? own.s : NULL, why);
    return err ? err : where_from_settings(ret, dir, &settings, why);
}

enum dl_err where_override(struct where *w, const char *url, const char *tenant,
                           struct dl_why *why)
{
    if ((url && strlen(url) >= sizeof w->url) ||
        (tenant && strlen(tenant) >= sizeof w->tenant)) {
        dl_why_set(why, "--db or --tenant is too long");
        return DL_E_INPUT;
    }
    if (url)
        snprintf(w->url, sizeof w->url, "%s", url);
    if (tenant)
        snprintf(w->tenant, sizeof w->tenant, "%s", tenant);
    return check(w, why);
}

enum dl_err where_open(struct store **ret, const struct where *w, enum store_access access,
                       struct dl_why *why)
{
    if (w->url[0])
        return store_pg_open(ret, w, access, why);
    if (!w->create && !file_exists(w->file.s)) { /* a hub that lost its database must say so */
        dl_why_set(why, "%.200s: %s", w->file.s, dl_err_name(DL_E_NOT_FOUND));
        return DL_E_NOT_FOUND;
    }
    return store_sqlite_open(ret, w->file.s, access,
                             w->connections > 0 ? (size_t)w->connections : 1, why);
}

const char *where_name(const struct where *w)
{
    return w->url[0] ? "the database" : HUB_FILE_DB;
}
