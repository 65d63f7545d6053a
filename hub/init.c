#include "hub/init.h"

#include "crypto/secret.h"
#include "hub/address.h"
#include "hub/hub.h"
#include "hub/rules.h"
#include "hub/settings.h"
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

static enum dl_err make_admin(const char *dir, const char *who, int64_t now_ms)
{
    struct file_path db, path;
    struct store *st = NULL;
    char token[ROLE_TOKEN_CHARS + 2] = "";
    enum dl_err err = file_join(&db, dir, HUB_FILE_DB);
    if (!err)
        err = file_join(&path, dir, INIT_ADMIN_TOKEN_FILE);
    if (!err)
        err = store_sqlite_open(&st, db.s, STORE_WRITE, NULL);
    if (err)
        return err;
    err = tokens_create(st, "admin", STORE_ROLE_ADMIN, who, now_ms, token);
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

static enum dl_err make_all(const char *dir, const char *name, const char *listen,
                            const char *who, int64_t now_ms, struct dl_why *why)
{
    enum dl_err err = make_certificates(dir, name, listen, now_ms, why);
    if (!err)
        err = hub_create(dir, why);
    if (!err)
        err = make_admin(dir, who, now_ms);
    if (!err)
        err = make_rules(dir);
    /* Last, because a folder with this file is a hub. */
    return err ? err : settings_create(dir, name, listen);
}

enum dl_err init_hub(const char *dir, const char *name, const char *listen, const char *who,
                     int64_t now_ms, struct dl_why *why)
{
    enum dl_err err = file_make_dir(dir);
    if (err) {
        dl_why_set(why, "the folder cannot be made");
        return err;
    }
    err = file_check_private(dir, why);
    if (!err)
        err = check_empty(dir, why);
    if (err)
        return err;
    err = make_all(dir, name, listen, who, now_ms, why);
    if (err)
        take_back(dir);
    return err;
}
