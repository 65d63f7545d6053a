/* `dunlin outbox ...`: a look at the queue beside a running agent. Bodies are
 * sealed to the hub: this device shows how many and how large, not what. */
#include "agent/commands.h"

#include "agent/enrolment.h"
#include "platform/bytes.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/json.h"
#include "platform/lock.h"
#include "platform/log.h"
#include "sync/outbox.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEX_SHOWN 8 /* of a segment's id, enough to tell two apart */

const struct cli_option outbox_options[] = {COMMANDS_OPTION_DIR, COMMANDS_OPTION_JSON, {0}};
const struct cli_option outbox_quarantine_options[] = {
    COMMANDS_OPTION_DIR,
    {"export", 'e', CLI_FLAG, NULL, NULL,
     "whole, a line of JSON each: only the hub opens them"},
    COMMANDS_OPTION_JSON,
    {0},
};
const struct cli_option outbox_discard_options[] = {COMMANDS_OPTION_DIR, {0}};

static enum dl_err open_outbox(struct outbox **ret, const struct cli_args *args,
                               struct dl_why *why)
{
    struct file_path path;
    enum dl_err err = file_join(&path, cli_text(args, "dir"), ENROLMENT_OUTBOX);
    if (!err && !file_exists(path.s)) {
        dl_why_set(why, "%s has no outbox: nothing was captured there yet",
                   cli_text(args, "dir"));
        return DL_E_NOT_FOUND;
    }
    return err ? err : outbox_open_reader(ret, path.s, why);
}

static json_t *item_json(const struct outbox_item *item)
{
    char segment[2 * WIRE_SEGMENT_ID_BYTES + 1], at[CLOCK_TEXT_BYTES];
    bytes_to_hex(segment, item->segment_id, WIRE_SEGMENT_ID_BYTES);
    clock_text(item->queued_ms, at);
    return json_pack("{s:I,s:s,s:s,s:I,s:s*}", "seq", (json_int_t)item->seq, "queued_at", at,
                     "segment", segment, "bytes", (json_int_t)item->body_len, "reason",
                     item->quarantine_reason);
}

static enum dl_err print_json(json_t *value)
{
    char *text = value ? json_text(value, NULL) : NULL;
    if (text)
        printf("%s\n", text);
    json_text_free(text);
    json_decref(value);
    return text ? DL_OK : DL_E_NOMEM;
}

/* ---- list and quarantine ---------------------------------------------------------- */

struct list {
    bool json;
    uint64_t count;
};

static enum dl_err list_item(void *ctx, const struct outbox_item *item)
{
    struct list *list = ctx;
    list->count++;
    if (list->json)
        return print_json(item_json(item));
    char segment[2 * WIRE_SEGMENT_ID_BYTES + 1], at[CLOCK_TEXT_BYTES];
    bytes_to_hex(segment, item->segment_id, WIRE_SEGMENT_ID_BYTES);
    clock_text(item->queued_ms, at);
    if (list->count == 1)
        printf("%10s  %-24s  %-8s  %7s%s\n", "seq", "queued at", "segment", "bytes",
               item->quarantine_reason ? "  reason" : "");
    printf("%10" PRIu64 "  %-24s  %.*s  %7zu%s%s\n", item->seq, at, HEX_SHOWN, segment,
           item->body_len, item->quarantine_reason ? "  " : "",
           item->quarantine_reason ? item->quarantine_reason : "");
    return DL_OK;
}

static int list_items(const char *what, const struct cli_args *args, bool quarantined)
{
    struct list list = {.json = cli_flag(args, "json")};
    struct outbox *ob = NULL;
    struct dl_why why = {""};
    enum dl_err err = open_outbox(&ob, args, &why);
    if (!err)
        err = outbox_each(ob, quarantined, list_item, &list);
    outbox_close(ob);
    if (err)
        return commands_fail(what, err, &why);
    if (list.count == 0 && !list.json)
        printf(quarantined ? "nothing was set aside\n" : "nothing waits\n");
    return CLI_EXIT_OK;
}

int outbox_list_command(const struct cli_args *args)
{
    return list_items("outbox list", args, false);
}

/* ---- stats ------------------------------------------------------------------------ */

static json_t *stats_json(struct outbox *ob, const struct outbox_stats *s)
{
    uint8_t stream[SEAL_STREAM_BYTES];
    char hex[2 * SEAL_STREAM_BYTES + 1];
    outbox_stream(ob, stream);
    bytes_to_hex(hex, stream, sizeof stream);
    return json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "stream", hex,
                     "queued_events", (json_int_t)s->queued_events, "queued_bytes",
                     (json_int_t)s->queued_bytes, "oldest_ms", (json_int_t)s->oldest_ms,
                     "first_seq", (json_int_t)s->first_seq, "next_seq", (json_int_t)s->next_seq,
                     "acked_seq", (json_int_t)s->acked_seq, "captured_total",
                     (json_int_t)s->captured_total, "acked_total", (json_int_t)s->acked_total,
                     "quarantined", (json_int_t)s->quarantined, "forks", (json_int_t)s->forks,
                     "file_bytes", (json_int_t)s->file_bytes);
}

static void print_stats(const json_t *stats)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)stats, name, value)
    {
        if (json_is_string(value))
            printf("%-15s %s\n", name, json_string_value(value));
        else
            printf("%-15s %lld\n", name, (long long)json_integer_value(value));
    }
}

int outbox_stats_command(const struct cli_args *args)
{
    struct outbox *ob = NULL;
    struct outbox_stats s = {0};
    struct dl_why why = {""};
    enum dl_err err = open_outbox(&ob, args, &why);
    if (!err)
        err = outbox_stats(ob, &s);
    json_t *stats = err ? NULL : stats_json(ob, &s);
    outbox_close(ob);
    if (err)
        return commands_fail("outbox stats", err, &why);
    if (cli_flag(args, "json"))
        return cli_exit_of(print_json(stats));
    print_stats(stats);
    json_decref(stats);
    return CLI_EXIT_OK;
}

/* ---- export ----------------------------------------------------------------------- */

/* The sealed body as base64: what the hub would get, for a device whose way to
 * the hub is gone for good. */
static enum dl_err export_item(void *ctx, const struct outbox_item *item)
{
    (void)ctx;
    size_t cap = sodium_base64_ENCODED_LEN(item->body_len, sodium_base64_VARIANT_ORIGINAL);
    char *text = malloc(cap);
    if (!text)
        return DL_E_NOMEM;
    sodium_bin2base64(text, cap, item->body, item->body_len, sodium_base64_VARIANT_ORIGINAL);
    json_t *j = item_json(item);
    if (j)
        json_object_set_new(j, "sealed", json_string(text));
    free(text);
    return print_json(j);
}

static int export_items(const char *what, const struct cli_args *args, bool quarantined)
{
    struct outbox *ob = NULL;
    struct dl_why why = {""};
    enum dl_err err = open_outbox(&ob, args, &why);
    if (!err)
        err = outbox_each(ob, quarantined, export_item, NULL);
    outbox_close(ob);
    return err ? commands_fail(what, err, &why) : CLI_EXIT_OK;
}

int outbox_export_command(const struct cli_args *args)
{
    return export_items("outbox export", args, false);
}

int outbox_quarantine_command(const struct cli_args *args)
{
    return cli_flag(args, "export") ? export_items("outbox quarantine", args, true)
                                    : list_items("outbox quarantine", args, true);
}

/* ---- discard ---------------------------------------------------------------------- */

static bool seq_of(const char *text, uint64_t *ret)
{
    if (strlen(text) > 18 || text[strspn(text, "0123456789")] != '\0' || *text == '\0')
        return false;
    *ret = strtoull(text, NULL, 10);
    return true;
}

/* All of them or none. */
static enum dl_err discard(struct outbox *ob, const struct cli_args *args, struct dl_why *why)
{
    uint64_t seq = 0;
    enum dl_err err = outbox_begin(ob);
    for (size_t i = 0; !err && i < cli_operand_count(args); i++) {
        bool is_seq = seq_of(cli_operand(args, i), &seq);
        err = is_seq ? outbox_discard(ob, seq) : DL_E_INPUT;
    }
    if (!err)
        return outbox_commit(ob);
    outbox_rollback(ob);
    if (err == DL_E_INPUT)
        dl_why_set(why, "a record is named by its seq; `dunlin outbox quarantine` has them");
    else if (err == DL_E_NOT_FOUND)
        dl_why_set(why, "no record of seq %" PRIu64 " was set aside", seq);
    else if (err == DL_E_REJECTED)
        dl_why_set(why, "the hub has not heard yet that %" PRIu64 " is set aside: flush first",
                   seq);
    return err;
}

int outbox_discard_command(const struct cli_args *args)
{
    const char *dir = cli_text(args, "dir");
    const struct outbox_limits limits = {.bytes_max = 0};
    struct folder_lock *lock = NULL;
    struct outbox *ob = NULL;
    struct file_path path;
    struct dl_why why = {""};
    enum dl_err err = file_join(&path, dir, ENROLMENT_OUTBOX);
    if (!err && !file_exists(path.s)) {
        dl_why_set(&why, "%s has no outbox: nothing was captured there yet", dir);
        err = DL_E_NOT_FOUND;
    }
    if (!err)
        err = folder_lock_take(&lock, dir);
    if (err == DL_E_BUSY)
        dl_why_set(&why, "an agent runs on %s; stop it first", dir);
    if (!err)
        err = outbox_open(&ob, path.s, &limits, &why);
    if (!err)
        err = discard(ob, args, &why);
    outbox_close(ob);
    folder_lock_free(lock);
    if (err)
        return commands_fail("outbox discard", err, &why);
    for (size_t i = 0; i < cli_operand_count(args); i++)
        LOG_WARN("outbox.discarded", LOG_U64("seq", strtoull(cli_operand(args, i), NULL, 10)));
    return CLI_EXIT_OK;
}
