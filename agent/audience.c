#include "agent/audience.h"

#include "agent/normalise/scheme.h"
#include "crypto/secret.h"

#include <string.h>

_Static_assert((int)SCHEME_UID2 == AUDIENCE_UID2 && (int)SCHEME_GOOGLE == AUDIENCE_GOOGLE &&
                   (int)SCHEME_META == AUDIENCE_META && (int)SCHEME_TIKTOK == AUDIENCE_TIKTOK &&
                   (int)SCHEME_SNAP == AUDIENCE_SNAP &&
                   (int)SCHEME_COUNT == AUDIENCE_SCHEMES_END,
               "the schemes have the numbers of the wire");

/* What is computed of which identifier. No ids of cards and accounts, cookies and
 * telephones: a platform knows a shop's customer by what people tell both. */
static const struct part {
    const char *identifier; /* NULL: the site's region */
    enum scheme_field field;
    uint8_t number; /* enum audience_field */
} parts[] = {
    {"email", SCHEME_EMAIL, AUDIENCE_EMAIL},
    {"phone", SCHEME_PHONE, AUDIENCE_PHONE},
    {"given_name", SCHEME_GIVEN_NAME, AUDIENCE_GIVEN_NAME},
    {"surname", SCHEME_SURNAME, AUDIENCE_SURNAME},
    {"date_of_birth", SCHEME_DATE_OF_BIRTH, AUDIENCE_DATE_OF_BIRTH},
    {"sex", SCHEME_SEX, AUDIENCE_SEX},
    {"city", SCHEME_CITY, AUDIENCE_CITY},
    {"postcode", SCHEME_POSTCODE, AUDIENCE_POSTCODE},
    {NULL, SCHEME_COUNTRY, AUDIENCE_COUNTRY},
};

static bool is_of_a_customer(enum event_type type)
{
    return type != EVENT_TYPE_ERASE && type != EVENT_TYPE_CHECKIN_ANNULLED;
}

/* A town or a sex alone is nobody. */
static bool names_somebody(const json_t *identifiers)
{
    return json_object_get(identifiers, "email") || json_object_get(identifiers, "phone") ||
           (json_object_get(identifiers, "given_name") &&
            json_object_get(identifiers, "surname"));
}

/* Google takes no town. */
static bool is_wanted(enum scheme scheme, const struct part *part)
{
    return scheme != SCHEME_GOOGLE || part->field != SCHEME_CITY;
}

/* A value without a form for this platform is left out, never guessed. */
static void add(struct audience_writer *w, enum scheme scheme, const struct part *part,
                const struct normalise_site *site, const char *value, size_t len)
{
    char form[NORMALISE_BYTES_MAX];
    uint8_t digest[SCHEME_DIGEST_BYTES];
    size_t form_len = 0;
    if (is_wanted(scheme, part) && scheme_form(scheme, part->field, site, value, len, form,
                                               sizeof form, &form_len) == NORMALISE_OK) {
        struct audience_value v = {.scheme = (uint8_t)scheme, .field = part->number};
        if (!scheme_wants_clear(scheme, part->field)) {
            scheme_digest(form, form_len, digest);
            v.form = AUDIENCE_SHA256;
            v.len = sizeof digest;
            v.bytes = digest;
        } else if (form_len <= AUDIENCE_SET_VALUE_BYTES_MAX) {
            v.form = AUDIENCE_CLEAR;
            v.len = (uint8_t)form_len;
            v.bytes = (const uint8_t *)form;
        }
        (void)audience_writer_add(w, &v); /* a postcode too long for one is none */
    }
    secret_wipe(form, sizeof form);
    secret_wipe(digest, sizeof digest);
}

static void add_all(struct audience_writer *w, const struct event *event,
                    const struct accept_settings *settings)
{
    const json_t *identifiers = json_object_get(event->root, "identifiers");
    const struct normalise_site site = {settings->region, settings->date_order};
    bool has_address =
        json_object_get(identifiers, "postcode") || json_object_get(identifiers, "city");
    for (uint8_t scheme = 1; scheme < AUDIENCE_SCHEMES_END; scheme++) {
        if (!(settings->audience_schemes & AUDIENCE_BIT(scheme)))
            continue;
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
            const char *name = parts[i].identifier;
            const json_t *value = name ? json_object_get(identifiers, name) : NULL;
            if (value)
                add(w, (enum scheme)scheme, &parts[i], &site, json_string_value(value),
                    json_string_length(value));
            else if (!name && has_address && settings->region[0])
                add(w, (enum scheme)scheme, &parts[i], &site, settings->region,
                    strlen(settings->region));
        }
    }
}

enum dl_err audience_make(const struct event *event, const struct accept_settings *settings,
                          uint8_t sealed[static RECORD_SEALED_BYTES_MAX],
                          struct record_audience *ret)
{
    *ret = (struct record_audience){.sealed_len = 0};
    if (!settings->audience_schemes || !event->advertising || !is_of_a_customer(event->type) ||
        !names_somebody(json_object_get(event->root, "identifiers")))
        return DL_OK;
    uint8_t plain[AUDIENCE_SET_BYTES_MAX];
    struct audience_writer w;
    audience_writer_init(&w, plain);
    add_all(&w, event, settings);
    enum dl_err err = DL_OK;
    if (w.count > 0) {
        size_t len = audience_writer_end(&w);
        err = audience_seal(settings->audience_public, plain, len, sealed);
        ret->schemes = w.schemes;
        ret->sealed = sealed;
        ret->sealed_len = len + AUDIENCE_SEAL_OVERHEAD;
        audience_key_id(settings->audience_public, ret->key_id);
    }
    secret_wipe(plain, sizeof plain);
    secret_wipe_stack();
    return err;
}
