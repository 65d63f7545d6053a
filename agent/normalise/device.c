/* Ids that browsers and telephones carry. */
#include "agent/normalise/forms.h"
#include "agent/normalise/unicode.h"
#include "crypto/secret.h"

#include <stdbool.h>
#include <string.h>

#define COOKIE_BYTES_MAX 1024
#define DEVICE_BYTES_MAX 256
#define UUID_DIGITS      32
#define UUID_BYTES       36

static bool is_zeros(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] != '0' && text[i] != '-')
            return false;
    return true;
}

static enum normalise_reason opaque(const struct form_input *in, size_t bytes_max,
                                    struct form_output *out)
{
    enum normalise_reason reason = unicode_fold(
        in->value, in->len, UNICODE_NFKC, UNICODE_KEEP_CASE, out->bytes, out->cap, &out->len);
    if (reason)
        return reason;
    if (out->len > bytes_max)
        return NORMALISE_TOO_LONG;
    return is_zeros(out->bytes, out->len) ? NORMALISE_PLACEHOLDER : NORMALISE_OK;
}

enum normalise_reason form_cookie_id(const struct form_input *in, struct form_output *out)
{
    return opaque(in, COOKIE_BYTES_MAX, out);
}

/* A lower-case hexadecimal digit, or NUL. */
static char hex(char c)
{
    if (c >= 'A' && c <= 'F')
        return (char)(c - 'A' + 'a');
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))
        return c;
    return '\0';
}

/* The 32 digits of a UUID with or without hyphens at their places, and braces. */
static bool uuid_digits(const char *text, size_t len, char ret[static UUID_DIGITS])
{
    if (len > 2 && text[0] == '{' && text[len - 1] == '}') {
        text++;
        len -= 2;
    }
    if (len != UUID_DIGITS && len != UUID_BYTES)
        return false;
    size_t count = 0;
    for (size_t i = 0; i < len; i++) {
        bool hyphen = len == UUID_BYTES && (i == 8 || i == 13 || i == 18 || i == 23);
        if (hyphen ? text[i] != '-' : !hex(text[i]))
            return false;
        if (!hyphen)
            ret[count++] = hex(text[i]);
    }
    return true;
}

enum normalise_reason form_device_id(const struct form_input *in, struct form_output *out)
{
    char digits[UUID_DIGITS];
    enum normalise_reason reason = opaque(in, DEVICE_BYTES_MAX, out);
    if (reason || !uuid_digits(out->bytes, out->len, digits))
        return reason;
    if (is_zeros(digits, sizeof digits))
        return NORMALISE_PLACEHOLDER; /* what a telephone says that limits tracking */
    if (out->cap < UUID_BYTES)
        return NORMALISE_TOO_LONG;
    out->len = 0;
    for (size_t i = 0; i < sizeof digits; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20)
            out->bytes[out->len++] = '-';
        out->bytes[out->len++] = digits[i];
    }
    secret_wipe(digits, sizeof digits);
    return NORMALISE_OK;
}
