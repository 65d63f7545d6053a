#include "keys/export_audience.h"

#include "crypto/secret.h"
#include "keys/row_set.h"
#include "platform/progress.h"

#include <stdlib.h>
#include <string.h>

struct run {
    const struct keyring *kr;
    enum upload upload;
    FILE *in, *out;
    struct audience_key *keys[KEYRING_AUDIENCE_MAX];
    const struct audience_key *of[AUDIENCE_FILE_KEYS_MAX]; /* by the file's number; NULL */
    struct audience_head head;
    struct row_set *rows;
    struct export_counts counts;
    struct dl_why *why;
    char line[AUDIENCE_FILE_LINE_BYTES_MAX];
};

/* False at the end. A line that does not fit comes back cut, and will not parse. */
static bool next_line(struct run *r, size_t *ret_len)
{
    if (!fgets(r->line, sizeof r->line, r->in))
        return false;
    size_t len = strcspn(r->line, "\n");
    if (r->line[len] != '\n' && !feof(r->in))
        for (int c = 0; c != '\n' && c != EOF;)
            c = getc(r->in);
    *ret_len = len;
    return true;
}

static enum dl_err open_keys(struct run *r, const struct custodian_share *share)
{
    for (size_t i = 0; i < r->kr->audience_count; i++) {
        enum dl_err err = keyring_audience_key(r->kr, share, i, &r->keys[i]);
        if (err) {
            dl_why_set(r->why, "an audience key of the keyring fails its check");
            return err;
        }
    }
    return DL_OK;
}

/* Which of our keys each of the file's is. */
static void match_keys(struct run *r)
{
    for (size_t k = 0; k < r->kr->audience_count; k++) {
        uint8_t id[AUDIENCE_KEY_ID_BYTES];
        audience_key_id(r->kr->audience[k].public, id);
        for (size_t i = 0; i < r->head.key_count; i++)
            if (memcmp(id, r->head.keys[i], sizeof id) == 0)
                r->of[i] = r->keys[k];
    }
}

static enum dl_err read_head(struct run *r)
{
    size_t len = 0;
    struct dl_why why = {""};
    if (!next_line(r, &len)) {
        dl_why_set(r->why, "the file is empty");
        return DL_E_CORRUPT;
    }
    enum dl_err err = audience_head_parse(r->line, len, &r->head, &why);
    if (err)
        dl_why_set(r->why, "line 1: %s", why.text);
    return err;
}

static enum dl_err put_row(struct run *r, const struct audience_set *set)
{
    char row[UPLOAD_ROW_BYTES];
    size_t len = 0;
    bool is_new = false;
    enum dl_err err = DL_OK;
    if (!upload_row(r->upload, set, row, &len)) {
        r->counts.nothing++;
        return DL_OK;
    }
    err = row_set_add(r->rows, row, len, &is_new);
    if (!err && is_new && fwrite(row, 1, len, r->out) != len)
        err = DL_E_IO;
    r->counts.rows += !err && is_new;
    r->counts.repeats += !err && !is_new;
    secret_wipe(row, sizeof row);
    return err;
}

static enum dl_err take_set(struct run *r, const struct audience_line *line)
{
    uint8_t plain[AUDIENCE_SET_BYTES_MAX];
    struct audience_set set;
    const struct audience_key *key = r->of[line->key];
    enum dl_err err = DL_OK;
    if (!key)
        r->counts.other_key++;
    else if (audience_key_open(key, line->sealed, line->sealed_len, plain) ||
             audience_set_decode(plain, line->sealed_len - AUDIENCE_SEAL_OVERHEAD, &set))
        r->counts.damaged++;
    else
        err = put_row(r, &set);
    secret_wipe(plain, sizeof plain);
    return err;
}

static enum dl_err take_sets(struct run *r)
{
    struct progress *progress = progress_make("opening", r->head.count);
    struct audience_line line;
    size_t len = 0;
    enum dl_err err = DL_OK;
    while (!err && next_line(r, &len)) {
        r->counts.sets++;
        err = audience_line_parse(&r->head, r->line, len, &line);
        if (err == DL_E_CORRUPT)
            dl_why_set(r->why, "line %llu is not a sealed set",
                       (unsigned long long)r->counts.sets + 1);
        else if (!err)
            err = take_set(r, &line);
        progress_set(progress, r->counts.sets);
    }
    progress_free(progress);
    if (!err && r->counts.sets != r->head.count) {
        dl_why_set(r->why, "the file has %llu sets and should have %llu: it was cut off",
                   (unsigned long long)r->counts.sets, (unsigned long long)r->head.count);
        err = DL_E_CORRUPT;
    }
    return err;
}

static enum dl_err check_opened(const struct run *r)
{
    const struct export_counts *c = &r->counts;
    if (c->sets == 0 || c->other_key + c->damaged < c->sets)
        return DL_OK;
    dl_why_set(r->why, c->other_key
                           ? "none of it was sealed to this keyring: is it the custodian's?"
                           : "none of it can be opened: it was altered");
    return DL_E_AUTH;
}

enum dl_err export_audience(const struct keyring *kr, const struct custodian_share *share,
                            enum upload upload, FILE *in, FILE *out,
                            struct audience_head *ret_head, struct export_counts *ret,
                            struct dl_why *why)
{
    enum dl_err err = DL_E_NOMEM;
    struct run *r = calloc(1, sizeof *r);
    if (!r)
        return err;
    *r = (struct run){.kr = kr, .upload = upload, .in = in, .out = out, .why = why};
    r->rows = row_set_make();
    if (!r->rows)
        goto done;
    err = read_head(r);
    if (!err)
        err = open_keys(r, share);
    if (err)
        goto done;
    match_keys(r);
    if (fputs(upload_header(upload), out) < 0)
        err = DL_E_IO;
    if (!err)
        err = take_sets(r);
    if (!err)
        err = check_opened(r);
    if (!err && (fflush(out) != 0 || ferror(in)))
        err = DL_E_IO;
    *ret_head = r->head;
    *ret = r->counts;
done:
    for (size_t i = 0; i < KEYRING_AUDIENCE_MAX; i++)
        audience_key_free(r->keys[i]);
    row_set_free(r->rows);
    free(r);
    return err;
}
