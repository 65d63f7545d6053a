#include "hub/tls.h"

#include "crypto/secret.h"
#include "platform/file.h"

#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct names {
    const char *at[PKI_NAMES_MAX];
    size_t count;
};

static void names_add(struct names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->at[i], name) == 0)
            return;
    if (names->count < PKI_NAMES_MAX)
        names->at[names->count++] = name;
}

/* 0.0.0.0 is nobody's address, but who listens there listens on loopback too. */
static struct names names_of(const char *name, const struct address *listen)
{
    struct names names = {.count = 0};
    names_add(&names, name);
    if (!listen->is_any)
        names_add(&names, listen->host);
    if (listen->is_loopback || listen->is_any) {
        names_add(&names, "localhost");
        names_add(&names, "127.0.0.1");
        names_add(&names, "::1");
    }
    return names;
}

/* ---- files ------------------------------------------------------------------------ */

static enum dl_err save(const char *dir, const char *name, const struct pki_pem *pem)
{
    struct file_path path;
    enum dl_err err = file_join(&path, dir, name);
    if (err)
        return err;
    return file_write(path.s, pem->text, strlen(pem->text));
}

static enum dl_err load(const char *dir, const char *name, struct pki_pem *ret,
                        struct dl_why *why)
{
    struct file_path path;
    uint8_t *bytes = NULL;
    size_t len = 0;
    enum dl_err err = file_join(&path, dir, name);
    if (err)
        return err;
    err = file_read(path.s, sizeof ret->text - 1, &bytes, &len);
    if (err) {
        dl_why_set(why, "%s of the hub's folder cannot be read", name);
        return err;
    }
    memcpy(ret->text, bytes, len);
    ret->text[len] = '\0';
    secret_wipe(bytes, len);
    free(bytes);
    return DL_OK;
}

/* ---- the CA ----------------------------------------------------------------------- */

enum dl_err tls_ca_create(const char *dir, const char *name, int64_t now_ms, struct tls_ca *ret)
{
    char common_name[PKI_NAME_BYTES_MAX + 1];
    int len = snprintf(common_name, sizeof common_name, "%s hub CA", name);
    if (len < 0 || (size_t)len >= sizeof common_name) /* a long name: what it is matters more */
        snprintf(common_name, sizeof common_name, "Dunlin hub CA");
    enum dl_err err = pki_key_make(&ret->key);
    if (!err)
        err = pki_ca_make(common_name, &ret->key, now_ms, &ret->cert);
    if (!err)
        err = save(dir, "ca.key", &ret->key);
    return err ? err : save(dir, "ca.pem", &ret->cert);
}

enum dl_err tls_ca_load(const char *dir, struct tls_ca *ret, struct dl_why *why)
{
    enum dl_err err = load(dir, "ca.pem", &ret->cert, why);
    if (!err)
        err = load(dir, "ca.key", &ret->key, why);
    if (!err && !pki_key_fits(&ret->key, ret->cert.text)) {
        dl_why_set(why, "ca.key does not belong to ca.pem");
        err = DL_E_CORRUPT;
    }
    return err;
}

/* ---- the server's certificate ----------------------------------------------------- */

enum dl_err tls_server_make(const char *dir, const struct tls_ca *ca, const char *name,
                            const struct address *listen, int64_t now_ms)
{
    struct names names = names_of(name, listen);
    struct pki_pem key, cert;
    enum dl_err err = pki_key_make(&key);
    if (!err)
        err = pki_server_make(&ca->cert, &ca->key, &key, names.at, names.count, now_ms, &cert);
    if (!err)
        err = save(dir, "server.key", &key);
    if (!err)
        err = save(dir, "server.pem", &cert);
    secret_wipe(&key, sizeof key);
    return err;
}

static bool covers(const struct pki_pem *cert, const struct names *names)
{
    gnutls_x509_crt_t crt = NULL;
    gnutls_datum_t pem = {.data = (void *)(uintptr_t)cert->text,
                          .size = (unsigned)strlen(cert->text)};
    bool ok = gnutls_x509_crt_init(&crt) == GNUTLS_E_SUCCESS &&
              gnutls_x509_crt_import(crt, &pem, GNUTLS_X509_FMT_PEM) == GNUTLS_E_SUCCESS;
    for (size_t i = 0; ok && i < names->count; i++)
        ok = gnutls_x509_crt_check_hostname(crt, names->at[i]) != 0;
    if (crt)
        gnutls_x509_crt_deinit(crt);
    return ok;
}

enum dl_err tls_server_renew(const char *dir, const struct tls_ca *ca, const char *name,
                             const struct address *listen, int64_t now_ms, bool *ret_renewed,
                             struct dl_why *why)
{
    struct pki_pem key = {""}, cert = {""};
    struct pki_info info;
    struct names names = names_of(name, listen);
    enum dl_err err = load(dir, "server.pem", &cert, why);
    if (!err)
        err = load(dir, "server.key", &key, why);
    /* A crash between the two writes of a renewal leaves a pair that does not fit. */
    bool fits = !err && pki_key_fits(&key, cert.text);
    secret_wipe(&key, sizeof key);
    if (err && err != DL_E_NOT_FOUND)
        return err;
    *ret_renewed = !fits || pki_cert_info(cert.text, &info) != DL_OK ||
                   info.not_after_ms - now_ms < TLS_RENEW_BEFORE_MS || !covers(&cert, &names);
    if (!*ret_renewed)
        return DL_OK;
    err = tls_server_make(dir, ca, name, listen, now_ms);
    if (err)
        dl_why_set(why, "no new server certificate could be made: %s",
                   err == DL_E_INPUT ? "`name` is no DNS name, or the CA has expired"
                                     : "the folder cannot be written");
    return err;
}
