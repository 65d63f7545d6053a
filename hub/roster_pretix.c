#include "hub/roster_pretix.h"

#include "hub/roster_text.h"
#include "hub/tzfile.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define ATTENTION      "special attention" /* pretix has a flag for it, and perhaps a text */
#define YEAR_MS        (INT64_C(31556952) * 1000)
#define ZONE_YEARS     10
#define DER_BYTES      44 /* of an Ed25519 key: RFC 8410 */
#define KEY_TEXT_BYTES 1024

struct reading {
    struct roster_draft *draft;
    struct dl_why *why;
    const json_t *root, *event;
    json_t *notes; /* attention by "i" item or "v" variation id */
    const char *member;
    size_t row; /* of the member, from 1 */
};

static enum dl_err bad(const struct reading *r, const char *field, const char *what)
{
    dl_why_set(r->why, "%s %zu: %s: %s", r->member, r->row, field, what);
    return DL_E_INPUT;
}

/* A member of the root, or of its event, under one of two names. */
static const json_t *member_of(const struct reading *r, const char *name, const char *other)
{
    const json_t *value = json_object_get(r->root, name);
    if (!value)
        value = json_object_get(r->root, other);
    return value ? value : json_object_get(r->event, name);
}

/* Calls `take` for each row; *ret_has: the member is there. */
static enum dl_err each(struct reading *r, const char *name, const char *other,
                        enum dl_err (*take)(struct reading *r, const json_t *row),
                        bool *ret_has)
{
    bool more = false;
    const json_t *value = member_of(r, name, other);
    const json_t *rows = roster_text_rows(value, &more);
    enum dl_err err = DL_OK;
    *ret_has = value != NULL;
    r->member = name;
    r->row = 0;
    if (!value)
        return DL_OK;
    if (!rows || more) {
        dl_why_set(r->why, "%s: %s", name,
                   more ? "this is one page of several: fetch them all, or the tickets of the "
                          "others would count as removed"
                        : "must be a list, or a page of pretix's API");
        return DL_E_INPUT;
    }
    for (size_t i = 0; !err && i < json_array_size(rows); i++) {
        r->row = i + 1;
        err = take(r, json_array_get(rows, i));
    }
    return err;
}

/* ---- the event ---------------------------------------------------------------------- */

enum dl_err roster_draft_zone(struct roster_draft *draft, const char *name, int64_t now_ms,
                              struct dl_why *why)
{
    /* From a New Year's Eve on, so that it is the same the whole year. */
    int64_t from_ms = (now_ms / YEAR_MS - 1) * YEAR_MS;
    json_t *steps = json_array();
    enum dl_err err = steps ? DL_OK : DL_E_NOMEM;
    if (!err)
        err =
            tzfile_load(name, from_ms, from_ms + (ZONE_YEARS + 1) * YEAR_MS, &draft->zone, why);
    for (size_t i = 0; !err && i < draft->zone.count; i++) {
        json_t *step = json_pack("[I, i]", (json_int_t)draft->zone.steps[i].from_ms,
                                 (int)draft->zone.steps[i].offset_min);
        err = step && json_array_append_new(steps, step) == 0 ? DL_OK : DL_E_NOMEM;
    }
    if (!err && (json_object_set(draft->head, "zone", steps) != 0 ||
                 json_object_set_new(draft->head, "timezone", json_string(name)) != 0))
        err = DL_E_NOMEM;
    json_decref(steps);
    return err;
}

static enum dl_err read_event_time(struct reading *r, const char *name, const char *as)
{
    int64_t ms = 0;
    const char *text = json_get_str(r->event, name);
    if (!text || !roster_text_time(text, &r->draft->zone, false, &ms))
        return DL_OK; /* the JSON export has none, and rules that need it do not hold */
    return json_object_set_new(r->draft->head, as, json_integer(ms)) == 0 ? DL_OK : DL_E_NOMEM;
}

static enum dl_err read_event(struct reading *r, int64_t now_ms)
{
    const char *name = roster_text_of(json_object_get(r->event, "name"));
    const char *zone = json_get_str(r->event, "timezone");
    enum dl_err err = DL_OK;
    if (zone && !json_object_get(r->draft->head, "timezone")) /* else the operator's word */
        err = roster_draft_zone(r->draft, zone, now_ms, r->why);
    if (!err && name && json_object_set_new(r->draft->head, "name", json_string(name)) != 0)
        err = DL_E_NOMEM;
    if (!err)
        err = read_event_time(r, "date_from", "date_from_ms");
    if (!err)
        err = read_event_time(r, "date_to", "date_to_ms");
    return err ? err : read_event_time(r, "date_admission", "date_admission_ms");
}

/* ---- keys of signed tickets --------------------------------------------------------- */

/* base64 or hex of 32 bytes, base64 of their SubjectPublicKeyInfo, PEM, or base64 of PEM,
 * which is what pretix gives. */
static bool key_of(const char *text, uint8_t ret[static SIGN_PUBLIC_BYTES])
{
    static const uint8_t der[DER_BYTES - SIGN_PUBLIC_BYTES] = {
        0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
    uint8_t bytes[KEY_TEXT_BYTES + 1];
    char inner[KEY_TEXT_BYTES + 1];
    size_t len = 0;
    for (int round = 0; round < 3; round++) {
        const char *begin = strstr(text, "-----BEGIN PUBLIC KEY-----");
        if (begin)
            text = begin + strlen("-----BEGIN PUBLIC KEY-----");
        size_t text_len = begin ? strcspn(text, "-") : strlen(text);
        if (sodium_hex2bin(bytes, KEY_TEXT_BYTES, text, text_len, NULL, &len, NULL) == 0 &&
            len == SIGN_PUBLIC_BYTES && text_len == 2 * len)
            break;
        if (sodium_base642bin(bytes, KEY_TEXT_BYTES, text, text_len, " \r\n\t", &len, NULL,
                              sodium_base64_VARIANT_ORIGINAL) != 0)
            return false;
        if (len <= DER_BYTES)
            break;
        memcpy(inner, bytes, len);
        inner[len] = '\0';
        text = inner;
    }
    if (len == DER_BYTES && memcmp(bytes, der, sizeof der) == 0) {
        memcpy(ret, bytes + sizeof der, SIGN_PUBLIC_BYTES);
        return true;
    }
    if (len == SIGN_PUBLIC_BYTES)
        memcpy(ret, bytes, SIGN_PUBLIC_BYTES);
    return len == SIGN_PUBLIC_BYTES;
}

static enum dl_err read_signers(struct reading *r)
{
    char text[sodium_base64_ENCODED_LEN(SIGN_PUBLIC_BYTES, sodium_base64_VARIANT_ORIGINAL)];
    const json_t *keys = json_object_get(r->root, "valid_keys");
    keys =
        json_object_get(keys ? keys : json_object_get(r->event, "valid_keys"), "pretix_sig1");
    if (!keys)
        return DL_OK;
    r->member = "valid_keys.pretix_sig1";
    json_t *signers = json_array();
    enum dl_err err = signers ? DL_OK : DL_E_NOMEM;
    for (size_t i = 0; !err && i < json_array_size(keys); i++) {
        uint8_t key[SIGN_PUBLIC_BYTES];
        const char *one = json_string_value(json_array_get(keys, i));
        r->row = i + 1;
        if (!one || strlen(one) > KEY_TEXT_BYTES || !key_of(one, key)) {
            err = bad(r, "key", "must be an Ed25519 public key, as pretix gives it");
            break;
        }
        sodium_bin2base64(text, sizeof text, key, sizeof key, sodium_base64_VARIANT_ORIGINAL);
        err = json_array_append_new(signers, json_string(text)) == 0 ? DL_OK : DL_E_NOMEM;
    }
    if (!err && json_object_set(r->draft->head, "signers", signers) != 0)
        err = DL_E_NOMEM;
    json_decref(signers);
    return err;
}

/* ---- products ----------------------------------------------------------------------- */

static enum dl_err put_text(json_t *object, const char *prefix, const json_t *id,
                            const char *text)
{
    char key[SCAN_NAME_BYTES + 2];
    json_t *id_text = roster_text_id(id);
    if (!id_text)
        return DL_E_NOMEM;
    snprintf(key, sizeof key, "%s%s", prefix, json_string_value(id_text));
    json_decref(id_text);
    return json_object_set_new(object, key, json_string(text)) == 0 ? DL_OK : DL_E_NOMEM;
}

/* The name for people and what the staff is to look at, of a product or variation. */
static enum dl_err describe(struct reading *r, const json_t *row, const char *prefix,
                            const char *name_member)
{
    const json_t *id = json_object_get(row, "id");
    const char *name = roster_text_of(json_object_get(row, name_member));
    const char *note = json_get_str(row, "checkin_text");
    enum dl_err err = DL_OK;
    if (!json_is_integer(id) && !json_is_string(id))
        return bad(r, "id", "must be a number");
    if (!note || !*note)
        note = json_get_bool(row, "checkin_attention", false) ? ATTENTION : NULL;
    json_t *names = json_object_get(r->draft->head, "names");
    if (name)
        err = put_text(names, "", id, name);
    if (!err && note)
        err = put_text(r->notes, prefix, id, note);
    return err;
}

static enum dl_err take_variations(struct reading *r, const json_t *item)
{
    const json_t *variations = json_object_get(item, "variations");
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < json_array_size(variations); i++)
        err = describe(r, json_array_get(variations, i), "v", "value");
    return err;
}

static enum dl_err take_item(struct reading *r, const json_t *item)
{
    return describe(r, item, "i", "name");
}

/* Products after variations: where an id names both, the product's name counts. */
static enum dl_err read_items(struct reading *r)
{
    bool has = false;
    if (!member_of(r, "items", "products"))
        return DL_OK;
    if (json_object_set_new(r->draft->head, "names", json_object()) != 0)
        return DL_E_NOMEM;
    enum dl_err err = each(r, "items", "products", take_variations, &has);
    return err ? err : each(r, "items", "products", take_item, &has);
}

static enum dl_err read_lists(struct reading *r)
{
    const json_t *lists = member_of(r, "checkin_lists", "checkinlists");
    json_t *read = NULL;
    if (!lists)
        return DL_OK;
    enum dl_err err = roster_lists_read(lists, &r->draft->zone, false, &read, r->why);
    if (!err && json_array_size(read) > 0 &&
        json_object_set(r->draft->head, "lists", read) != 0)
        err = DL_E_NOMEM;
    json_decref(read);
    return err;
}

/* ---- tickets ------------------------------------------------------------------------ */

/* What a position and its order say together, whether the order is around it or told in
 * the position as order__status and the like. */
static enum roster_status status_of(const json_t *position, const json_t *order)
{
    const json_t *blocked = json_object_get(position, "blocked");
    const char *paid = json_get_str(order, "status");
    bool pending_is_valid = json_get_bool(order, "valid_if_pending", false) ||
                            json_get_bool(position, "order__valid_if_pending", false);
    if (!paid)
        paid = json_get_str(position, "order__status");
    if (json_get_bool(position, "canceled", false) || (paid && strcmp(paid, "c") == 0))
        return ROSTER_CANCELED;
    if (json_array_size(blocked) > 0 || json_is_true(blocked))
        return ROSTER_BLOCKED;
    if (paid && strcmp(paid, "n") == 0)
        return pending_is_valid ? ROSTER_VALID : ROSTER_UNPAID;
    return paid && strcmp(paid, "e") == 0 ? ROSTER_UNPAID : ROSTER_VALID;
}

static const char *note_of(const struct reading *r, const char *prefix, const json_t *id)
{
    char key[SCAN_NAME_BYTES + 2];
    json_t *text = roster_text_id(id);
    if (!text)
        return NULL;
    snprintf(key, sizeof key, "%s%s", prefix, json_string_value(text));
    json_decref(text);
    return json_get_str(r->notes, key);
}

/* An order's own text may be about a person: the gate is told that there is one. */
static enum dl_err attention_of(const struct reading *r, const json_t *position,
                                const json_t *order, uint16_t *ret)
{
    const char *item = note_of(r, "i", json_object_get(position, "item"));
    const char *variation = note_of(r, "v", json_object_get(position, "variation"));
    const char *note =
        variation && (!item || strcmp(variation, ATTENTION) != 0) ? variation : item;
    bool flagged = json_get_bool(position, "require_attention", false) ||
                   json_get_bool(order, "checkin_attention", false) ||
                   json_get_str(order, "checkin_text");
    if (!note && flagged)
        note = ATTENTION;
    enum dl_err err = roster_draft_word(r->draft, note, note ? strlen(note) : 0, true, ret);
    return err == DL_E_INPUT
               ? roster_draft_word(r->draft, ATTENTION, strlen(ATTENTION), true, ret)
               : err;
}

static enum dl_err id_word(const struct reading *r, const json_t *position, const char *member,
                           uint16_t *ret)
{
    const json_t *value = json_object_get(position, member);
    if (json_is_object(value)) /* ?expand= was asked for */
        value = json_object_get(value, "id");
    if (!value || json_is_null(value))
        return DL_OK;
    json_t *id = roster_text_id(value);
    if (!id)
        return bad(r, member, "must be a number");
    enum dl_err err =
        roster_draft_word(r->draft, json_string_value(id), json_string_length(id), false, ret);
    json_decref(id);
    return err == DL_E_INPUT ? bad(r, member, "must be a number") : err;
}

static enum dl_err time_of(const struct reading *r, const json_t *position, const char *member,
                           int64_t *ret)
{
    const json_t *value = json_object_get(position, member);
    if (!value || json_is_null(value))
        return DL_OK;
    if (!json_is_string(value) ||
        !roster_text_time(json_string_value(value), &r->draft->zone, false, ret))
        return bad(r, member, "must be a time");
    return DL_OK;
}

static enum dl_err add_ticket(struct reading *r, const json_t *secret, const char *order,
                              const struct roster_ticket *fields)
{
    if (!json_is_string(secret))
        return bad(r, "secret", "is lacking; who fetched this may not see ticket codes");
    enum dl_err err =
        roster_draft_add(r->draft, json_string_value(secret), json_string_length(secret), order,
                         order ? strlen(order) : 0, fields, r->row);
    if (err == DL_E_FULL)
        dl_why_set(r->why, "there are more tickets than a roster may have");
    return err == DL_E_INPUT ? bad(r, "secret", "is empty") : err;
}

static enum dl_err take_position_of(struct reading *r, const json_t *position,
                                    const json_t *order)
{
    struct roster_ticket fields = {.status = status_of(position, order)};
    const char *code = json_get_str(order, "code");
    enum dl_err err = id_word(r, position, "item", &fields.product);
    if (!err)
        err = id_word(r, position, "variation", &fields.variation);
    if (!err)
        err = id_word(r, position, "subevent", &fields.subevent);
    if (!err)
        err = time_of(r, position, "valid_from", &fields.valid_from_ms);
    if (!err)
        err = time_of(r, position, "valid_until", &fields.valid_until_ms);
    if (!err)
        err = attention_of(r, position, order, &fields.attention);
    return err ? err
               : add_ticket(r, json_object_get(position, "secret"),
                            code ? code : json_get_str(position, "order"), &fields);
}

static enum dl_err take_position(struct reading *r, const json_t *position)
{
    return take_position_of(r, position, NULL);
}

static enum dl_err take_order(struct reading *r, const json_t *order)
{
    const json_t *positions = json_object_get(order, "positions");
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < json_array_size(positions); i++)
        err = take_position_of(r, json_array_get(positions, i), order);
    return err;
}

static enum dl_err take_row(struct reading *r, const json_t *row)
{
    return json_is_array(json_object_get(row, "positions")) ? take_order(r, row)
                                                            : take_position(r, row);
}

static enum dl_err take_revoked(struct reading *r, const json_t *row)
{
    const struct roster_ticket fields = {.status = ROSTER_REVOKED};
    return add_ticket(r, json_is_string(row) ? row : json_object_get(row, "secret"), NULL,
                      &fields);
}

static enum dl_err take_blocked(struct reading *r, const json_t *row)
{
    const struct roster_ticket fields = {.status = ROSTER_BLOCKED};
    if (json_is_false(json_object_get(row, "blocked")))
        return DL_OK;
    return add_ticket(r, json_is_string(row) ? row : json_object_get(row, "secret"), NULL,
                      &fields);
}

static enum dl_err read_tickets(struct reading *r)
{
    bool positions = false, orders = false, page = false, ignored = false;
    enum dl_err err = each(r, "positions", "orderpositions", take_position, &positions);
    if (!err)
        err = each(r, "orders", "order", take_order, &orders);
    if (!err && (json_is_array(r->root) || json_object_get(r->root, "results"))) {
        json_t *wrapped = json_pack("{s:O}", "results", r->root);
        const json_t *root = r->root;
        if (!wrapped)
            return DL_E_NOMEM;
        r->root = wrapped;
        err = each(r, "results", "results", take_row, &page);
        r->root = root;
        json_decref(wrapped);
    }
    if (!err)
        err = each(r, "revoked_secrets", "revokedsecrets", take_revoked, &ignored);
    if (!err)
        err = each(r, "blocked_secrets", "blockedsecrets", take_blocked, &ignored);
    r->draft->whole = positions || orders || page;
    return err;
}

enum dl_err roster_pretix_read(struct roster_draft *draft, const char *bytes, size_t len,
                               int64_t now_ms, struct dl_why *why)
{
    json_t *root = NULL;
    struct reading r = {.draft = draft, .why = why};
    enum dl_err err = json_parse(&root, bytes, len, NULL, why);
    if (err)
        return err;
    r.notes = json_object();
    r.root = root;
    r.event = json_object_get(root, "event");
    if (!r.notes)
        err = DL_E_NOMEM;
    else if (!json_is_object(root) && !json_is_array(root)) {
        dl_why_set(why, "it is no JSON object with an event, lists or positions");
        err = DL_E_INPUT;
    }
    if (!err)
        err = read_event(&r, now_ms);
    if (!err)
        err = read_signers(&r);
    if (!err)
        err = read_items(&r);
    if (!err)
        err = read_lists(&r);
    if (!err)
        err = read_tickets(&r);
    json_decref(r.notes);
    json_decref(root);
    return err ? err : roster_draft_settle(draft, true, why);
}
