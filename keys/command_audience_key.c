#include "keys/commands.h"
#include "platform/bytes.h"
#include "platform/clock.h"

#include <stdio.h>

static void say_next(const struct keyring *kr)
{
    uint8_t id[AUDIENCE_KEY_ID_BYTES];
    char fingerprint[2 * AUDIENCE_KEY_ID_BYTES + 1];
    audience_key_id(kr->audience[kr->audience_count - 1].public, id);
    bytes_to_hex(fingerprint, id, sizeof id);
    printf("audience key %s\n"
           "Devices take it with their next bundle: `dunlin-keys rotate` for those enrolled\n"
           "already. What was sealed to the keys before it can still be opened.\n",
           fingerprint);
}

int command_audience_key(const struct cli_args *args)
{
    const char *path = command_needs(args, "keyring");
    if (!path)
        return CLI_EXIT_USAGE;
    struct keyring *kr = NULL;
    struct custodian_share *share = NULL;
    struct dl_why why = {""};
    enum dl_err err = command_keyring(path, &kr, &why);
    if (!err)
        err = command_share(kr, cli_text(args, "passphrase-file"), &share, &why);
    if (!err) {
        err = keyring_add_audience(kr, share, clock_wall_ms());
        if (err == DL_E_FULL)
            dl_why_set(&why, "the keyring has %d audience keys already, and no room for more",
                       KEYRING_AUDIENCE_MAX);
    }
    if (!err)
        err = keyring_save(kr, path);
    if (!err)
        say_next(kr);
    else
        cli_error("%s", why.text[0] ? why.text : dl_err_name(err));
    custodian_share_free(share);
    keyring_free(kr);
    return err ? cli_exit_of(err) : CLI_EXIT_OK;
}
