#include "hub/fact_internal.h"

#include "hub/clockfix.h"
#include "platform/bytes.h"

#include <string.h>

static const char *const members[] = {"type", "time", "id", "consent", "data", "warnings"};

static bool known_only(const json_t *obj)
{
    size_t known = 0;
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        known += json_object_get(obj, members[i]) != NULL;
    return known == json_object_size(obj);
}

void fact_copy_text(char *ret, size_t cap, const char *text, size_t len)
{
    if (len >= cap) {
        len = cap - 1;
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
            len--;
    }
    if (len)
        memcpy(ret, text, len);
    ret[len] = '\0';
}

static void copy_name(char ret[static STORE_MEASURE_NAME_BYTES], const char *text)
{
    fact_copy_text(ret, STORE_MEASURE_NAME_BYTES, text, text ? strlen(text) : 0);
}

static bool text_is(const char *text, const char *word)
{
    return text && strcmp(text, word) == 0;
}

/* For the moment the hash of an id; fact_locate makes it the device's. */
static void read_id(struct fact_key *ret, const char *id, const struct id_key *key)
{
    uint8_t hash[ID_HASH_BYTES];
    if (!id || !key)
        return;
    id_hash(key, (const uint8_t *)id, strlen(id), hash);
    ret->given = true;
    memcpy(ret->at, hash, sizeof ret->at);
}

/* What a gate made of a scan. False: one of a shape that nobody knows. */
static bool read_scan(struct fact *f, const json_t *data)
{
    bool annulment = strcmp(f->type, "checkin.annulled") == 0;
    if (!annulment && strcmp(f->type, "checkin") != 0)
        return true;
    enum dl_err err = scan_from_event(data, annulment, &f->scan);
    f->has_scan = err == DL_OK;
    const char *product = json_get_str(data, "product");
    const char *who = json_get_str(json_object_get(data, "scan"), "operator");
    fact_copy_text(f->product, sizeof f->product, product, product ? strlen(product) : 0);
    fact_copy_text(f->operator_name, sizeof f->operator_name, who, who ? strlen(who) : 0);
    return err == DL_OK || err == DL_E_NOT_FOUND;
}

/* Whoever was refused at the gate did not come in. */
static bool came_in(const struct fact *f, const json_t *data)
{
    bool refused = f->has_scan && f->scan.reason != SCAN_OK && !f->scan.forced;
    return !refused && !text_is(json_get_str(data, "type"), "exit");
}

/* A gate's scans are known by their own ids, the rest by the client's. */
static void read_visit(struct fact *f, const json_t *obj, const json_t *data,
                       const struct id_key *key)
{
    const json_t *scan = json_object_get(data, "scan");
    if (strcmp(f->type, "checkin.annulled") == 0) {
        read_id(&f->strikes,
                scan ? json_get_str(scan, "annuls") : json_get_str(data, "checkin_id"), key);
    } else if (strcmp(f->type, "checkin") == 0 && came_in(f, data)) {
        f->visit = FACT_CHECKIN;
        copy_name(f->visited, json_get_str(data, "event"));
        read_id(&f->receipt, scan ? json_get_str(scan, "id") : json_get_str(obj, "id"), key);
    } else if (strcmp(f->type, "visit") == 0 &&
               !text_is(json_get_str(data, "direction"), "out")) {
        f->visit = FACT_VISIT;
    }
}

static void read_consent(struct fact *f, const json_t *consent)
{
    const json_t *ads = json_object_get(consent, "ad_user_data");
    const json_t *profiling = json_object_get(consent, "profiling");
    bool refused = json_is_false(profiling) || json_is_false(ads);
    f->allows_ads = json_is_true(ads) && !refused;
    f->refuses_ads = refused && strcmp(f->type, "consent") == 0;
    const json_t *marketing = json_object_get(consent, "marketing");
    const char *notice = json_get_str(consent, "notice_version");
    const char *captured = json_get_str(consent, "captured_at");
    struct fact_consent *c = &f->consent;
    c->says_profiling = json_is_boolean(profiling);
    c->profiling = json_is_true(profiling);
    c->marketing = json_is_boolean(marketing) ? json_is_true(marketing) : -1;
    copy_name(c->notice_version, notice);
    if (captured && clockfix_parse(captured, &c->captured_ms))
        c->captured_ms = 0; /* no time that anybody could mean */
}

static enum dl_err read_members(struct fact *f, const json_t *obj, const struct id_key *key,
                                const char **ret_reason)
{
    const char *type = json_get_str(obj, "type");
    const char *time = json_get_str(obj, "time");
    const json_t *id = json_object_get(obj, "id");
    *ret_reason = "json";
    if (!json_is_object(obj) || !known_only(obj) || !type || !time || *type == '\0' ||
        strlen(type) >= sizeof f->type || (id && !json_is_string(id)))
        return DL_E_INPUT;
    *ret_reason = "time";
    if (clockfix_parse(time, &f->time_ms))
        return DL_E_INPUT;
    copy_name(f->type, type);
    f->is_erase = strcmp(type, "erase") == 0;
    read_consent(f, json_object_get(obj, "consent"));
    if (id && key) {
        f->has_id = true;
        id_hash(key, (const uint8_t *)json_string_value(id), json_string_length(id),
                f->id_hash);
    }
    const json_t *data = json_object_get(obj, "data");
    copy_name(f->store_id, json_get_str(data, "store_id"));
    copy_name(f->channel, json_get_str(data, "channel"));
    *ret_reason = "scan";
    if (!read_scan(f, data))
        return DL_E_INPUT;
    if (strcmp(type, "purchase") == 0)
        fact_read_purchase(f, data, key);
    else
        read_visit(f, obj, data, key);
    return DL_OK;
}

enum dl_err fact_read(const char *json, size_t len, const struct id_key *key, struct fact *ret,
                      const char **ret_reason)
{
    json_t *obj = NULL;
    *ret_reason = "json";
    enum dl_err err = json_parse(&obj, json, len, NULL, NULL);
    if (err)
        return err;
    struct fact f = {.sale = FACT_NO_SALE};
    err = read_members(&f, obj, key, ret_reason);
    json_decref(obj);
    if (!err)
        *ret = f;
    return err;
}

static void hash_place(struct fact_key *ret, const struct id_key *key, const uint8_t *place,
                       size_t len)
{
    uint8_t hash[ID_HASH_BYTES];
    id_hash(key, place, len, hash);
    ret->given = true;
    memcpy(ret->at, hash, sizeof ret->at);
}

void fact_locate(struct fact *fact, const struct id_key *key, int64_t device,
                 const uint8_t stream[static STORE_STREAM_BYTES], uint64_t seq)
{
    uint8_t place[8 + sizeof seq + STORE_STREAM_BYTES];
    bool is_purchase = strcmp(fact->type, "purchase") == 0;
    struct fact_key *const ids[] = {&fact->receipt, &fact->strikes};
    for (size_t i = 0; !is_purchase && i < sizeof ids / sizeof ids[0]; i++) {
        struct bytes_writer w = bytes_writer_of(place, sizeof place);
        bytes_write(&w, "checkin", 8);
        bytes_write_u64(&w, (uint64_t)device);
        bytes_write(&w, ids[i]->at, sizeof ids[i]->at);
        if (ids[i]->given)
            hash_place(ids[i], key, place, w.len);
    }
    if (fact->original.given && !fact->receipt.given) {
        struct bytes_writer w = bytes_writer_of(place, sizeof place);
        bytes_write(&w, "comeback", 8);
        bytes_write_u64(&w, seq);
        bytes_write(&w, stream, STORE_STREAM_BYTES);
        hash_place(&fact->receipt, key, place, w.len);
    }
}

static void set_zeros(json_t *object, const char *key)
{
    static const uint8_t zeros[SCAN_ID_BYTES] = {0};
    char hex[2 * sizeof zeros + 1];
    bytes_to_hex(hex, zeros, sizeof zeros);
    if (json_object_get(object, key))
        (void)json_object_set_new(object, key, json_string(hex));
}

static void drop_all(json_t *object, const char *const *keys)
{
    for (; *keys; keys++)
        (void)json_object_del(object, *keys);
}

/* The verdict stays, for it says whether anybody came in. The gate's own record of the
 * ticket is the store's row, which has nothing of a person. */
static void blank_checkin(json_t *data)
{
    static const char *const named[] = {"nonce", "order",      "position",
                                        "seat",  "checkin_id", NULL};
    static const char *const said[] = {"operator", "why", NULL};
    json_t *scan = json_object_get(data, "scan");
    drop_all(data, named);
    drop_all(scan, said);
    set_zeros(scan, "id");
    set_zeros(scan, "ticket");
    set_zeros(scan, "annuls");
}

enum dl_err fact_blank(const char *json, size_t len, char **ret, size_t *ret_len)
{
    json_t *obj = NULL;
    enum dl_err err = json_parse(&obj, json, len, NULL, NULL);
    if (err)
        return err == DL_E_INPUT ? DL_E_CORRUPT : err;
    (void)json_object_del(obj, "id");
    (void)json_object_del(obj, "consent");
    const char *type = json_get_str(obj, "type");
    if (text_is(type, "checkin") || text_is(type, "checkin.annulled"))
        blank_checkin(json_object_get(obj, "data"));
    char *text = json_text(obj, ret_len);
    json_decref(obj);
    if (!text)
        return DL_E_NOMEM;
    *ret = text;
    return DL_OK;
}
