#include "crypto/custodian.h"
#include "keys/commands.h"
#include "keys/keyring.h"
#include "keys/passphrase.h"
#include "platform/clock.h"
#include "platform/file.h"

#include <stdio.h>

static bool is_free(const char *path)
{
    if (!file_exists(path))
        return true;
    cli_error("%s is there already and is never written over", path);
    return false;
}

/* The keyring in memory, locked with a passphrase if one is wanted. */
static enum dl_err make_keyring(struct keyring **ret, const struct custodian_share *share,
                                const char *passphrase_file, bool locked, struct dl_why *why)
{
    if (!locked)
        return keyring_make(ret, share, NULL, NULL, 0, clock_wall_ms());
    struct keys_passphrase *passphrase = NULL;
    enum dl_err err = keys_passphrase_get(&passphrase, passphrase_file, true, why);
    if (err)
        return err;
    struct custodian_kdf kdf;
    custodian_kdf_draw(&kdf);
    err = keyring_make(ret, share, &kdf, passphrase->text, passphrase->len, clock_wall_ms());
    if (err == DL_E_NOMEM)
        dl_why_set(why, "locking takes %llu MiB of memory for a moment, which is not to be had",
                   (unsigned long long)(kdf.mem >> 20));
    keys_passphrase_free(passphrase);
    return err;
}

/* Both files or none. */
static enum dl_err write_both(const struct keyring *kr, const char *keyring_path,
                              const struct hub_share *hub, const char *share_path,
                              struct dl_why *why)
{
    enum dl_err err = hub_share_save(hub, share_path);
    if (err) {
        dl_why_set(why, "%s cannot be written: %s", share_path, dl_err_name(err));
        return err;
    }
    err = keyring_create(kr, keyring_path);
    if (err) {
        dl_why_set(why, "%s cannot be written: %s", keyring_path, dl_err_name(err));
        if (file_burn(share_path) != DL_OK)
            cli_error("%s belongs to no keyring: remove it", share_path);
    }
    return err;
}

static void say_next(const char *keyring_path, const char *share_path, bool locked)
{
    printf("%s  the custodian's half, %s. It stays with you; keep a copy offline.\n"
           "%s  the hub's half. Take it to the hub by a safe way, import it there:\n"
           "\n"
           "    dunlin-hub keys import --dir /var/lib/dunlin-hub %s\n"
           "\n"
           "and then remove this file: nobody may hold both halves. Next, for each device:\n"
           "\n"
           "    dunlin-keys enroll till-3 --keyring %s --hub https://HOST:8443 \\\n"
           "        --ca ca.pem --admin-token-file admin.token > till-3.bundle\n",
           keyring_path, locked ? "locked with a passphrase" : "not locked", share_path,
           share_path, keyring_path);
}

int command_init(const struct cli_args *args)
{
    const char *keyring_path = command_needs(args, "keyring");
    const char *share_path = command_needs(args, "hub-share");
    const char *passphrase_file = cli_text(args, "passphrase-file");
    if (!keyring_path || !share_path)
        return CLI_EXIT_USAGE;
    if (!is_free(keyring_path) || !is_free(share_path))
        return CLI_EXIT_FAILED;
    bool locked = cli_flag(args, "passphrase") || keys_passphrase_given(passphrase_file);
    struct dl_why why = {""};
    struct custodian_share *share = NULL;
    struct hub_share *hub = NULL;
    struct keyring *kr = NULL;
    enum dl_err err = custodian_draw(&share, &hub);
    if (!err)
        err = make_keyring(&kr, share, passphrase_file, locked, &why);
    if (!err)
        err = keyring_add_audience(kr, share, clock_wall_ms());
    if (!err)
        err = write_both(kr, keyring_path, hub, share_path, &why);
    if (!err)
        say_next(keyring_path, share_path, locked);
    else
        cli_error("%s", why.text[0] ? why.text : dl_err_name(err));
    keyring_free(kr);
    hub_share_free(hub);
    custodian_share_free(share);
    return err ? cli_exit_of(err) : CLI_EXIT_OK;
}
