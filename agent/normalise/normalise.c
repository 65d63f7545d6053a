#include "agent/normalise/normalise.h"

#include "agent/normalise/forms.h"
#include "crypto/token.h"

#include <assert.h>
#include <string.h>

static const struct {
    const char *name, *text;
} reasons[NORMALISE_REASON_COUNT] = {
    [NORMALISE_OK] = {"ok", ""},
    [NORMALISE_NO_FORM] = {"no_form", "this type has no canonical form"},
    [NORMALISE_EMPTY] = {"empty", "nothing is left of it"},
    [NORMALISE_TOO_LONG] = {"too_long", "too long"},
    [NORMALISE_NOT_UTF8] = {"not_utf8", "not UTF-8"},
    [NORMALISE_BAD_CHARACTER] = {"bad_character", "a character that has no place in it"},
    [NORMALISE_NO_AT] = {"no_at", "an address has one @"},
    [NORMALISE_BAD_LOCAL_PART] = {"bad_local_part",
                                  "what stands before the @ is none of an address"},
    [NORMALISE_BAD_DOMAIN] = {"bad_domain", "what stands behind the @ is no domain"},
    [NORMALISE_NO_REGION] = {"no_region", "a national number, and no country to read it by: "
                                          "set a region such as DE, or write +49 ..."},
    [NORMALISE_BAD_COUNTRY] = {"bad_country", "no such country"},
    [NORMALISE_BAD_LENGTH] = {"bad_length", "too short or too long for its country"},
    [NORMALISE_NO_AREA] = {"no_area", "can only be dialled within its area"},
    [NORMALISE_BAD_NUMBER] =
        {"bad_number", "no number of its country, or one that reads two ways: write it with +"},
    [NORMALISE_EXTENSION] = {"extension", "a desk behind a switchboard may be somebody else"},
    [NORMALISE_PLACEHOLDER] = {"placeholder", "nothing but zeros is nobody"},
    [NORMALISE_CARD_NUMBER] = {"card_number", "a card number, which is never kept"},
    [NORMALISE_BAD_DATE] = {"bad_date", "no such day, or not written as a date"},
    [NORMALISE_AMBIGUOUS_DATE] = {"ambiguous_date", "which is the month? set the date order"},
    [NORMALISE_FUTURE_DATE] = {"future_date", "a day to come"},
    [NORMALISE_BAD_FORMAT] = {"bad_format", "not written as this type is"},
    [NORMALISE_BAD_CHECK_DIGIT] = {"bad_check_digit", "the check digit is wrong"},
};

const char *normalise_reason_name(enum normalise_reason reason)
{
    assert(reason < NORMALISE_REASON_COUNT);
    return reasons[reason].name;
}

const char *normalise_reason_text(enum normalise_reason reason)
{
    assert(reason < NORMALISE_REASON_COUNT);
    return reasons[reason].text;
}

void form_region(const struct normalise_site *site, char ret[static 3])
{
    const char *region = site->region ? site->region : "";
    memset(ret, 0, 3);
    for (size_t i = 0; i < 2 && region[i] && strlen(region) == 2; i++)
        ret[i] =
            (char)(region[i] >= 'a' && region[i] <= 'z' ? region[i] - 'a' + 'A' : region[i]);
    if (strcmp(ret, "UK") == 0)
        memcpy(ret, "GB", 2);
}

typedef enum normalise_reason form(const struct form_input *in, struct form_output *out);

static form *const forms[] = {
    [TOKEN_TYPE_EMAIL] = form_email,
    [TOKEN_TYPE_PHONE] = form_phone,
    [TOKEN_TYPE_LOYALTY_ID] = form_loyalty_id,
    [TOKEN_TYPE_ACCOUNT_ID] = form_account_id,
    [TOKEN_TYPE_PAYMENT_REF] = form_payment_ref,
    [TOKEN_TYPE_TICKET] = form_ticket,
    [TOKEN_TYPE_NATIONAL_ID] = form_national_id,
    [TOKEN_TYPE_COOKIE_ID] = form_cookie_id,
    [TOKEN_TYPE_DEVICE_ID] = form_device_id,
    [TOKEN_TYPE_IP] = form_ip,
    [NORMALISE_GIVEN_NAME] = form_given_name,
    [NORMALISE_SURNAME] = form_surname,
    [NORMALISE_DATE_OF_BIRTH] = form_date_of_birth,
    [NORMALISE_POSTCODE] = form_postcode,
    [NORMALISE_STREET] = form_street,
    [NORMALISE_CITY] = form_city,
    [NORMALISE_COUNTRY] = form_country,
    [NORMALISE_SEX] = form_sex,
};

static const char *const field_names[] = {"given_name", "surname", "date_of_birth", "postcode",
                                          "street",     "city",    "country",       "sex"};

_Static_assert(sizeof field_names / sizeof *field_names ==
                   NORMALISE_FIELD_END - NORMALISE_FIELD_FIRST,
               "a name for every field");
_Static_assert((int)NORMALISE_FIELD_FIRST > (int)TOKEN_TYPE_RECIPE_LAST, "no field is a token");

const char *normalise_type_name(uint8_t type)
{
    if (type >= NORMALISE_FIELD_FIRST && type < NORMALISE_FIELD_END)
        return field_names[type - NORMALISE_FIELD_FIRST];
    return type < TOKEN_TYPE_RECIPE_FIRST ? token_type_name(type) : NULL;
}

uint8_t normalise_type_from_name(const char *name)
{
    for (uint8_t type = 1; type < NORMALISE_FIELD_END; type++) {
        const char *known = normalise_type_name(type);
        if (known && strcmp(known, name) == 0)
            return type;
    }
    return TOKEN_TYPE_NONE;
}

enum normalise_reason normalise_legible(const struct normalise_site *site, uint8_t type,
                                        const char *value, size_t len, char *out, size_t cap,
                                        size_t *ret_len, enum normalise_reason *ret_doubt)
{
    if (type >= sizeof forms / sizeof *forms || !forms[type])
        return NORMALISE_NO_FORM;
    struct form_input in = {value, len, "", site->date_order};
    form_region(site, in.region);
    struct form_output made = {.bytes = out, .cap = cap};
    enum normalise_reason reason = forms[type](&in, &made);
    if (reason == NORMALISE_OK) {
        *ret_len = made.len;
        *ret_doubt = made.doubt;
    }
    return reason;
}

enum normalise_reason normalise_for(const struct normalise_site *site, uint8_t type,
                                    const char *value, size_t len, char *out, size_t cap,
                                    size_t *ret_len)
{
    enum normalise_reason doubt = NORMALISE_OK;
    size_t made = 0;
    enum normalise_reason reason =
        normalise_legible(site, type, value, len, out, cap, &made, &doubt);
    if (!reason)
        reason = doubt;
    if (!reason)
        *ret_len = made;
    return reason;
}

enum normalise_reason normalise(uint8_t type, const char *value, size_t len, const char *region,
                                char *out, size_t cap, size_t *ret_len)
{
    const struct normalise_site site = {.region = region};
    return normalise_for(&site, type, value, len, out, cap, ret_len);
}
