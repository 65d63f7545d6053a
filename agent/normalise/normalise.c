#include "agent/normalise/normalise.h"

#include "agent/normalise/forms.h"
#include "crypto/token.h"

#include <assert.h>

static const char *const reasons[NORMALISE_REASON_COUNT] = {
    [NORMALISE_OK] = "ok",
    [NORMALISE_NO_FORM] = "no_form",
    [NORMALISE_EMPTY] = "empty",
    [NORMALISE_TOO_LONG] = "too_long",
    [NORMALISE_NOT_UTF8] = "not_utf8",
    [NORMALISE_BAD_CHARACTER] = "bad_character",
    [NORMALISE_NO_AT] = "no_at",
    [NORMALISE_BAD_LOCAL_PART] = "bad_local_part",
    [NORMALISE_BAD_DOMAIN] = "bad_domain",
    [NORMALISE_NO_REGION] = "no_region",
    [NORMALISE_BAD_COUNTRY] = "bad_country",
    [NORMALISE_BAD_LENGTH] = "bad_length",
    [NORMALISE_NO_AREA] = "no_area",
    [NORMALISE_BAD_NUMBER] = "bad_number",
    [NORMALISE_PLACEHOLDER] = "placeholder",
    [NORMALISE_CARD_NUMBER] = "card_number",
};

const char *normalise_reason_name(enum normalise_reason reason)
{
    assert(reason < NORMALISE_REASON_COUNT);
    return reasons[reason];
}

typedef enum normalise_reason form(const struct form_input *in, struct form_output *out);

static form *const forms[] = {
    [TOKEN_TYPE_EMAIL] = form_email,
    [TOKEN_TYPE_PHONE] = form_phone,
    [TOKEN_TYPE_LOYALTY_ID] = form_loyalty_id,
    [TOKEN_TYPE_ACCOUNT_ID] = form_account_id,
    [TOKEN_TYPE_PAYMENT_REF] = form_payment_ref,
    [TOKEN_TYPE_TICKET] = form_ticket,
};

enum normalise_reason normalise(uint8_t type, const char *value, size_t len, const char *region,
                                char *out, size_t cap, size_t *ret_len)
{
    if (type >= sizeof forms / sizeof *forms || !forms[type])
        return NORMALISE_NO_FORM;
    struct form_input in = {value, len, region};
    struct form_output made = {out, cap, 0};
    enum normalise_reason reason = forms[type](&in, &made);
    if (reason == NORMALISE_OK)
        *ret_len = made.len;
    return reason;
}
