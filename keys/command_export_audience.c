#include "keys/commands.h"
#include "keys/export_audience.h"
#include "platform/file.h"
#include "platform/json.h"
#include "platform/plural.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PART_SUFFIX ".part"

struct order {
    enum upload upload;
    const char *platform, *keyring_path, *in_path, *out_path;
    struct file_path part; /* what is written; becomes `out_path` when it is whole */
};

static bool read_order(const struct cli_args *args, struct order *ret)
{
    ret->platform = command_needs(args, "for");
    ret->keyring_path = command_needs(args, "keyring");
    ret->in_path = command_needs(args, "in");
    ret->out_path = command_needs(args, "out");
    if (!ret->platform || !ret->keyring_path || !ret->in_path || !ret->out_path)
        return false;
    if (!upload_from_name(ret->platform, cli_text(args, "field"), &ret->upload)) {
        cli_error("--for is google, meta or uid2, and --field email or phone");
        return false;
    }
    if (strlen(ret->out_path) + sizeof PART_SUFFIX > sizeof ret->part.s) {
        cli_error("--out: the path is too long");
        return false;
    }
    snprintf(ret->part.s, sizeof ret->part.s, "%s" PART_SUFFIX, ret->out_path);
    return true;
}

static void print_text(const struct order *o, const struct audience_head *head,
                       const struct export_counts *c)
{
    printf("%s: %" PRIu64 " row%s for %s, of %" PRIu64 " set%s that %s handed out %s\n",
           o->out_path, c->rows, plural((int64_t)c->rows), o->platform, c->sets,
           plural((int64_t)c->sets), head->hub, head->made_at);
    if (c->repeats)
        printf("  %" PRIu64 " the same as another\n", c->repeats);
    if (c->nothing)
        printf("  %" PRIu64 " without a value for %s\n", c->nothing, o->platform);
    if (c->other_key)
        printf("  %" PRIu64 " not opened: sealed to a key that is not in this keyring\n",
               c->other_key);
    if (c->damaged)
        printf("  %" PRIu64 " not opened: damaged\n", c->damaged);
    printf("Whoever holds the file can find these people again: upload it, then remove it.\n");
}

static void print_json(const struct order *o, const struct audience_head *head,
                       const struct export_counts *c)
{
    json_t *obj =
        json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "for", o->platform,
                  "out", o->out_path, "hub", head->hub, "made_at", head->made_at, "sets",
                  (json_int_t)c->sets, "rows", (json_int_t)c->rows, "repeats",
                  (json_int_t)c->repeats, "nothing", (json_int_t)c->nothing, "other_key",
                  (json_int_t)c->other_key, "damaged", (json_int_t)c->damaged);
    char *text = obj ? json_text(obj, NULL) : NULL;
    puts(text ? text : "{}");
    json_text_free(text);
    json_decref(obj);
}

/* Nothing stays behind of a try that failed. */
static enum dl_err write_out(const struct order *o, const struct keyring *kr,
                             const struct custodian_share *share, FILE *in,
                             struct audience_head *ret_head, struct export_counts *ret,
                             struct dl_why *why)
{
    FILE *out = file_open(o->part.s, "wb");
    if (!out) {
        dl_why_set(why, "%s cannot be written", o->part.s);
        return DL_E_IO;
    }
    enum dl_err err = export_audience(kr, share, o->upload, in, out, ret_head, ret, why);
    if (fclose(out) != 0 && !err)
        err = DL_E_IO;
    if (!err)
        err = file_rename(o->part.s, o->out_path);
    if (err == DL_E_IO)
        dl_why_set(why, "%s cannot be written, or %s not be read", o->out_path, o->in_path);
    if (err && file_exists(o->part.s) && file_burn(o->part.s) != DL_OK)
        cli_error("%s could not be removed: remove it by hand", o->part.s);
    return err;
}

int command_export_audience(const struct cli_args *args)
{
    struct order o;
    if (!read_order(args, &o))
        return CLI_EXIT_USAGE;
    if (file_exists(o.out_path) && !cli_flag(args, "force")) {
        cli_error("%s is there already; --force writes over it", o.out_path);
        return CLI_EXIT_FAILED;
    }
    struct keyring *kr = NULL;
    struct custodian_share *share = NULL;
    struct audience_head head = {.count = 0};
    struct export_counts counts = {.sets = 0};
    struct dl_why why = {""};
    FILE *in = file_open(o.in_path, "rb");
    enum dl_err err = in ? command_keyring(o.keyring_path, &kr, &why) : DL_E_NOT_FOUND;
    if (!in)
        dl_why_set(&why, "there is no audience to be read");
    if (!err)
        err = command_share(kr, cli_text(args, "passphrase-file"), &share, &why);
    bool ours = in && err; /* the keyring's trouble, which names itself */
    if (!err)
        err = write_out(&o, kr, share, in, &head, &counts, &why);
    const char *reason = why.text[0] ? why.text : dl_err_name(err);
    if (err && ours)
        cli_error("%s", reason);
    else if (err)
        cli_error("%s: %s", o.in_path, reason);
    else if (cli_flag(args, "json"))
        print_json(&o, &head, &counts);
    else
        print_text(&o, &head, &counts);
    if (in)
        (void)fclose(in);
    custodian_share_free(share);
    keyring_free(kr);
    return err ? cli_exit_of(err) : CLI_EXIT_OK;
}
