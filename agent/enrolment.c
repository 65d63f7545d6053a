#include "agent/enrolment.h"

#include "platform/bytes.h"
#include "platform/file.h"
#include "platform/json.h"

#include <stdlib.h>
#include <string.h>

#define BYTES_MAX 8192

static bool take_text(char *ret, size_t cap, const json_t *obj, const char *key)
{
    const char *s = json_get_str(obj, key);
    if (!s || strlen(s) >= cap)
        return false;
    strcpy(ret, s);
    return true;
}

static bool take_hex(uint8_t *ret, size_t len, const json_t *obj, const char *key)
{
    const char *s = json_get_str(obj, key);
    return s && bytes_from_hex(ret, len, s);
}

/* Folders enrolled by a custodian without an audience key have none. */
static bool take_audience(struct enrolment *e, const json_t *obj)
{
    e->has_audience = json_object_get(obj, "audience_public") != NULL;
    return !e->has_audience ||
           (take_hex(e->audience_public, sizeof e->audience_public, obj, "audience_public") &&
            audience_public_ok(e->audience_public));
}

static bool take_all(struct enrolment *e, const json_t *obj)
{
    int64_t epoch = json_get_int(obj, "epoch", 0);
    if (epoch < 1 || epoch > UINT16_MAX)
        return false;
    e->epoch = (uint16_t)epoch;
    return take_text(e->device, sizeof e->device, obj, "device") && pki_name_ok(e->device) &&
           take_text(e->hub_url, sizeof e->hub_url, obj, "hub_url") &&
           bundle_url_ok(e->hub_url) &&
           take_text(e->enrolled_at, sizeof e->enrolled_at, obj, "enrolled_at") &&
           take_hex(e->seal_public, sizeof e->seal_public, obj, "seal_public") &&
           take_hex(e->sign_public, sizeof e->sign_public, obj, "sign_public") &&
           take_hex(e->machine, sizeof e->machine, obj, "machine") && take_audience(e, obj);
}

enum dl_err enrolment_load(struct enrolment *ret, const char *dir, struct dl_why *why)
{
    struct file_path path;
    uint8_t *bytes = NULL;
    size_t len = 0;
    json_t *obj = NULL;
    enum dl_err err = file_join(&path, dir, ENROLMENT_FILE);
    if (!err)
        err = file_read(path.s, BYTES_MAX, &bytes, &len);
    if (err) {
        dl_why_set(why,
                   err == DL_E_NOT_FOUND ? "%s is not enrolled: `dunlin enroll BUNDLE --dir %s`"
                                         : "%s/" ENROLMENT_FILE
                                           " cannot be read: is it another user's?",
                   dir, dir);
        return err;
    }
    struct enrolment e = {.epoch = 0};
    err = json_parse(&obj, (const char *)bytes, len, NULL, NULL);
    free(bytes);
    bool ok = !err && json_is_object(obj) && take_all(&e, obj);
    json_decref(obj);
    if (!ok) {
        dl_why_set(why, "%s is damaged: enrol again with --replace", path.s);
        return err == DL_E_NOMEM ? err : DL_E_CORRUPT;
    }
    *ret = e;
    return DL_OK;
}

enum dl_err enrolment_save(const struct enrolment *e, const char *dir)
{
    char seal[2 * SEAL_PUBLIC_BYTES + 1], sign[2 * SIGN_PUBLIC_BYTES + 1];
    char machine[2 * ENROLMENT_MARK_BYTES + 1];
    struct file_path path;
    enum dl_err err = file_join(&path, dir, ENROLMENT_FILE);
    if (err)
        return err;
    bytes_to_hex(seal, e->seal_public, sizeof e->seal_public);
    bytes_to_hex(sign, e->sign_public, sizeof e->sign_public);
    bytes_to_hex(machine, e->machine, sizeof e->machine);
    json_t *obj = json_pack("{s:s,s:s,s:s,s:s,s:i,s:s,s:s}", "device", e->device, "hub_url",
                            e->hub_url, "seal_public", seal, "sign_public", sign, "epoch",
                            (int)e->epoch, "enrolled_at", e->enrolled_at, "machine", machine);
    if (obj && e->has_audience) {
        char audience[2 * AUDIENCE_PUBLIC_BYTES + 1];
        bytes_to_hex(audience, e->audience_public, sizeof e->audience_public);
        if (json_object_set_new(obj, "audience_public", json_string(audience)) != 0) {
            json_decref(obj);
            obj = NULL;
        }
    }
    size_t len = 0;
    char *text = obj ? json_text(obj, &len) : NULL;
    err = text ? file_write(path.s, text, len) : DL_E_NOMEM;
    json_text_free(text);
    json_decref(obj);
    return err;
}

void enrolment_fingerprint(const struct enrolment *e,
                           char ret[static ENROLMENT_FINGERPRINT_BYTES])
{
    uint8_t id[AUDIENCE_KEY_ID_BYTES];
    ret[0] = '\0';
    if (!e->has_audience)
        return;
    audience_key_id(e->audience_public, id);
    bytes_to_hex(ret, id, sizeof id);
}

bool enrolment_is_cloned(const struct enrolment *e)
{
    static const uint8_t none[ENROLMENT_MARK_BYTES];
    uint8_t here[ENROLMENT_MARK_BYTES];
    file_machine_mark(here);
    return memcmp(here, none, sizeof none) != 0 && memcmp(e->machine, none, sizeof none) != 0 &&
           memcmp(here, e->machine, sizeof here) != 0;
}
