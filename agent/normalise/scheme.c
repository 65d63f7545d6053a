#include "agent/normalise/scheme.h"

#include "agent/normalise/scheme_text.h"
#include "crypto/secret.h"
#include "platform/bytes.h"

#include <sodium.h>
#include <string.h>

static const char *const scheme_names[SCHEME_COUNT] = {
    [SCHEME_NONE] = "",     [SCHEME_UID2] = "uid2",     [SCHEME_GOOGLE] = "google",
    [SCHEME_META] = "meta", [SCHEME_TIKTOK] = "tiktok", [SCHEME_SNAP] = "snap",
};

static const struct {
    const char *name;
    enum scheme_field field;
} field_names[] = {
    {"email", SCHEME_EMAIL},
    {"phone", SCHEME_PHONE},
    {"phone-is-normalized", SCHEME_PHONE_AS_IS},
    {"phone-no-plus", SCHEME_PHONE_NO_PLUS},
    {"given_name", SCHEME_GIVEN_NAME},
    {"first_name", SCHEME_GIVEN_NAME},
    {"surname", SCHEME_SURNAME},
    {"last_name", SCHEME_SURNAME},
    {"name", SCHEME_NAME},
    {"date_of_birth", SCHEME_DATE_OF_BIRTH},
    {"sex", SCHEME_SEX},
    {"gender", SCHEME_SEX},
    {"city", SCHEME_CITY},
    {"state", SCHEME_STATE},
    {"postcode", SCHEME_POSTCODE},
    {"postal_code", SCHEME_POSTCODE},
    {"country", SCHEME_COUNTRY},
    {"external_id", SCHEME_EXTERNAL_ID},
    {"account_id", SCHEME_EXTERNAL_ID},
    {"loyalty_id", SCHEME_EXTERNAL_ID},
    {"device_id", SCHEME_DEVICE_ID},
    {"maid", SCHEME_DEVICE_ID},
    {"mobile_ad_id", SCHEME_DEVICE_ID},
};

typedef enum normalise_reason rule(const struct form_input *in, struct form_output *out);

static rule *const rules[SCHEME_COUNT][SCHEME_FIELD_COUNT] = {
    [SCHEME_UID2] =
        {
            [SCHEME_EMAIL] = scheme_uid2_email,
            [SCHEME_PHONE] = scheme_uid2_phone,
            [SCHEME_PHONE_AS_IS] = scheme_as_is_phone,
        },
    [SCHEME_GOOGLE] =
        {
            [SCHEME_EMAIL] = scheme_google_email,
            [SCHEME_PHONE] = scheme_plus_phone,
            [SCHEME_GIVEN_NAME] = scheme_google_name,
            [SCHEME_SURNAME] = scheme_google_name,
            [SCHEME_CITY] = scheme_clear_text,
            [SCHEME_STATE] = scheme_clear_text,
            [SCHEME_POSTCODE] = scheme_clear_text,
            [SCHEME_COUNTRY] = scheme_google_country,
            [SCHEME_DEVICE_ID] = scheme_clear_text,
        },
    [SCHEME_META] =
        {
            [SCHEME_EMAIL] = scheme_lower_email,
            [SCHEME_PHONE] = scheme_bare_phone,
            [SCHEME_GIVEN_NAME] = scheme_meta_name,
            [SCHEME_SURNAME] = scheme_meta_name,
            [SCHEME_NAME] = scheme_meta_name,
            [SCHEME_DATE_OF_BIRTH] = scheme_birth_date,
            [SCHEME_SEX] = scheme_gender,
            [SCHEME_CITY] = scheme_meta_city,
            [SCHEME_STATE] = scheme_state,
            [SCHEME_POSTCODE] = scheme_meta_postcode,
            [SCHEME_COUNTRY] = scheme_country,
            [SCHEME_EXTERNAL_ID] = scheme_meta_id,
            [SCHEME_DEVICE_ID] = scheme_clear_text,
        },
    [SCHEME_TIKTOK] =
        {
            [SCHEME_EMAIL] = scheme_tiktok_email,
            [SCHEME_PHONE] = scheme_plus_phone,
            [SCHEME_PHONE_NO_PLUS] = scheme_bare_phone,
            [SCHEME_EXTERNAL_ID] = scheme_clear_text,
            [SCHEME_DEVICE_ID] = scheme_lower_text,
        },
    [SCHEME_SNAP] =
        {
            [SCHEME_EMAIL] = scheme_lower_email,
            [SCHEME_PHONE] = scheme_bare_phone,
            [SCHEME_GIVEN_NAME] = scheme_snap_name,
            [SCHEME_SURNAME] = scheme_snap_name,
            [SCHEME_DATE_OF_BIRTH] = scheme_birth_date,
            [SCHEME_SEX] = scheme_gender,
            [SCHEME_CITY] = scheme_lower_text,
            [SCHEME_STATE] = scheme_state,
            [SCHEME_POSTCODE] = scheme_zip,
            [SCHEME_COUNTRY] = scheme_country,
            [SCHEME_EXTERNAL_ID] = scheme_clear_text,
            [SCHEME_DEVICE_ID] = scheme_lower_text,
        },
};

const char *scheme_name(enum scheme scheme)
{
    return scheme_names[scheme];
}

enum scheme scheme_from_name(const char *name)
{
    for (int i = SCHEME_NONE + 1; i < SCHEME_COUNT; i++)
        if (strcmp(scheme_names[i], name) == 0)
            return (enum scheme)i;
    return SCHEME_NONE;
}

enum scheme_field scheme_field_from_name(const char *name)
{
    for (size_t i = 0; i < sizeof field_names / sizeof *field_names; i++)
        if (strcmp(field_names[i].name, name) == 0)
            return field_names[i].field;
    return SCHEME_FIELD_NONE;
}

enum normalise_reason scheme_form(enum scheme scheme, enum scheme_field field,
                                  const struct normalise_site *site, const char *value,
                                  size_t len, char *out, size_t cap, size_t *ret_len)
{
    rule *made_by = rules[scheme][field];
    if (!made_by)
        return NORMALISE_NO_FORM;
    struct form_input in = {value, len, "", site->date_order};
    form_region(site, in.region);
    struct form_output made = {.bytes = out, .cap = cap};
    enum normalise_reason reason = made_by(&in, &made);
    if (reason == NORMALISE_OK)
        *ret_len = made.len;
    return reason;
}

bool scheme_wants_clear(enum scheme scheme, enum scheme_field field)
{
    if (scheme == SCHEME_GOOGLE)
        return field >= SCHEME_CITY && field <= SCHEME_DEVICE_ID;
    return scheme == SCHEME_META && field == SCHEME_DEVICE_ID;
}

void scheme_digest(const char *form, size_t len, uint8_t ret[static SCHEME_DIGEST_BYTES])
{
    crypto_hash_sha256(ret, (const unsigned char *)form, len);
}

void scheme_hash(enum scheme scheme, const char *form, size_t len,
                 char ret[static SCHEME_HASH_TEXT_BYTES])
{
    uint8_t hash[SCHEME_DIGEST_BYTES];
    scheme_digest(form, len, hash);
    if (scheme == SCHEME_UID2)
        sodium_bin2base64(ret, SCHEME_HASH_TEXT_BYTES, hash, sizeof hash,
                          sodium_base64_VARIANT_ORIGINAL);
    else
        bytes_to_hex(ret, hash, sizeof hash);
    secret_wipe(hash, sizeof hash);
}
