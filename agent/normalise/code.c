#include "agent/normalise/unicode.h"
#include "agent/normalise/words.h"
#include "agent/pii_guard.h"

#include <stdbool.h>

#define ID_BYTES_MAX     256
#define TICKET_BYTES_MAX 1024

/* "0", "000", "0.0": what tills write for nobody. */
static bool is_zeros(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] != '0' && text[i] != '.' && text[i] != '-')
            return false;
    return true;
}

static enum normalise_reason fold(const struct form_input *in, struct form_output *out,
                                  enum unicode_case to, size_t bytes_max)
{
    enum normalise_reason reason =
        unicode_fold(in->value, in->len, UNICODE_NFKC, to, out->bytes, out->cap, &out->len);
    if (reason)
        return reason;
    if (out->len > bytes_max)
        return NORMALISE_TOO_LONG;
    return is_zeros(out->bytes, out->len) ? NORMALISE_PLACEHOLDER : NORMALISE_OK;
}

static void drop_spaces(struct form_output *out)
{
    size_t kept = 0;
    for (size_t i = 0; i < out->len; i++)
        if (out->bytes[i] != ' ') /* NFKC has made the other blanks one of these */
            out->bytes[kept++] = out->bytes[i];
    out->len = kept;
}

static enum normalise_reason loyalty_id(const struct form_input *in, struct form_output *out)
{
    enum normalise_reason reason = fold(in, out, UNICODE_UPPER, ID_BYTES_MAX);
    if (!reason)
        drop_spaces(out);
    return !reason && is_zeros(out->bytes, out->len) ? NORMALISE_PLACEHOLDER : reason;
}

/* Without the blank before it a mark stands upon another letter. */
enum normalise_reason form_loyalty_id(const struct form_input *in, struct form_output *out)
{
    return words_settle(in, loyalty_id, out);
}

enum normalise_reason form_account_id(const struct form_input *in, struct form_output *out)
{
    return fold(in, out, UNICODE_KEEP_CASE, ID_BYTES_MAX);
}

/* A card number among groups of a payment token's text is refused as well. */
enum normalise_reason form_payment_ref(const struct form_input *in, struct form_output *out)
{
    enum normalise_reason reason = fold(in, out, UNICODE_KEEP_CASE, ID_BYTES_MAX);
    if (!reason && pii_find(out->bytes, out->len, PII_IN_TEXT) == PII_CARD)
        return NORMALISE_CARD_NUMBER;
    return reason;
}

enum normalise_reason form_ticket(const struct form_input *in, struct form_output *out)
{
    return fold(in, out, UNICODE_KEEP_CASE, TICKET_BYTES_MAX);
}
