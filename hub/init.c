#include "hub/init.h"

#include "crypto/secret.h"
#include "hub/address.h"
#include "hub/hub.h"
#include "hub/rules.h"
#include "hub/settings.h"
#include "hub/store_pg.h"
#include "hub/tls.h"
#include "hub/tokens.h"
#include "platform/file.h"

#include <string.h>

/* Everything a hub's folder may hold: what init refuses to find, and takes back. */
static const char *const files[] = {SETTINGS_FILE, "ca.pem",     "ca.key",      "server.pem",
                                    "server.key",  "seal.key",   "sign.key",    "store.key",
                                    "id.key",      "hub.share",  "admin.token", "hub.db",
                                    "hub.db-wal",  "hub.db-shm", RULES_FILE,    NULL};

static enum dl_err check_empty(const char *dir, struct dl_why *why)
{
    for (size_t i = 0; files[i]; i++) {
        struct file_path path;
        enum dl_err err = file_join(&path, dir, files[i]);
        if (err)
            return err;
        if (file_exists(path.s)) {
            dl_why_set(why, "%.200s has a hub already: %s is there", dir, files[i]);
            return DL_E_EXISTS;
        }
    }
    return DL_OK;
}

static void take_back(const char *dir)
{
    for (size_t i = 0; files[i]; i++) {
        struct file_path path;
        if (file_join(&path, dir, files[i]) != DL_OK || !file_exists(path.s))
            continue;
        if (file_remove(path.s) != DL_OK)
            return; /* init said what failed; a second word would not help */
    }
}

static enum dl_err make_certificates(const char *dir, const char *name, const char *listen,
                                     int64_t now_ms, struct dl_why *why)
{
    struct address address;
    enum dl_err err = address_parse(&address, listen, why);
    if (err)
        return err;
    struct tls_ca *ca = secret_make(sizeof *ca);
    if (!ca)
        return DL_E_NOMEM;
    err = tls_ca_create(dir, name, now_ms, ca);
    if (!err)
        err = tls_server_make(dir, ca, name, &address, now_ms);
    if (err == DL_E_INPUT)
        dl_why_set(why, "--name is the DNS name or the address of the hub");
    secret_free(ca, sizeof *ca);
    return err;
}

static enum dl_err make_admin(const struct init_order *order, const struct where *where,
                              int64_t now_ms, struct dl_why *why)
{
    struct file_path path;
    struct store *st = NULL;
    char token[ROLE_TOKEN_CHARS + 2] = "";
    enum dl_err err = file_join(&path, order->dir, INIT_ADMIN_TOKEN_FILE);
    if (!err)
        err = where_open(&st, where, STORE_WRITE, why);
    if (err)
        return err;
    err = tokens_create(st, "admin", STORE_ROLE_ADMIN, order->who, now_ms, token);
    st->close(st);
    token[ROLE_TOKEN_CHARS] = '\n'; /* after its last digit; the NUL is behind it */
    if (!err)
        err = file_write_new(path.s, token, strlen(token));
    secret_wipe(token, sizeof token);
    return err;
}

static enum dl_err make_rules(const char *dir)
{
    struct file_path path;
    enum dl_err err = file_join(&path, dir, RULES_FILE);
    return err ? err : rules_create(path.s);
}

static enum dl_err find_where(const struct init_order *order, struct where *ret,
                              struct dl_why *why)
{
    enum dl_err err = where_of_folder(ret, order->dir, why);
    if (!err)
        err = where_override(ret, order->url, order->tenant, why);
    if (err || !order->password_file)
        return err;
    if (order->password_file[0] != '/' ||
        strlen(order->password_file) >= sizeof ret->password_file) { /* read from anywhere */
        dl_why_set(why, "--db-password-file wants the file's whole path, from /");
        return DL_E_INPUT;
    }
    memcpy(ret->password_file, order->password_file, strlen(order->password_file) + 1);
    return DL_OK;
}

/* The store first: it is what may be away or taken. */
static enum dl_err make_all(const struct init_order *order, int64_t now_ms, struct dl_why *why)
{
    struct where where;
    enum dl_err err = find_where(order, &where, why);
    if (!err)
        err = hub_create_at(order->dir, &where, why);
    if (!err && order->distribute)
        err = store_pg_distribute(&where, why);
    if (!err)
        err = make_certificates(order->dir, order->name, order->listen, now_ms, why);
    if (!err)
        err = make_admin(order, &where, now_ms, why);
    if (!err)
        err = make_rules(order->dir);
    /* Last, because a folder with this file is a hub. */
    return err ? err
               : settings_create(order->dir, order->name, order->listen, where.url,
                                 where.tenant, where.password_file);
}

enum dl_err init_hub(const struct init_order *order, int64_t now_ms, struct dl_why *why)
{
    enum dl_err err = file_make_dir(order->dir);
    if (err) {
        dl_why_set(why, "the folder cannot be made");
        return err;
    }
    err = file_check_private(order->dir, why);
    if (!err)
        err = check_empty(order->dir, why);
    if (err)
        return err;
    err = make_all(order, now_ms, why);
    if (err)
        take_back(order->dir);
    return err;
}
