#include "keys/commands.h"

#include "keys/passphrase.h"

const char *command_needs(const struct cli_args *args, const char *option)
{
    const char *value = cli_text(args, option);
    if (!value)
        cli_error("--%s is needed; --help tells more", option);
    return value;
}

enum dl_err command_keyring(const char *path, struct keyring **ret, struct dl_why *why)
{
    struct dl_why detail = {""};
    enum dl_err err = keyring_load(ret, path, &detail);
    if (err == DL_E_NOT_FOUND)
        dl_why_set(why, "there is no keyring %s; `dunlin-keys init` makes one", path);
    else if (err)
        dl_why_set(why, "%s is no keyring that can be read: %s", path,
                   detail.text[0] ? detail.text : dl_err_name(err));
    return err;
}

enum dl_err command_share(const struct keyring *kr, const char *passphrase_file,
                          struct custodian_share **ret, struct dl_why *why)
{
    struct keys_passphrase *p = NULL;
    enum dl_err err = DL_OK;
    if (kr->locked)
        err = keys_passphrase_get(&p, passphrase_file, false, why);
    if (err)
        return err;
    err = keyring_share(kr, p ? p->text : NULL, p ? p->len : 0, ret);
    if (err == DL_E_AUTH)
        dl_why_set(why, "wrong passphrase, or the keyring was altered");
    else if (err == DL_E_CORRUPT)
        dl_why_set(why, "the keyring's share fails its check: bring back a copy");
    keys_passphrase_free(p);
    return err;
}
