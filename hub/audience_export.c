/* Which people's sealed sets, and the file they go out in. */
#include "hub/audience.h"

#include "hub/export_internal.h"
#include "platform/bytes.h"
#include "platform/clock.h"
#include "platform/json.h"
#include "platform/random.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_ROWS 500

/* One set that goes out. */
struct chosen {
    int64_t observation;
    uint8_t schemes;
    uint8_t key; /* index into keys */
};

struct candidate {
    struct chosen set;
    int64_t root;
    uint8_t key[STORE_KEY_ID_BYTES];
};

struct audience {
    struct store *st; /* in a transaction; NULL: not begun */
    const struct audience_wish *wish;
    const struct watch *watch;
    uint64_t looked_at;
    struct chosen *chosen;
    size_t chosen_count, chosen_cap, next;
    uint8_t keys[AUDIENCE_FILE_KEYS_MAX][STORE_KEY_ID_BYTES];
    int64_t key_sets[AUDIENCE_FILE_KEYS_MAX];
    size_t key_count;
    struct candidate page[PAGE_ROWS];
    size_t page_rows;
    struct export_text text; /* made and not yet read */
    size_t text_at;
};

/* ---- choosing -------------------------------------------------------------------------- */

/* What the measures of a person say to the wish. */
struct judgement {
    const struct audience_wish *wish;
    bool type, store;
    int64_t minor;
};

static enum dl_err look(void *ctx, const struct store_measure *m)
{
    struct judgement *j = ctx;
    const struct audience_wish *w = j->wish;
    bool in_time = m->last_ms >= w->since_ms && m->first_ms < w->until_ms;
    switch (m->kind) {
    case STORE_MEASURE_TYPE:
        j->type |= in_time && (!w->type || strcmp(w->type, m->name) == 0);
        break;
    case STORE_MEASURE_STORE:
        j->store |= in_time && (!w->store || strcmp(w->store, m->name) == 0);
        break;
    case STORE_MEASURE_SALES:
    case STORE_MEASURE_RETURNS:
        if (w->currency && strcmp(w->currency, m->name) == 0)
            j->minor += m->kind == STORE_MEASURE_SALES ? m->minor : -m->minor;
        break;
    default: /* no wish asks for these */
        break;
    }
    return DL_OK;
}

static enum dl_err is_wanted(struct audience *au, int64_t root, bool *ret)
{
    struct judgement j = {.wish = au->wish};
    enum dl_err err = au->st->measures_of_root(au->st, root, look, &j);
    *ret = j.type && (j.store || !au->wish->store) &&
           (!au->wish->currency || j.minor >= au->wish->min_minor);
    return err;
}

/* The file names each key once. More keys than it holds: DL_E_FULL. */
static enum dl_err key_of(struct audience *au, const uint8_t key[static STORE_KEY_ID_BYTES],
                          uint8_t *ret)
{
    size_t i = 0;
    while (i < au->key_count && memcmp(au->keys[i], key, sizeof au->keys[i]) != 0)
        i++;
    if (i == AUDIENCE_FILE_KEYS_MAX)
        return DL_E_FULL;
    if (i == au->key_count)
        memcpy(au->keys[au->key_count++], key, sizeof au->keys[i]);
    au->key_sets[i]++;
    *ret = (uint8_t)i;
    return DL_OK;
}

static enum dl_err choose(struct audience *au, const struct candidate *c)
{
    if (au->chosen_count == au->chosen_cap) {
        size_t cap = au->chosen_cap ? 2 * au->chosen_cap : 1024;
        struct chosen *grown = realloc(au->chosen, cap * sizeof *grown);
        if (!grown)
            return DL_E_NOMEM;
        au->chosen = grown;
        au->chosen_cap = cap;
    }
    struct chosen *to = &au->chosen[au->chosen_count];
    *to = c->set;
    enum dl_err err = key_of(au, c->key, &to->key);
    au->chosen_count += !err;
    return err;
}

static enum dl_err add_candidate(void *ctx, const struct store_audience *row)
{
    struct audience *au = ctx;
    struct candidate *c = &au->page[au->page_rows++];
    c->set = (struct chosen){.observation = row->observation, .schemes = row->schemes};
    c->root = row->root;
    memcpy(c->key, row->key, sizeof c->key);
    return DL_OK;
}

static enum dl_err choose_all(struct audience *au)
{
    struct chosen last = {.observation = 0};
    enum dl_err err = DL_OK;
    do {
        au->page_rows = 0;
        err = au->st->audience_each(au->st, last.observation, last.schemes, PAGE_ROWS,
                                    add_candidate, au);
        for (size_t i = 0; !err && i < au->page_rows; i++) {
            bool wanted = false;
            err = is_wanted(au, au->page[i].root, &wanted);
            if (!err && wanted)
                err = choose(au, &au->page[i]);
            last = au->page[i].set;
            watch_at(au->watch, "looking at sealed sets", ++au->looked_at, 0);
        }
    } while (!err && au->page_rows == PAGE_ROWS);
    return err;
}

/* So that a place in the file tells nothing of when somebody first came. */
static void shuffle(struct audience *au)
{
    for (size_t i = au->chosen_count; i > 1; i--) {
        uint64_t r = 0;
        random_bytes(&r, sizeof r);
        struct chosen *a = &au->chosen[i - 1], *b = &au->chosen[r % i], swap = *a;
        *a = *b;
        *b = swap;
    }
}

/* ---- the file -------------------------------------------------------------------------- */

static json_t *keys_json(const struct audience *au)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < au->key_count; i++) {
        char fingerprint[2 * STORE_KEY_ID_BYTES + 1];
        bytes_to_hex(fingerprint, au->keys[i], sizeof au->keys[i]);
        json_array_append_new(list, json_pack("{s:s, s:I}", "fingerprint", fingerprint, "count",
                                              (json_int_t)au->key_sets[i]));
    }
    return list;
}

static enum dl_err put_head(struct audience *au, const char *hub, int64_t now_ms)
{
    char made_at[CLOCK_TEXT_BYTES];
    clock_text(now_ms, made_at);
    json_t *head = json_pack("{s:s, s:s, s:s, s:I, s:o}", "format", AUDIENCE_FILE_FORMAT, "hub",
                             hub, "made_at", made_at, "count", (json_int_t)au->chosen_count,
                             "keys", keys_json(au));
    enum dl_err err = head ? export_text_json(&au->text, head) : DL_E_NOMEM;
    json_decref(head);
    return err;
}

static enum dl_err put_set(void *ctx, const struct store_audience *row)
{
    struct audience *au = ctx;
    char base64[sodium_base64_ENCODED_LEN(RECORD_SEALED_BYTES_MAX,
                                          sodium_base64_VARIANT_ORIGINAL)];
    if (row->sealed_len > RECORD_SEALED_BYTES_MAX)
        return DL_E_CORRUPT;
    sodium_bin2base64(base64, sizeof base64, row->sealed, row->sealed_len,
                      sodium_base64_VARIANT_ORIGINAL);
    json_t *line =
        json_pack("{s:i, s:s}", "key", (int)au->chosen[au->next].key, "sealed", base64);
    enum dl_err err = line ? export_text_json(&au->text, line) : DL_E_NOMEM;
    json_decref(line);
    return err;
}

static enum dl_err next_page(struct audience *au)
{
    enum dl_err err = DL_OK;
    au->text.len = au->text_at = 0;
    for (size_t n = 0; !err && n < PAGE_ROWS && au->next < au->chosen_count; n++) {
        const struct chosen *c = &au->chosen[au->next];
        err = au->st->audience_get(au->st, c->observation, c->schemes, put_set, au);
        au->next++;
        watch_at(au->watch, "handing out", au->next, au->chosen_count);
    }
    return err;
}

enum dl_err audience_open(struct audience **ret, struct store *st, const char *hub,
                          const struct audience_wish *wish, const struct watch *watch,
                          int64_t now_ms)
{
    struct audience *au = calloc(1, sizeof *au);
    if (!au)
        return DL_E_NOMEM;
    au->wish = wish;
    au->watch = watch;
    enum dl_err err = st->begin(st, STORE_READ);
    if (!err)
        au->st = st;
    if (!err)
        err = choose_all(au);
    au->wish = NULL; /* the caller's, and no longer needed */
    if (!err) {
        shuffle(au);
        err = put_head(au, hub, now_ms);
    }
    if (err)
        audience_close(au);
    else
        *ret = au;
    return err;
}

size_t audience_count(const struct audience *au)
{
    return au->chosen_count;
}

enum dl_err audience_read(struct audience *au, char *ret, size_t cap, size_t *ret_len)
{
    enum dl_err err = DL_OK;
    while (!err && au->text_at == au->text.len && au->next < au->chosen_count)
        err = next_page(au);
    if (err)
        return err;
    size_t left = au->text.len - au->text_at;
    size_t len = left < cap ? left : cap;
    if (len)
        memcpy(ret, au->text.at + au->text_at, len);
    au->text_at += len;
    *ret_len = len;
    return DL_OK;
}

void audience_close(struct audience *au)
{
    if (!au)
        return;
    if (au->st)
        au->st->rollback(au->st);
    free(au->chosen);
    free(au->text.at);
    free(au);
}
