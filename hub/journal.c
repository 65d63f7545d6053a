#include "hub/journal.h"

#include "hub/devices.h"
#include "hub/erase.h"
#include "platform/bytes.h"
#include "platform/plural.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC      "dunlin-tombstones-1 "
#define CHECK      "check "
#define CHECK_HEX  (2 * ID_HASH_BYTES)
#define LINE_BYTES (20 + 1 + 2 * GROUP_ELEMENT_BYTES + 1)
#define PAGE       10000

enum dl_err journal_path(struct file_path *ret, const char *dir, const char *setting)
{
    if (!*setting)
        return file_join(ret, dir, JOURNAL_FILE);
    if (strlen(setting) >= sizeof ret->s)
        return DL_E_INPUT;
    memcpy(ret->s, setting, strlen(setting) + 1);
    return DL_OK;
}

/* ---- the text ---------------------------------------------------------------------------- */

/* The check's line begins at the answer; NULL: it is not there, or does not hold. */
static const char *find_check(const struct id_key *key, const char *text, size_t len)
{
    uint8_t hash[ID_HASH_BYTES];
    char hex[CHECK_HEX + 1];
    size_t tail = sizeof CHECK - 1 + CHECK_HEX + 1;
    if (len < tail)
        return NULL;
    const char *at = text + len - tail;
    id_hash(key, (const uint8_t *)text, len - tail, hash);
    bytes_to_hex(hex, hash, sizeof hash);
    bool holds = memcmp(at, CHECK, sizeof CHECK - 1) == 0 &&
                 memcmp(at + sizeof CHECK - 1, hex, CHECK_HEX) == 0 && at[tail - 1] == '\n';
    return holds ? at : NULL;
}

/* A number up to `stop`; false: it is none. */
static bool read_number(const char **at, const char *end, char stop, int64_t max, int64_t *ret)
{
    int64_t n = 0;
    const char *p = *at;
    for (; p < end && *p >= '0' && *p <= '9'; p++) {
        if (n > (max - (*p - '0')) / 10)
            return false;
        n = n * 10 + (*p - '0');
    }
    if (p == *at || p == end || *p != stop)
        return false;
    *at = p + 1;
    *ret = n;
    return true;
}

static bool read_line(const char **at, const char *end, struct store_tombstone *ret)
{
    char hex[2 * GROUP_ELEMENT_BYTES + 1];
    if (!read_number(at, end, ' ', INT64_MAX, &ret->erased_ms) ||
        (size_t)(end - *at) < sizeof hex || (*at)[sizeof hex - 1] != '\n')
        return false;
    memcpy(hex, *at, sizeof hex - 1);
    hex[sizeof hex - 1] = '\0';
    *at += sizeof hex;
    return bytes_from_hex(ret->element, sizeof ret->element, hex);
}

enum dl_err journal_parse(const struct id_key *key, const char *text, size_t len,
                          enum dl_err (*fn)(void *ctx, const struct store_tombstone *t),
                          void *ctx, uint32_t *ret_generation)
{
    const char *at = text, *end = find_check(key, text, len);
    int64_t generation = 0;
    if (!end || (size_t)(end - at) < sizeof MAGIC - 1 ||
        memcmp(at, MAGIC, sizeof MAGIC - 1) != 0)
        return DL_E_CORRUPT;
    at += sizeof MAGIC - 1;
    if (!read_number(&at, end, '\n', UINT32_MAX, &generation))
        return DL_E_CORRUPT;
    *ret_generation = (uint32_t)generation;
    enum dl_err err = DL_OK;
    while (!err && at < end) {
        struct store_tombstone t = {.no = 0};
        err = read_line(&at, end, &t) ? fn(ctx, &t) : DL_E_CORRUPT;
    }
    return err;
}

/* ---- writing ------------------------------------------------------------------------ */

struct text {
    char *at;
    size_t len, cap;
    int64_t newest;
    size_t seen;
};

static enum dl_err make_room(struct text *t)
{
    if (t->cap - t->len > LINE_BYTES + CHECK_HEX)
        return DL_OK;
    size_t cap = t->cap ? t->cap * 2 : 4096;
    char *grown = cap <= JOURNAL_BYTES_MAX ? realloc(t->at, cap) : NULL;
    if (!grown)
        return DL_E_NOMEM;
    t->at = grown;
    t->cap = cap;
    return DL_OK;
}

static enum dl_err add_line(void *ctx, const struct store_tombstone *tombstone)
{
    struct text *t = ctx;
    char hex[2 * GROUP_ELEMENT_BYTES + 1];
    enum dl_err err = make_room(t);
    if (err)
        return err;
    bytes_to_hex(hex, tombstone->element, sizeof tombstone->element);
    t->len += (size_t)snprintf(t->at + t->len, t->cap - t->len, "%" PRId64 " %s\n",
                               tombstone->erased_ms > 0 ? tombstone->erased_ms : 0, hex);
    t->newest = tombstone->no;
    t->seen++;
    return DL_OK;
}

static enum dl_err add_check(const struct id_key *key, struct text *t)
{
    uint8_t hash[ID_HASH_BYTES];
    char hex[CHECK_HEX + 1];
    enum dl_err err = make_room(t);
    if (err)
        return err;
    id_hash(key, (const uint8_t *)t->at, t->len, hash);
    bytes_to_hex(hex, hash, sizeof hash);
    t->len += (size_t)snprintf(t->at + t->len, t->cap - t->len, CHECK "%s\n", hex);
    return DL_OK;
}

/* All of one state. */
static enum dl_err write_lines(struct text *t, struct store *reader)
{
    struct store_rekey rekey;
    enum dl_err err = reader->rekey_get(reader, &rekey);
    if (!err && rekey.started_ms)
        err = DL_E_BUSY; /* tombstones are of two generations */
    if (!err)
        err = make_room(t);
    if (!err)
        t->len = (size_t)snprintf(t->at, t->cap, MAGIC "%" PRIu32 "\n", rekey.generation);
    do {
        t->seen = 0;
        if (!err)
            err = reader->tombstones_each(reader, t->newest, PAGE, add_line, t);
    } while (!err && t->seen == PAGE);
    return err;
}

enum dl_err journal_save(const struct hub *hub, struct store *reader, const char *path,
                         int64_t *ret_newest)
{
    struct text t = {.len = 0};
    enum dl_err err = reader->begin(reader, STORE_READ);
    if (err)
        return err;
    err = write_lines(&t, reader);
    reader->rollback(reader);
    if (!err)
        err = add_check(hub->id_key, &t);
    if (!err)
        err = file_write(path, t.at, t.len);
    if (!err)
        *ret_newest = t.newest;
    free(t.at);
    return err;
}

/* ---- bringing it to bear ------------------------------------------------------------ */

struct replay {
    struct hub *hub;
    struct store_tombstone *at; /* those that the file has */
    size_t count, cap;
};

static enum dl_err collect(void *ctx, const struct store_tombstone *t)
{
    struct replay *r = ctx;
    if (r->count == r->cap) {
        size_t cap = r->cap ? r->cap * 2 : 256;
        struct store_tombstone *grown = realloc(r->at, cap * sizeof *grown);
        if (!grown)
            return DL_E_NOMEM;
        r->at = grown;
        r->cap = cap;
    }
    r->at[r->count++] = *t;
    return DL_OK;
}

static enum dl_err load(struct replay *r, const char *path, uint32_t *ret_generation)
{
    uint8_t *text = NULL;
    size_t len = 0;
    enum dl_err err = file_read(path, JOURNAL_BYTES_MAX, &text, &len);
    if (!err)
        err =
            journal_parse(r->hub->id_key, (const char *)text, len, collect, r, ret_generation);
    free(text);
    return err;
}

/* Whoever is found is erased; who is not yet known leaves the tombstone alone. */
static enum dl_err erase_again(struct hub *hub, const struct store_tombstone *t)
{
    struct store *st = hub->store;
    struct store_node node;
    enum dl_err err = st->node_find(st, t->element, &node);
    if (err == DL_E_NOT_FOUND)
        return st->tombstones_put(st, t, 1);
    struct match_token token = {.type = err ? 0 : node.type};
    memcpy(token.element, t->element, sizeof token.element);
    return err ? err : erase_apply(st, hub->id_key, &token, 1, t->erased_ms);
}

static enum dl_err apply(struct replay *r, size_t *ret)
{
    struct store *st = r->hub->store;
    enum dl_err err = DL_OK;
    size_t applied = 0;
    for (size_t i = 0; !err && i < r->count; i++) {
        struct store_tombstone known = r->at[i];
        err = st->tombstones_find(st, &known, 1);
        if (err || known.erased_ms >= r->at[i].erased_ms)
            continue;
        err = erase_again(r->hub, &r->at[i]);
        applied++;
    }
    *ret = applied;
    return err;
}

static enum dl_err note(struct store *st, size_t applied, int64_t now_ms)
{
    char detail[48];
    if (!applied)
        return DL_OK;
    snprintf(detail, sizeof detail, "%zu tombstone%s", applied, plural((int64_t)applied));
    return devices_audit(st, "hub", "tombstones.replay", NULL, detail, now_ms);
}

static enum dl_err check_generation(struct store *st, uint32_t generation, bool *ret_usable,
                                    struct dl_why *why)
{
    struct store_rekey rekey;
    enum dl_err err = st->rekey_get(st, &rekey);
    *ret_usable = !err && generation == rekey.generation && !rekey.started_ms;
    if (!err && generation > rekey.generation) {
        dl_why_set(why, "the database is from before a re-key, and " JOURNAL_FILE
                        " from after it: bring back a newer one");
        err = DL_E_CORRUPT;
    }
    return err;
}

enum dl_err journal_replay(struct hub *hub, const char *path, int64_t now_ms, size_t *ret,
                           struct dl_why *why)
{
    struct replay r = {.hub = hub};
    struct store *st = hub->store;
    uint32_t generation = 0;
    bool usable = false;
    *ret = 0;
    enum dl_err err = file_exists(path) ? load(&r, path, &generation) : DL_OK;
    if (err == DL_E_CORRUPT)
        dl_why_set(why,
                   "%.200s fails its check: move it away if nobody was erased since the "
                   "database's back-up",
                   path);
    if (err || r.count == 0) {
        free(r.at);
        return err;
    }
    err = st->begin(st, STORE_WRITE);
    if (!err) {
        err = check_generation(st, generation, &usable, why);
        if (!err && usable)
            err = apply(&r, ret);
        if (!err)
            err = note(st, *ret, now_ms);
        if (!err)
            err = st->commit(st);
        else
            st->rollback(st);
    }
    free(r.at);
    return err;
}

static enum dl_err count_one(void *ctx, const struct store_tombstone *t)
{
    (void)t;
    ++*(size_t *)ctx;
    return DL_OK;
}

enum dl_err journal_count(const struct hub *hub, const char *path, size_t *ret)
{
    uint8_t *text = NULL;
    size_t len = 0, count = 0;
    uint32_t generation;
    if (!file_exists(path))
        return DL_E_NOT_FOUND;
    enum dl_err err = file_read(path, JOURNAL_BYTES_MAX, &text, &len);
    if (!err)
        err =
            journal_parse(hub->id_key, (const char *)text, len, count_one, &count, &generation);
    free(text);
    if (!err)
        *ret = count;
    return err;
}
