/* `dunlin-hub match run`, `match evaluate`, `review list|accept|reject`. */
#include "hub/audit.h"
#include "hub/cli_bar.h"
#include "hub/cli_hub.h"
#include "hub/decision.h"
#include "hub/evaluate.h"
#include "hub/likeness.h"
#include "hub/query.h"
#include "hub/table.h"
#include "platform/bytes.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/plural.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRUTH_BYTES_MAX ((size_t)1 << 30)
#define PAIR_BYTES      (4 * STORE_NODE_KEY_BYTES + 2) /* KEY-KEY in hex, and the NUL */

struct standings {
    int64_t linked, review, several;
};

static enum dl_err count_standing(void *ctx, const struct store_likeness *row)
{
    struct standings *s = ctx;
    s->linked += row->state == STORE_LIKENESS_LINKED;
    s->review += row->state == STORE_LIKENESS_REVIEW;
    s->several += row->state == STORE_LIKENESS_SEVERAL;
    return DL_OK;
}

static enum dl_err count_standings(struct store *st, struct standings *ret)
{
    enum dl_err err = st->begin(st, STORE_READ);
    if (err)
        return err;
    err = st->likenesses_each(st, count_standing, ret);
    st->rollback(st);
    return err;
}

static enum dl_err run(struct store *st)
{
    struct cli_bar bar = {.what = NULL};
    const struct watch watch = cli_bar_watch(&bar);
    enum dl_err err = likeness_run(st, st, &watch);
    cli_bar_done(&bar);
    return err;
}

static int run_failed(const char *what, enum dl_err err, struct dl_why *why)
{
    if (err == DL_E_BUSY)
        dl_why_set(why, "the hub is being re-keyed, or its database is busy: try again later");
    return cli_hub_failed(what, err, why);
}

int cmd_match_run(const struct cli_args *args)
{
    struct store *st = NULL;
    struct standings s = {.linked = 0};
    struct dl_why why = {""};
    int code = cli_hub_store(args, STORE_WRITE, &st);
    if (code != CLI_EXIT_OK)
        return code;
    enum dl_err err = run(st);
    if (!err)
        err = count_standings(st, &s);
    st->close(st);
    if (err)
        return run_failed("match run", err, &why);
    if (cli_flag(args, "json"))
        return cli_hub_print_json(json_pack("{s:I, s:I, s:I}", "linked", (json_int_t)s.linked,
                                            "review", (json_int_t)s.review, "several",
                                            (json_int_t)s.several));
    printf("Linked: %" PRId64 " pair%s; to decide in `dunlin-hub review list`: %" PRId64
           "; of several people, so that they join nobody: %" PRId64 " contact%s.\n",
           s.linked, plural(s.linked), s.review, s.several, plural(s.several));
    return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

int cmd_match_evaluate(const struct cli_args *args)
{
    const char *path = cli_text(args, "truth");
    struct store *st = NULL;
    uint8_t *truth = NULL;
    size_t len = 0;
    json_t *scores = NULL;
    struct dl_why why = {""};
    if (!path) {
        cli_error("match evaluate: --truth is lacking");
        return CLI_EXIT_USAGE;
    }
    enum dl_err err = file_read(path, TRUTH_BYTES_MAX, &truth, &len);
    if (err) {
        dl_why_set(&why, "%.200s cannot be read", path);
        return cli_hub_failed("match evaluate", err, &why);
    }
    int code = cli_hub_store(args, STORE_READ, &st);
    if (code == CLI_EXIT_OK) {
        err = st->begin(st, STORE_READ);
        if (!err) {
            err = evaluate(st, (const char *)truth, len, &scores);
            st->rollback(st);
        }
        st->close(st);
        if (err == DL_E_INPUT)
            dl_why_set(&why, "no event of that list is here");
        if (err)
            code = cli_hub_failed("match evaluate", err, &why);
    }
    free(truth);
    if (code != CLI_EXIT_OK)
        return code;
    if (cli_flag(args, "json"))
        return cli_hub_print_json(scores);
    table_print_object(scores);
    json_decref(scores);
    return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

/* ---- review ---------------------------------------------------------------------------- */

struct listing {
    struct store_likeness *rows;
    size_t count, cap;
};

static enum dl_err add_row(void *ctx, const struct store_likeness *row)
{
    struct listing *l = ctx;
    if (row->state != STORE_LIKENESS_REVIEW)
        return DL_OK;
    if (l->count == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 64;
        struct store_likeness *grown = realloc(l->rows, cap * sizeof *grown);
        if (!grown)
            return DL_E_NOMEM;
        l->rows = grown;
        l->cap = cap;
    }
    l->rows[l->count++] = *row;
    return DL_OK;
}

static json_t *pair_json(const struct store_likeness *row, const struct store_node nodes[2])
{
    char pair[PAIR_BYTES], a[QUERY_PROFILE_ID_BYTES], b[QUERY_PROFILE_ID_BYTES];
    bytes_to_hex(pair, nodes[0].key, STORE_NODE_KEY_BYTES);
    pair[2 * STORE_NODE_KEY_BYTES] = '-';
    bytes_to_hex(pair + 2 * STORE_NODE_KEY_BYTES + 1, nodes[1].key, STORE_NODE_KEY_BYTES);
    query_profile_id(nodes[0].root_key, a);
    query_profile_id(nodes[1].root_key, b);
    return json_pack("{s:s, s:s, s:s, s:f}", "pair", pair, "profile", a, "other", b, "bits",
                     (double)row->millibits / 1000);
}

/* Pairs whose people are still two. */
static enum dl_err list_pairs(struct store *st, json_t *ret)
{
    struct listing l = {.count = 0};
    enum dl_err err = st->likenesses_each(st, add_row, &l);
    for (size_t i = 0; !err && i < l.count; i++) {
        struct store_node nodes[2] = {{.no = l.rows[i].a}, {.no = l.rows[i].b}};
        err = st->nodes_get(st, nodes, 2);
        if (err || !nodes[0].no || !nodes[1].no || nodes[0].root == nodes[1].root)
            continue;
        json_t *row = pair_json(&l.rows[i], nodes);
        err = row && json_array_append_new(ret, row) == 0 ? DL_OK : DL_E_NOMEM;
    }
    free(l.rows);
    return err;
}

int cmd_review_list(const struct cli_args *args)
{
    static const struct table_column columns[] = {{"pair", "PAIR"},
                                                  {"profile", "PROFILE"},
                                                  {"other", "OTHER"},
                                                  {"bits", "BITS"},
                                                  {NULL, NULL}};
    struct store *st = NULL;
    json_t *rows = json_array();
    int code = cli_hub_store(args, STORE_READ, &st);
    if (code != CLI_EXIT_OK) {
        json_decref(rows);
        return code;
    }
    enum dl_err err = rows ? st->begin(st, STORE_READ) : DL_E_NOMEM;
    if (!err) {
        err = list_pairs(st, rows);
        st->rollback(st);
    }
    st->close(st);
    if (err) {
        json_decref(rows);
        return cli_hub_failed("review list", err, NULL);
    }
    if (cli_flag(args, "json"))
        return cli_hub_print_json(rows);
    if (json_array_size(rows) > 0)
        table_print(rows, columns);
    else
        printf("No pair waits for a verdict.\n");
    json_decref(rows);
    return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

/* "KEY-KEY" as two identifiers' ids. */
static bool read_pair(const char *text, char ret[2][QUERY_PROFILE_ID_BYTES])
{
    if (!text || strlen(text) != PAIR_BYTES - 1 || text[2 * STORE_NODE_KEY_BYTES] != '-')
        return false;
    for (size_t i = 0; i < 2; i++) {
        memcpy(ret[i], "i_", 2);
        memcpy(ret[i] + 2, text + i * (2 * STORE_NODE_KEY_BYTES + 1), 2 * STORE_NODE_KEY_BYTES);
        ret[i][QUERY_PROFILE_ID_BYTES - 1] = '\0';
    }
    return true;
}

static enum dl_err decide(struct store *st, const char *pair, bool same, int64_t *ret_no)
{
    char ids[2][QUERY_PROFILE_ID_BYTES], who[CLI_WHO_BYTES];
    cli_hub_who(who);
    return read_pair(pair, ids)
               ? decision_pair(st, same ? STORE_DECISION_ALWAYS : STORE_DECISION_NEVER, ids[0],
                               ids[1], who, clock_wall_ms(), ret_no)
               : DL_E_INPUT;
}

/* A verdict counts at once, and in every run to come. */
static int review(const struct cli_args *args, const char *what, bool same)
{
    struct store *st = NULL;
    struct dl_why why = {""};
    int64_t no = 0;
    int code = cli_hub_store(args, STORE_WRITE, &st);
    if (code != CLI_EXIT_OK)
        return code;
    enum dl_err err = decide(st, cli_operand(args, 0), same, &no);
    if (err == DL_E_INPUT || err == DL_E_NOT_FOUND)
        dl_why_set(&why, "that is no pair of `dunlin-hub review list`");
    if (!err)
        err = run(st);
    st->close(st);
    return err ? run_failed(what, err, &why) : cli_hub_decided(no);
}

int cmd_review_accept(const struct cli_args *args)
{
    return review(args, "review accept", true);
}

int cmd_review_reject(const struct cli_args *args)
{
    return review(args, "review reject", false);
}
