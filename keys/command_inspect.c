#include "keys/commands.h"
#include "keys/keyring.h"
#include "platform/bytes.h"
#include "platform/json.h"

#include <stdio.h>

static void fingerprint_of(const struct keyring_audience *a,
                           char ret[static 2 * AUDIENCE_KEY_ID_BYTES + 1])
{
    uint8_t id[AUDIENCE_KEY_ID_BYTES];
    audience_key_id(a->public, id);
    bytes_to_hex(ret, id, sizeof id);
}

static void print_audience(const struct keyring *kr)
{
    char fingerprint[2 * AUDIENCE_KEY_ID_BYTES + 1];
    if (kr->audience_count == 0)
        printf("no audience key yet: the next enroll, rotate or audience-key makes one\n");
    for (size_t i = 0; i < kr->audience_count; i++) {
        fingerprint_of(&kr->audience[i], fingerprint);
        printf("audience key %s, made %s%s\n", fingerprint, kr->audience[i].made_at,
               i + 1 == kr->audience_count ? "" : ", replaced");
    }
}

static void print_text(const struct keyring *kr)
{
    printf("%s, made %s, %s\n", keyring_format_name(kr), kr->created_at,
           kr->locked ? "locked with a passphrase (Argon2id)" : "not locked");
    print_audience(kr);
    if (kr->device_count == 0)
        printf("no device enrolled yet\n");
    else
        printf("\n%-32s %5s  %s\n", "DEVICE", "EPOCH", "ENROLLED");
    for (size_t i = 0; i < kr->device_count; i++) {
        const struct keyring_device *d = &kr->devices[i];
        printf("%-32s %5u  %s\n", d->name, (unsigned)d->epoch,
               d->enrolled_at[0] ? d->enrolled_at : "not confirmed by the hub");
    }
}

static json_t *object_of(const struct keyring *kr)
{
    json_t *devices = json_array();
    for (size_t i = 0; i < kr->device_count; i++) {
        const struct keyring_device *d = &kr->devices[i];
        json_array_append_new(devices, json_pack("{s:s, s:i, s:s?}", "device", d->name, "epoch",
                                                 (int)d->epoch, "enrolled_at",
                                                 d->enrolled_at[0] ? d->enrolled_at : NULL));
    }
    json_t *keys = json_array();
    for (size_t i = 0; i < kr->audience_count; i++) {
        char fingerprint[2 * AUDIENCE_KEY_ID_BYTES + 1];
        fingerprint_of(&kr->audience[i], fingerprint);
        json_array_append_new(keys, json_pack("{s:s, s:s}", "fingerprint", fingerprint,
                                              "made_at", kr->audience[i].made_at));
    }
    return json_pack("{s:s, s:s, s:b, s:o, s:o}", "format", keyring_format_name(kr),
                     "created_at", kr->created_at, "locked", (int)kr->locked, "audience_keys",
                     keys, "devices", devices);
}

static enum dl_err print_json(const struct keyring *kr)
{
    json_t *obj = object_of(kr);
    char *text = obj ? json_text(obj, NULL) : NULL;
    if (text)
        puts(text);
    json_text_free(text);
    json_decref(obj);
    return text ? DL_OK : DL_E_NOMEM;
}

int command_inspect(const struct cli_args *args)
{
    const char *path = command_needs(args, "keyring");
    if (!path)
        return CLI_EXIT_USAGE;
    struct keyring *kr = NULL;
    struct dl_why why = {""};
    enum dl_err err = command_keyring(path, &kr, &why);
    if (!err && cli_flag(args, "json"))
        err = print_json(kr);
    else if (!err)
        print_text(kr);
    if (err)
        cli_error("%s", why.text[0] ? why.text : dl_err_name(err));
    keyring_free(kr);
    return err ? cli_exit_of(err) : CLI_EXIT_OK;
}
