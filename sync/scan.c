#include "sync/scan.h"

#include "platform/bytes.h"

#include <string.h>

static const char *const reasons[SCAN_REASON_COUNT] = {
    [SCAN_OK] = "ok",
    [SCAN_INVALID] = "invalid",
    [SCAN_UNPAID] = "unpaid",
    [SCAN_CANCELED] = "canceled",
    [SCAN_BLOCKED] = "blocked",
    [SCAN_REVOKED] = "revoked",
    [SCAN_PRODUCT] = "product",
    [SCAN_RULES] = "rules",
    [SCAN_INVALID_TIME] = "invalid_time",
    [SCAN_ALREADY_REDEEMED] = "already_redeemed",
    [SCAN_AMBIGUOUS] = "ambiguous",
    [SCAN_UNAPPROVED] = "unapproved",
    [SCAN_ERROR] = "error",
};
static const char *const modes[SCAN_MODE_COUNT] = {
    [SCAN_BY_LIST] = "list", [SCAN_BY_SIGNATURE] = "signature", [SCAN_BY_NOTHING] = "none"};
static const char *const types[] = {
    [SCAN_ENTRY] = "entry", [SCAN_EXIT] = "exit", [SCAN_ANNULMENT] = "annulment"};

#define TYPE_COUNT (sizeof types / sizeof types[0])

/* ---- words -------------------------------------------------------------------------- */

static size_t find(const char *const *names, size_t count, const char *name)
{
    size_t i = 0;
    while (i < count && (!name || strcmp(names[i], name) != 0))
        i++;
    return i;
}

const char *scan_reason_name(enum scan_reason reason)
{
    return reasons[reason];
}

enum scan_reason scan_reason_of(const char *name)
{
    return (enum scan_reason)find(reasons, SCAN_REASON_COUNT, name);
}

const char *scan_mode_name(enum scan_mode mode)
{
    return modes[mode];
}

enum scan_mode scan_mode_of(const char *name)
{
    return (enum scan_mode)find(modes, SCAN_MODE_COUNT, name);
}

const char *scan_type_name(enum scan_type type)
{
    return types[type];
}

bool scan_type_of(const char *name, enum scan_type *ret)
{
    size_t i = find(types, TYPE_COUNT, name);
    if (i == TYPE_COUNT)
        return false;
    *ret = (enum scan_type)i;
    return true;
}

bool scan_name_fits(const char *name)
{
    size_t len = name ? strlen(name) : 0;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)name[i] < ' ' || name[i] == 0x7F)
            return false;
    return len > 0 && len < SCAN_NAME_BYTES;
}

/* ---- reading ------------------------------------------------------------------------ */

/* Once a member is bad the reader stays bad: read all, then look. */
struct reader {
    const json_t *object;
    size_t seen; /* members that were there */
    bool bad;
};

static const json_t *member(struct reader *r, const char *key, bool required)
{
    const json_t *value = json_object_get(r->object, key);
    r->seen += value != NULL;
    r->bad = r->bad || (required && !value);
    return value;
}

static void read_hash(struct reader *r, const char *key, bool required, uint8_t ret[static 16])
{
    const json_t *value = member(r, key, required);
    if (value && !(json_is_string(value) && bytes_from_hex(ret, 16, json_string_value(value))))
        r->bad = true;
}

static void read_name(struct reader *r, const char *key, bool required,
                      char ret[static SCAN_NAME_BYTES])
{
    const json_t *value = member(r, key, required);
    const char *text = json_string_value(value);
    ret[0] = '\0';
    if (value && !(text && strlen(text) == json_string_length(value) && scan_name_fits(text)))
        r->bad = true;
    else if (value)
        memcpy(ret, text, strlen(text) + 1);
}

static int64_t read_int(struct reader *r, const char *key, bool required, int64_t min)
{
    const json_t *value = member(r, key, required);
    if (value && (!json_is_integer(value) || json_integer_value(value) < min))
        r->bad = true;
    return json_integer_value(value);
}

static bool read_bool(struct reader *r, const char *key, bool fallback)
{
    const json_t *value = member(r, key, false);
    if (value && !json_is_boolean(value))
        r->bad = true;
    return value ? json_is_true(value) : fallback;
}

static const char *read_word(struct reader *r, const char *key, bool required)
{
    const json_t *value = member(r, key, required);
    if (value && !json_is_string(value))
        r->bad = true;
    return json_string_value(value);
}

/* What both shapes have. An annulment has no verdict of its own. */
static void read_common(struct reader *r, struct scan *ret)
{
    bool annulment = ret->type == SCAN_ANNULMENT;
    const char *reason = read_word(r, "reason", !annulment);
    const char *mode = read_word(r, "mode", !annulment);
    read_hash(r, "id", true, ret->id);
    read_hash(r, "ticket", true, ret->ticket);
    read_hash(r, "annuls", annulment, ret->annuls);
    ret->version = (uint64_t)read_int(r, "version", !annulment, 0);
    ret->reason = reason ? scan_reason_of(reason) : SCAN_OK;
    ret->mode = mode ? scan_mode_of(mode) : SCAN_BY_NOTHING;
    if (ret->reason == SCAN_REASON_COUNT || ret->mode == SCAN_MODE_COUNT ||
        (!annulment && json_object_get(r->object, "annuls")))
        r->bad = true;
}

enum dl_err scan_from_json(const json_t *object, struct scan *ret)
{
    struct reader r = {.object = object, .bad = !json_is_object(object)};
    struct scan scan = {.seq = 0};
    const char *type = read_word(&r, "type", true);
    if (!type || !scan_type_of(type, &scan.type))
        return DL_E_CORRUPT;
    read_common(&r, &scan);
    read_name(&r, "event", true, scan.event);
    read_name(&r, "list", true, scan.list);
    read_name(&r, "gate", false, scan.gate);
    read_name(&r, "device", true, scan.device);
    scan.forced = read_bool(&r, "forced", false);
    scan.seq = (uint64_t)read_int(&r, "seq", true, 0);
    scan.time_ms = read_int(&r, "time_ms", true, INT64_MIN);
    scan.timed = read_bool(&r, "timed", true);
    if (r.bad || r.seen != json_object_size(object))
        return DL_E_CORRUPT;
    *ret = scan;
    return DL_OK;
}

static void read_remark(struct reader *r, const char *key, size_t bytes)
{
    const json_t *value = member(r, key, false);
    if (value && (!json_is_string(value) || json_string_length(value) >= bytes))
        r->bad = true;
}

enum dl_err scan_from_event(const json_t *data, bool annulment, struct scan *ret)
{
    struct reader outer = {.object = data};
    const json_t *inner = member(&outer, "scan", false);
    struct reader r = {.object = inner, .bad = !json_is_object(inner)};
    struct scan scan = {.type = annulment ? SCAN_ANNULMENT : SCAN_ENTRY};
    if (!inner)
        return DL_E_NOT_FOUND;
    read_common(&r, &scan);
    read_remark(&r, "operator", SCAN_NAME_BYTES);
    read_remark(&r, "why", SCAN_WHY_BYTES);
    read_name(&outer, "event", true, scan.event);
    read_name(&outer, "list", true, scan.list);
    read_name(&outer, "gate", false, scan.gate);
    scan.forced = read_bool(&outer, "forced", false);
    const char *type = read_word(&outer, "type", false);
    enum scan_type said = SCAN_ENTRY;
    if (type && (!scan_type_of(type, &said) || said == SCAN_ANNULMENT))
        outer.bad = true;
    if (!annulment)
        scan.type = said;
    if (outer.bad || r.bad || r.seen != json_object_size(inner))
        return DL_E_CORRUPT;
    *ret = scan;
    return DL_OK;
}

/* ---- writing ------------------------------------------------------------------------ */

static void set_hash(json_t *object, const char *key, const uint8_t bytes[static 16])
{
    char hex[33];
    bytes_to_hex(hex, bytes, 16);
    json_object_set_new(object, key, json_string(hex));
}

static json_t *common_json(const struct scan *scan)
{
    json_t *object = json_object();
    if (!object)
        return NULL;
    set_hash(object, "id", scan->id);
    set_hash(object, "ticket", scan->ticket);
    if (scan->type == SCAN_ANNULMENT) {
        set_hash(object, "annuls", scan->annuls);
        return object;
    }
    json_object_set_new(object, "reason", json_string(reasons[scan->reason]));
    json_object_set_new(object, "mode", json_string(modes[scan->mode]));
    json_object_set_new(object, "version", json_integer((json_int_t)scan->version));
    return object;
}

json_t *scan_json(const struct scan *scan)
{
    json_t *object = common_json(scan);
    if (!object)
        return NULL;
    json_object_set_new(object, "type", json_string(types[scan->type]));
    json_object_set_new(object, "event", json_string(scan->event));
    json_object_set_new(object, "list", json_string(scan->list));
    if (scan->gate[0])
        json_object_set_new(object, "gate", json_string(scan->gate));
    if (scan->forced)
        json_object_set_new(object, "forced", json_true());
    json_object_set_new(object, "device", json_string(scan->device));
    json_object_set_new(object, "seq", json_integer((json_int_t)scan->seq));
    json_object_set_new(object, "time_ms", json_integer(scan->time_ms));
    if (!scan->timed)
        json_object_set_new(object, "timed", json_false());
    return object;
}

json_t *scan_event_json(const struct scan *scan, const char *operator_name, const char *why)
{
    json_t *object = common_json(scan);
    if (object && operator_name)
        json_object_set_new(object, "operator", json_string(operator_name));
    if (object && why)
        json_object_set_new(object, "why", json_string(why));
    return object;
}

/* ---- order -------------------------------------------------------------------------- */

static int compare_int(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_uint(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* When it took effect: what nobody can date comes last. */
static int compare_when(const struct scan *a, const struct scan *b)
{
    if (a->timed != b->timed)
        return a->timed ? -1 : 1;
    return a->timed ? compare_int(a->time_ms, b->time_ms) : 0;
}

int scan_compare(const struct scan *a, const struct scan *b)
{
    const int by[] = {compare_when(a, b),
                      strcmp(a->device, b->device),
                      compare_uint(a->seq, b->seq),
                      compare_int(a->type, b->type),
                      memcmp(a->id, b->id, sizeof a->id),
                      memcmp(a->annuls, b->annuls, sizeof a->annuls),
                      compare_int(a->reason, b->reason),
                      compare_int(a->forced, b->forced),
                      compare_uint(a->version, b->version),
                      compare_int(a->time_ms, b->time_ms),
                      compare_int(a->mode, b->mode),
                      memcmp(a->ticket, b->ticket, sizeof a->ticket),
                      strcmp(a->event, b->event),
                      strcmp(a->list, b->list),
                      strcmp(a->gate, b->gate)};
    for (size_t i = 0; i < sizeof by / sizeof by[0]; i++)
        if (by[i])
            return by[i];
    return 0;
}
