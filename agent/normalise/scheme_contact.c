/* E-mail addresses and telephone numbers as the platforms want them. */
#include "agent/normalise/scheme_text.h"
#include "agent/normalise/unicode.h"

#include <stdbool.h>
#include <string.h>

#define UID2_DIGITS_MIN 10
#define DIGITS_MAX      15 /* E.164 */

static bool is(const char *text, size_t len, const char *literal)
{
    return len == strlen(literal) && memcmp(text, literal, len) == 0;
}

/* Exactly one @ with something on both sides; where it is. */
static enum normalise_reason split(const struct form_output *out, size_t *ret_local_len)
{
    const char *at = memchr(out->bytes, '@', out->len);
    if (!at)
        return NORMALISE_NO_AT;
    size_t local_len = (size_t)(at - out->bytes), domain_len = out->len - local_len - 1;
    if (memchr(at + 1, '@', domain_len))
        return NORMALISE_NO_AT;
    *ret_local_len = local_len;
    if (local_len == 0)
        return NORMALISE_BAD_LOCAL_PART;
    return domain_len ? NORMALISE_OK : NORMALISE_BAD_DOMAIN;
}

/* Takes the dots out of the local part, and with `suffix` all from a + on. */
static enum normalise_reason drop_dots(struct form_output *out, size_t local_len, bool suffix)
{
    size_t kept = 0;
    for (size_t i = 0; i < local_len && !(suffix && out->bytes[i] == '+'); i++)
        if (out->bytes[i] != '.')
            out->bytes[kept++] = out->bytes[i];
    memmove(out->bytes + kept, out->bytes + local_len, out->len - local_len);
    out->len -= local_len - kept;
    return kept ? NORMALISE_OK : NORMALISE_BAD_LOCAL_PART;
}

static bool has_space(const struct form_output *out)
{
    for (size_t at = 0; at < out->len;) {
        int32_t c;
        size_t n = unicode_next(out->bytes + at, out->len - at, &c);
        if (n == 0 || unicode_is_space(c))
            return true;
        at += n;
    }
    return false;
}

enum normalise_reason scheme_uid2_email(const struct form_input *in, struct form_output *out)
{
    size_t local_len = 0;
    enum normalise_reason reason =
        scheme_text(in, SCHEME_TRIM_BLANKS | SCHEME_LOWER_ASCII, out);
    if (!reason)
        reason = split(out, &local_len);
    if (!reason && is(out->bytes + local_len, out->len - local_len, "@gmail.com"))
        reason = drop_dots(out, local_len, true);
    return reason;
}

enum normalise_reason scheme_google_email(const struct form_input *in, struct form_output *out)
{
    size_t local_len = 0;
    enum normalise_reason reason = scheme_text(in, SCHEME_TRIM | SCHEME_LOWER, out);
    if (!reason && has_space(out))
        reason = NORMALISE_BAD_CHARACTER;
    if (!reason)
        reason = split(out, &local_len);
    if (reason)
        return reason;
    const char *domain = out->bytes + local_len;
    size_t domain_len = out->len - local_len;
    bool gmail =
        is(domain, domain_len, "@gmail.com") || is(domain, domain_len, "@googlemail.com");
    return gmail ? drop_dots(out, local_len, false) : NORMALISE_OK;
}

/* Meta and Snap: trimmed and lower case; what has no shape of an address is refused. */
enum normalise_reason scheme_lower_email(const struct form_input *in, struct form_output *out)
{
    size_t local_len = 0;
    enum normalise_reason reason = scheme_text(in, SCHEME_TRIM | SCHEME_LOWER, out);
    if (!reason && has_space(out))
        reason = NORMALISE_BAD_CHARACTER;
    return reason ? reason : split(out, &local_len);
}

enum normalise_reason scheme_tiktok_email(const struct form_input *in, struct form_output *out)
{
    size_t local_len = 0;
    enum normalise_reason reason = scheme_text(in, SCHEME_DROP_SPACE | SCHEME_LOWER, out);
    return reason ? reason : split(out, &local_len);
}

/* Our own E.164, where the number says its country or the region does. */
static bool known_number(const struct form_input *in, struct form_output *out,
                         enum normalise_reason *ret_reason)
{
    bool plus = in->len > 0 && memchr(in->value, '+', in->len);
    if (!plus && !in->region[0])
        return false;
    out->len = 0;
    *ret_reason = form_phone(in, out);
    if (*ret_reason == NORMALISE_OK)
        *ret_reason = out->doubt;
    return *ret_reason == NORMALISE_OK || *ret_reason == NORMALISE_EXTENSION || !plus;
}

static size_t zeros_at_start(const struct form_output *out)
{
    size_t n = 0;
    while (n < out->len && out->bytes[n] == '0')
        n++;
    return n;
}

/* The digits that are there, whatever stands between them, behind a +. */
static enum normalise_reason digits_with_plus(const struct form_input *in,
                                              struct form_output *out)
{
    enum normalise_reason reason = scheme_text(in, SCHEME_ONLY_DIGITS, out);
    if (reason)
        return reason;
    if (out->bytes[0] == '0')
        return NORMALISE_NO_REGION; /* no country code begins with a 0 */
    if (out->len > DIGITS_MAX)
        return NORMALISE_BAD_LENGTH;
    if (out->len == out->cap)
        return NORMALISE_TOO_LONG;
    memmove(out->bytes + 1, out->bytes, out->len++);
    out->bytes[0] = '+';
    return NORMALISE_OK;
}

enum normalise_reason scheme_plus_phone(const struct form_input *in, struct form_output *out)
{
    enum normalise_reason reason = NORMALISE_OK;
    return known_number(in, out, &reason) ? reason : digits_with_plus(in, out);
}

enum normalise_reason scheme_uid2_phone(const struct form_input *in, struct form_output *out)
{
    for (size_t i = 0; i < in->len; i++)
        if ((in->value[i] | 0x20) >= 'a' && (in->value[i] | 0x20) <= 'z')
            return NORMALISE_BAD_CHARACTER;
    enum normalise_reason reason = scheme_plus_phone(in, out);
    return !reason && out->len < UID2_DIGITS_MIN + 1 ? NORMALISE_BAD_LENGTH : reason;
}

/* What the platform's operator takes without another look. */
enum normalise_reason scheme_as_is_phone(const struct form_input *in, struct form_output *out)
{
    enum normalise_reason reason = scheme_text(in, 0, out);
    if (reason)
        return reason;
    if (out->bytes[0] != '+' || out->len < UID2_DIGITS_MIN + 1 || out->len > DIGITS_MAX + 1)
        return NORMALISE_BAD_FORMAT;
    for (size_t i = 1; i < out->len; i++)
        if (out->bytes[i] < '0' || out->bytes[i] > '9')
            return NORMALISE_BAD_FORMAT;
    return NORMALISE_OK;
}

/* Meta and Snap: digits without leading zeros. */
enum normalise_reason scheme_bare_phone(const struct form_input *in, struct form_output *out)
{
    enum normalise_reason reason = NORMALISE_OK;
    if (!known_number(in, out, &reason))
        reason = scheme_text(in, SCHEME_ONLY_DIGITS, out);
    if (reason)
        return reason;
    size_t drop = out->bytes[0] == '+' ? 1 : zeros_at_start(out);
    memmove(out->bytes, out->bytes + drop, out->len - drop);
    out->len -= drop;
    return out->len ? NORMALISE_OK : NORMALISE_EMPTY;
}
