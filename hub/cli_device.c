/* `dunlin-hub device ...`. */
#include "crypto/seal.h"
#include "crypto/sign.h"
#include "hub/cli_hub.h"
#include "hub/desk.h"
#include "hub/devices.h"
#include "hub/table.h"
#include "hub/updates.h"
#include "platform/clock.h"
#include "platform/file.h"

#include <stdio.h>
#include <string.h>

int cmd_device_list(const struct cli_args *args)
{
    static const struct table_column columns[] = {
        {"device", "DEVICE"},
        {"state", "STATE"},
        {"epoch", "EPOCH"},
        {"role", "ROLE"},
        {"enrolled_at", "ENROLLED"},
        {"seen_at", "LAST SEEN"},
        {"certificate_not_after", "CERTIFICATE UNTIL"},
        {NULL, NULL}};
    struct store *st = NULL;
    json_t *list = NULL;
    int code = cli_hub_store(args, STORE_READ, &st);
    if (code != CLI_EXIT_OK)
        return code;
    enum dl_err err = devices_list(st, &list);
    st->close(st);
    if (err)
        return cli_hub_failed("device list", err, NULL);
    if (cli_flag(args, "json"))
        return cli_hub_print_json(json_pack("{s:o}", "devices", list));
    if (json_array_size(list) > 0)
        table_print(list, columns);
    else
        printf("No device yet; the custodian enrols one with dunlin-keys enroll.\n");
    json_decref(list);
    return CLI_EXIT_OK;
}

/* What revoke and remove have in common. */
static int change(const struct cli_args *args, const char *what,
                  enum dl_err (*act)(struct store *st, const char *name, const char *who,
                                     int64_t now_ms))
{
    struct store *st = NULL;
    struct dl_why why = {""};
    char who[CLI_WHO_BYTES];
    int code = cli_hub_store(args, STORE_WRITE, &st);
    if (code != CLI_EXIT_OK)
        return code;
    cli_hub_who(who);
    enum dl_err err = act(st, cli_operand(args, 0), who, clock_wall_ms());
    st->close(st);
    if (err == DL_E_NOT_FOUND)
        dl_why_set(&why, "there is no device of this name; `dunlin-hub device list` has them");
    else if (err == DL_E_REJECTED)
        dl_why_set(&why, "it is active: revoke it first");
    return err == DL_OK || err == DL_E_EXISTS ? CLI_EXIT_OK : cli_hub_failed(what, err, &why);
}

int cmd_device_revoke(const struct cli_args *args)
{
    int code = change(args, "device revoke", devices_revoke);
    if (code == CLI_EXIT_OK)
        printf("Revoked: the hub refuses it from now on, and its key share is deleted.\n");
    return code;
}

int cmd_device_remove(const struct cli_args *args)
{
    int code = change(args, "device remove", devices_remove);
    if (code == CLI_EXIT_OK)
        printf("Removed: its events stay, its name may be enrolled anew.\n");
    return code;
}

int cmd_device_grant(const struct cli_args *args)
{
    const char *role = cli_operand(args, 1);
    bool desk = strcmp(role, "desk") == 0;
    struct store *st = NULL;
    struct dl_why why = {""};
    char who[CLI_WHO_BYTES];
    if (!desk && strcmp(role, "revoke") != 0) {
        cli_error("device grant: the second word is desk or revoke");
        return CLI_EXIT_USAGE;
    }
    int code = cli_hub_store(args, STORE_WRITE, &st);
    if (code != CLI_EXIT_OK)
        return code;
    cli_hub_who(who);
    enum dl_err err = desk_grant(st, cli_operand(args, 0), desk, who, clock_wall_ms());
    st->close(st);
    if (err == DL_E_NOT_FOUND)
        dl_why_set(&why, "there is no device of this name; `dunlin-hub device list` has them");
    else if (err == DL_E_REJECTED)
        dl_why_set(&why, "this device is revoked");
    if (err)
        return cli_hub_failed("device grant", err, &why);
    printf(desk ? "Granted: it may look people up; `dunlin-hub audit` has each question.\n"
                : "Taken back: it may not look people up any more.\n");
    return CLI_EXIT_OK;
}

/* ---- configuration for devices ---------------------------------------------------- */

/* The no of --device, 0 without it. */
static enum dl_err find_device(struct store *st, const char *name, int64_t *ret_no,
                               struct dl_why *why)
{
    struct store_device device = {.no = 0};
    enum dl_err err = st->begin(st, STORE_READ);
    if (!err) {
        err = name ? st->device_find(st, name, &device) : DL_OK;
        st->rollback(st);
    }
    if (err == DL_E_NOT_FOUND)
        dl_why_set(why, "there is no device of this name");
    if (!err)
        *ret_no = device.no;
    return err;
}

static enum dl_err read_config(struct store *st, const char *device, json_t **ret,
                               struct dl_why *why)
{
    int64_t no = 0;
    enum dl_err err = find_device(st, device, &no, why);
    return err ? err : updates_config(st, no, ret);
}

/* The keys that publishing needs, from the folder. */
static enum dl_err load_keys(const char *dir, struct sign_key **ret_sign,
                             uint8_t ret_seal_public[static SEAL_PUBLIC_BYTES])
{
    struct file_path path;
    struct seal_key *seal = NULL;
    enum dl_err err = file_join(&path, dir, "seal.key");
    if (!err)
        err = seal_key_load(&seal, path.s);
    if (err)
        return err;
    seal_key_public(seal, ret_seal_public);
    seal_key_free(seal);
    err = file_join(&path, dir, "sign.key");
    return err ? err : sign_key_load(ret_sign, path.s);
}

static enum dl_err publish(const struct cli_args *args, struct store *st, json_t *config,
                           int64_t *ret_cursor, struct dl_why *why)
{
    struct sign_key *sign = NULL;
    uint8_t seal_public[SEAL_PUBLIC_BYTES];
    char who[CLI_WHO_BYTES];
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < cli_operand_count(args); i++)
        err = updates_config_set(config, cli_operand(args, i), why);
    if (!err)
        err = load_keys(cli_text(args, "dir"), &sign, seal_public);
    if (!err) {
        cli_hub_who(who);
        err = updates_publish(st, sign, seal_public, cli_text(args, "device"), config, who,
                              clock_wall_ms(), ret_cursor);
    }
    sign_key_free(sign);
    return err;
}

static int set_config(const struct cli_args *args)
{
    struct store *st = NULL;
    json_t *config = NULL;
    int64_t cursor = 0;
    struct dl_why why = {""};
    int code = cli_hub_store(args, STORE_WRITE, &st);
    if (code != CLI_EXIT_OK)
        return code;
    enum dl_err err = read_config(st, cli_text(args, "device"), &config, &why);
    if (!err)
        err = publish(args, st, config, &cursor, &why);
    json_decref(config);
    st->close(st);
    if (err)
        return cli_hub_failed("device config", err, &why);
    printf("Published as update %lld; devices take it when they next ask.\n",
           (long long)cursor);
    return CLI_EXIT_OK;
}

static int show_config(const struct cli_args *args)
{
    struct store *st = NULL;
    json_t *config = NULL;
    struct dl_why why = {""};
    int code = cli_hub_store(args, STORE_READ, &st);
    if (code != CLI_EXIT_OK)
        return code;
    enum dl_err err = read_config(st, cli_text(args, "device"), &config, &why);
    st->close(st);
    if (err)
        return cli_hub_failed("device config", err, &why);
    if (cli_flag(args, "json"))
        return cli_hub_print_json(config);
    if (json_object_size(config) > 0)
        table_print_object(config);
    else
        printf("Nothing was published: devices use their own settings.\n");
    json_decref(config);
    return CLI_EXIT_OK;
}

int cmd_device_config(const struct cli_args *args)
{
    return cli_operand_count(args) > 0 ? set_config(args) : show_config(args);
}
