#include "sync/renew.h"

#include "crypto/secret.h"
#include "platform/file.h"

#include <stdlib.h>
#include <string.h>

struct pair_paths {
    struct file_path key, key_new, crt, crt_new;
};

static enum dl_err paths_of(const char *dir, struct pair_paths *ret)
{
    enum dl_err err = file_join(&ret->key, dir, "device.key");
    if (!err)
        err = file_join(&ret->key_new, dir, "device.key.new");
    if (!err)
        err = file_join(&ret->crt, dir, "device.crt");
    if (!err)
        err = file_join(&ret->crt_new, dir, "device.crt.new");
    return err;
}

static enum dl_err read_pem(const char *path, struct pki_pem *ret)
{
    uint8_t *text = NULL;
    size_t len = 0;
    enum dl_err err = file_read(path, sizeof ret->text - 1, &text, &len);
    if (err)
        return err;
    memcpy(ret->text, text, len + 1);
    secret_wipe(text, len);
    free(text);
    return DL_OK;
}

static bool files_fit(const char *key_path, const char *crt_path)
{
    struct pki_pem key, crt;
    bool fit = read_pem(key_path, &key) == DL_OK && read_pem(crt_path, &crt) == DL_OK &&
               pki_key_fits(&key, crt.text);
    secret_wipe(&key, sizeof key);
    return fit;
}

/* The key first: a certificate in place without its key is what recovery would
 * have to guess at; a key in place is recognised by the waiting certificate. */
static enum dl_err switch_over(const struct pair_paths *p)
{
    enum dl_err err = file_rename(p->key_new.s, p->key.s);
    return err ? err : file_rename(p->crt_new.s, p->crt.s);
}

static enum dl_err drop(const char *path)
{
    return file_exists(path) ? file_remove(path) : DL_OK;
}

enum dl_err renew_recover(const char *dir)
{
    struct pair_paths p;
    enum dl_err err = paths_of(dir, &p);
    if (err)
        return err;
    if (file_exists(p.crt_new.s)) {
        if (files_fit(p.key_new.s, p.crt_new.s))
            return switch_over(&p);
        if (files_fit(p.key.s, p.crt_new.s)) /* stopped between the two renames */
            return file_rename(p.crt_new.s, p.crt.s);
    }
    err = drop(p.crt_new.s);
    return err ? err : drop(p.key_new.s);
}

enum dl_err renew_install(const char *dir, const char *device, const struct pki_pem *key,
                          const char *cert_pem)
{
    struct pki_info info;
    struct pair_paths p;
    if (strlen(cert_pem) >= PKI_PEM_BYTES_MAX || pki_cert_info(cert_pem, &info) != DL_OK ||
        strcmp(info.common_name, device) != 0 || !pki_key_fits(key, cert_pem))
        return DL_E_CORRUPT;
    enum dl_err err = paths_of(dir, &p);
    if (!err)
        err = file_write(p.key_new.s, key->text, strlen(key->text));
    if (!err)
        err = file_write(p.crt_new.s, cert_pem, strlen(cert_pem));
    return err ? err : switch_over(&p);
}
