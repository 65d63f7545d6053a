#include "agent/normalise/forms.h"
#include "agent/normalise/unicode.h"
#include "crypto/secret.h"

#include <idn2.h>
#include <stdbool.h>
#include <string.h>

#define ADDRESS_BYTES_MAX 254 /* RFC 5321, 4.5.3.1.3, less the angle brackets */
#define LOCAL_BYTES_MAX   64
#define DOMAIN_BYTES_MAX  253
#define LABEL_BYTES_MAX   63

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || is_digit(c);
}

/* atext of RFC 5322, 3.2.3, and RFC 6531's letters beyond ASCII. */
static bool is_atom(char c)
{
    return is_letter_or_digit(c) || (unsigned char)c >= 0x80 ||
           (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* dot-atom: no dot at an end, no two together. */
static bool local_is_good(const char *local, size_t len)
{
    if (len == 0 || len > LOCAL_BYTES_MAX)
        return false;
    bool after_dot = true;
    for (size_t i = 0; i < len; i++) {
        bool dot = local[i] == '.';
        if (dot ? after_dot : !is_atom(local[i]))
            return false;
        after_dot = dot;
    }
    return !after_dot;
}

static bool label_is_good(const char *label, size_t len)
{
    if (len == 0 || len > LABEL_BYTES_MAX || label[0] == '-' || label[len - 1] == '-')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_letter_or_digit(label[i]) && label[i] != '-')
            return false;
    return true;
}

/* Two labels or more of letters, digits and hyphens, the last one no number. */
static bool domain_is_good(const char *domain, size_t len)
{
    if (len == 0 || len > DOMAIN_BYTES_MAX)
        return false;
    size_t labels = 0, start = 0;
    for (size_t i = 0; i <= len; i++) {
        if (i < len && domain[i] != '.')
            continue;
        if (!label_is_good(domain + start, i - start))
            return false;
        labels++;
        if (i < len)
            start = i + 1;
    }
    return labels >= 2 && len - start >= 2 && !is_digit(domain[start]);
}

/* White space within an address, even beyond ASCII, is a slip of the keyboard. */
static bool has_space(const char *text, size_t len)
{
    for (size_t at = 0; at < len;) {
        int32_t c;
        size_t n = unicode_next(text + at, len - at, &c);
        if (n == 0 || unicode_is_space(c))
            return true;
        at += n;
    }
    return false;
}

/* Joiners belong to some domain names (RFC 5892, A.1 and A.2, which libidn2 checks). */
static bool has_joiner(const char *text, size_t len)
{
    for (size_t i = 0; i + 3 <= len; i++)
        if (memcmp(text + i, "\xE2\x80\x8C", 3) == 0 ||
            memcmp(text + i, "\xE2\x80\x8D", 3) == 0)
            return true;
    return false;
}

static bool wants_idna(const char *domain, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)domain[i] >= 0x80)
            return true;
    for (size_t i = 0; i + 4 <= len; i++)
        if (memcmp(domain + i, "xn--", 4) == 0)
            return true;
    return false;
}

/* UTS #46 nontransitional processing, IDNA2008's A-labels. */
static bool to_a_labels(char *domain, size_t *len, size_t cap)
{
    uint8_t u8[DOMAIN_BYTES_MAX * 4];
    if (*len >= sizeof u8)
        return false;
    memcpy(u8, domain, *len);
    u8[*len] = '\0';
    uint8_t *ascii = NULL;
    int code = idn2_lookup_u8(u8, &ascii, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
    secret_wipe(u8, sizeof u8);
    size_t ascii_len = code == IDN2_OK ? strlen((const char *)ascii) : 0;
    bool good = ascii_len > 0 && ascii_len <= cap;
    if (good) {
        memcpy(domain, ascii, ascii_len);
        *len = ascii_len;
    }
    if (ascii) {
        secret_wipe(ascii, ascii_len);
        idn2_free(ascii);
    }
    return good;
}

static bool is(const char *text, size_t len, const char *literal)
{
    return len == strlen(literal) && memcmp(text, literal, len) == 0;
}

/* Google delivers j.doe+shop@googlemail.com and jdoe@gmail.com to one mailbox.
 * Its names are ASCII; beyond it a mark could move onto the letter before a dot.
 * 0: there is no such name. */
static size_t gmail_local(char *local, size_t len)
{
    size_t kept = 0;
    for (size_t i = 0; i < len && local[i] != '+'; i++) {
        if ((unsigned char)local[i] >= 0x80)
            return 0;
        if (local[i] != '.')
            local[kept++] = local[i];
    }
    return kept;
}

enum normalise_reason form_email(const struct form_input *in, struct form_output *out)
{
    size_t len = 0;
    enum normalise_reason reason = unicode_fold(in->value, in->len, UNICODE_NFC, UNICODE_LOWER,
                                                out->bytes, out->cap, &len);
    if (reason)
        return reason;
    if (has_space(out->bytes, len))
        return NORMALISE_BAD_CHARACTER;
    char *at = memchr(out->bytes, '@', len);
    if (!at || memchr(at + 1, '@', len - (size_t)(at + 1 - out->bytes)))
        return NORMALISE_NO_AT;
    size_t local_len = (size_t)(at - out->bytes);
    char *domain = at + 1;
    size_t domain_len = len - local_len - 1;
    if (has_joiner(out->bytes, local_len))
        return NORMALISE_BAD_CHARACTER;
    if (!local_is_good(out->bytes, local_len))
        return NORMALISE_BAD_LOCAL_PART;
    if (wants_idna(domain, domain_len) &&
        !to_a_labels(domain, &domain_len, out->cap - local_len - 1))
        return NORMALISE_BAD_DOMAIN;
    if (!domain_is_good(domain, domain_len))
        return NORMALISE_BAD_DOMAIN;
    if (local_len + 1 + domain_len > ADDRESS_BYTES_MAX)
        return NORMALISE_TOO_LONG;
    if (is(domain, domain_len, "gmail.com") || is(domain, domain_len, "googlemail.com")) {
        local_len = gmail_local(out->bytes, local_len);
        if (local_len == 0)
            return NORMALISE_BAD_LOCAL_PART;
        if (local_len + sizeof "@gmail.com" - 1 > out->cap)
            return NORMALISE_TOO_LONG;
        memcpy(out->bytes + local_len, "@gmail.com", sizeof "@gmail.com" - 1);
        domain_len = sizeof "gmail.com" - 1;
    }
    out->len = local_len + 1 + domain_len;
    return NORMALISE_OK;
}
