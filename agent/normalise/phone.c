/* E.164 from "+", from the prefix for calls abroad, and from national numbers
 * of a known region. Extensions, letters, missing area codes and lengths that
 * the country does not have are refused: a wrong number is somebody else's. */
#include "agent/normalise/forms.h"
#include "agent/normalise/phone_region.h"
#include "agent/normalise/unicode.h"
#include "crypto/secret.h"

#include <string.h>

#define DIGITS_MAX 32
#define E164_MAX   15
#define E164_MIN   7 /* the shortest plans: a three-digit code and four digits */

struct number {
    char digits[DIGITS_MAX];
    size_t len;
    bool plus;
    bool bracketed_zero; /* "(0)" between country code and number */
    size_t zero_at;      /* digits before it */
};

static bool is_gap(int32_t c)
{
    return unicode_is_space(c) || c == '-' || c == '.' || c == '/' ||
           (c >= 0x2010 && c <= 0x2015) || c == 0x2212;
}

/* Everything but digits falls away; what is no digit, gap, bracket or leading +
 * refuses the number. */
static enum normalise_reason read(const char *text, size_t len, struct number *ret)
{
    int open = 0;
    for (size_t at = 0; at < len;) {
        int32_t c;
        size_t n = unicode_next(text + at, len - at, &c);
        if (n == 0)
            return NORMALISE_NOT_UTF8;
        if (len - at >= 3 && memcmp(text + at, "(0)", 3) == 0 && ret->plus && ret->len > 0 &&
            !ret->bracketed_zero) {
            ret->bracketed_zero = true;
            ret->zero_at = ret->len;
            n = 3;
        } else if (c >= '0' && c <= '9') {
            if (ret->len == DIGITS_MAX)
                return NORMALISE_BAD_LENGTH;
            ret->digits[ret->len++] = (char)c;
        } else if (c == '+') {
            if (ret->plus || ret->len > 0)
                return NORMALISE_BAD_CHARACTER;
            ret->plus = true;
        } else if (c == '(' || c == ')') {
            open += c == '(' ? 1 : -1;
            if (open < 0 || open > 1)
                return NORMALISE_BAD_CHARACTER;
        } else if (!is_gap(c)) {
            return NORMALISE_BAD_CHARACTER;
        }
        at += n;
    }
    if (open != 0)
        return NORMALISE_BAD_CHARACTER;
    return ret->len > 0 ? NORMALISE_OK : NORMALISE_EMPTY;
}

/* Area code and exchange of the North American plan start with 2 to 9; the
 * German mobile prefixes have ten or eleven digits. */
static bool plan_allows(const struct phone_region *r, const char *digits, size_t len)
{
    if (len < r->len_min || len > r->len_max)
        return false;
    if (strcmp(r->code, "49") == 0 && digits[0] == '1' && strchr("567", digits[1]))
        return len >= 10;
    return true;
}

static enum normalise_reason check_subscriber(const struct phone_region *r, const char *digits,
                                              size_t len)
{
    if (!plan_allows(r, digits, len))
        return NORMALISE_BAD_LENGTH;
    if (digits[0] == '0' && !r->zero_first)
        return NORMALISE_BAD_NUMBER;
    if (strcmp(r->code, "1") == 0 && (digits[0] < '2' || digits[3] < '2'))
        return NORMALISE_BAD_NUMBER;
    return NORMALISE_OK;
}

static enum normalise_reason emit(const char *code, size_t code_len, const char *rest,
                                  size_t rest_len, struct form_output *out)
{
    size_t len = 1 + code_len + rest_len;
    if (len > 1 + E164_MAX || len < 1 + E164_MIN)
        return NORMALISE_BAD_LENGTH;
    if (len > out->cap)
        return NORMALISE_TOO_LONG;
    out->bytes[0] = '+';
    memcpy(out->bytes + 1, code, code_len);
    memcpy(out->bytes + 1 + code_len, rest, rest_len);
    out->len = len;
    return NORMALISE_OK;
}

/* Digits that start with a country code. */
static enum normalise_reason international(const char *digits, size_t len,
                                           const struct number *number, struct form_output *out)
{
    size_t code_len = phone_country_code_len(digits, len);
    if (code_len == 0)
        return NORMALISE_BAD_COUNTRY;
    const struct phone_region *r = phone_region_of_code(digits, len);
    /* "+49 (0)171": right where a trunk 0 would stand, in a plan that has one. */
    if (number->bracketed_zero &&
        (number->zero_at != code_len || !r || strcmp(r->trunk, "0") != 0))
        return NORMALISE_BAD_NUMBER;
    if (len == code_len)
        return NORMALISE_BAD_LENGTH;
    if (r) {
        enum normalise_reason reason = check_subscriber(r, digits + code_len, len - code_len);
        if (reason)
            return reason;
    }
    return emit(digits, code_len, digits + code_len, len - code_len, out);
}

static bool starts_with(const struct number *number, const char *prefix)
{
    size_t len = strlen(prefix);
    return len > 0 && number->len > len && memcmp(number->digits, prefix, len) == 0;
}

static enum normalise_reason national(const struct phone_region *r, const struct number *number,
                                      struct form_output *out)
{
    const char *digits = number->digits;
    size_t len = number->len;
    bool trunk = starts_with(number, r->trunk);
    if (trunk) {
        digits += strlen(r->trunk);
        len -= strlen(r->trunk);
    } else if (*r->trunk && !r->trunk_optional) {
        return NORMALISE_NO_AREA;
    }
    enum normalise_reason reason = check_subscriber(r, digits, len);
    if (reason)
        return reason;
    return emit(r->code, strlen(r->code), digits, len, out);
}

static enum normalise_reason place(const struct form_input *in, const struct number *number,
                                   struct form_output *out)
{
    if (number->plus)
        return international(number->digits, number->len, number, out);
    const struct phone_region *r = phone_region_find(in->region);
    const char *abroad = r ? r->abroad : in->region[0] ? "" : "00";
    if (starts_with(number, abroad))
        return international(number->digits + strlen(abroad), number->len - strlen(abroad),
                             number, out);
    if (!r)
        return in->region[0] ? NORMALISE_BAD_COUNTRY : NORMALISE_NO_REGION;
    return national(r, number, out);
}

enum normalise_reason form_phone(const struct form_input *in, struct form_output *out)
{
    size_t len = 0;
    enum normalise_reason reason = unicode_fold(in->value, in->len, UNICODE_NFC,
                                                UNICODE_KEEP_CASE, out->bytes, out->cap, &len);
    if (reason)
        return reason;
    struct number number = {.len = 0};
    reason = read(out->bytes, len, &number);
    if (!reason)
        reason = place(in, &number, out);
    secret_wipe(&number, sizeof number);
    return reason;
}
