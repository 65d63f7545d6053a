#include "hub/fact.h"

#include "hub/clockfix.h"
#include "platform/json.h"

#include <string.h>

static const char *const members[] = {"type", "time", "id", "consent", "data", "warnings"};

static bool known_only(const json_t *obj)
{
    size_t known = 0;
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        known += json_object_get(obj, members[i]) != NULL;
    return known == json_object_size(obj);
}

/* A till that sends absurd totals gets absurd sums, but never ones that overflow:
 * nine million of these fit. */
#define TOTAL_MAX INT64_C(1000000000000)

static int64_t bounded(int64_t minor)
{
    return minor > TOTAL_MAX ? TOTAL_MAX : minor < -TOTAL_MAX ? -TOTAL_MAX : minor;
}

/* Copies as many whole characters as fit. */
static void copy_name(char ret[static STORE_MEASURE_NAME_BYTES], const char *text)
{
    size_t len = text ? strlen(text) : 0;
    if (len >= STORE_MEASURE_NAME_BYTES) {
        len = STORE_MEASURE_NAME_BYTES - 1;
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
            len--;
    }
    if (len)
        memcpy(ret, text, len);
    ret[len] = '\0';
}

static void read_sale(struct fact *f, const json_t *data)
{
    const char *kind = json_get_str(data, "transaction_type");
    if (strcmp(f->type, "purchase") != 0 || (kind && strcmp(kind, "void") == 0))
        return;
    f->sale = kind && strcmp(kind, "return") == 0 ? FACT_RETURN : FACT_SALE;
    copy_name(f->currency, json_get_str(data, "currency"));
    f->total_minor = bounded(json_get_int(data, "total_minor", 0));
    /* Tills disagree on the sign of what they give back; the amount is meant. */
    if (f->sale == FACT_RETURN && f->total_minor < 0)
        f->total_minor = -f->total_minor;
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
    read_sale(f, data);
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

enum dl_err fact_blank(const char *json, size_t len, char **ret, size_t *ret_len)
{
    json_t *obj = NULL;
    enum dl_err err = json_parse(&obj, json, len, NULL, NULL);
    if (err)
        return err == DL_E_INPUT ? DL_E_CORRUPT : err;
    (void)json_object_del(obj, "id");
    (void)json_object_del(obj, "consent");
    char *text = json_text(obj, ret_len);
    json_decref(obj);
    if (!text)
        return DL_E_NOMEM;
    *ret = text;
    return DL_OK;
}
