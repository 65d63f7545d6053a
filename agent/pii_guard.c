#include "agent/pii_guard.h"

#include "agent/pii_card.h"
#include "agent/pii_fold.h"
#include "agent/pii_iban.h"
#include "agent/pii_phone.h"

#include <sodium.h>
#include <string.h>

/* A folded text is looked at in pieces that overlap by more than anything found. */
#define PIECE_BYTES   4096
#define OVERLAP_BYTES 256
#define DRAWN_HEX_MIN 32 /* 128 bits */
/* Of 32 random hex digits fewer are letters once in 2,700 times. */
#define DRAWN_LETTERS_MIN 4

const char *pii_name(enum pii pii)
{
    static const char *const names[] = {
        [PII_NONE] = "nothing",
        [PII_EMAIL] = "an e-mail address",
        [PII_PHONE] = "a telephone number",
        [PII_CARD] = "a card number",
        [PII_IBAN] = "a bank account number",
    };
    return names[pii];
}

static bool is_letter(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
}

static bool is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

/* What stands right before an @ in an address; "3 @ 2.50" has a space there. */
static bool is_local(unsigned char c)
{
    return is_letter(c) || is_digit(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~.\"", c));
}

/* A name with a dot and at least two letters after the last one. */
static bool is_domain(const char *text, size_t len)
{
    size_t labels = 0, label_len = 0, letters = 0;
    for (size_t i = 0; i <= len; i++) {
        unsigned char c = i < len ? (unsigned char)text[i] : '\0';
        if (c == '.' && label_len > 0 && i + 1 < len &&
            (is_letter((unsigned char)text[i + 1]) || is_digit((unsigned char)text[i + 1]))) {
            labels++;
            label_len = letters = 0;
        } else if (is_letter(c) || is_digit(c) || c == '-') {
            label_len++;
            letters += is_letter(c);
        } else {
            break;
        }
    }
    return labels >= 1 && letters >= 2 && letters * 2 > label_len;
}

/* ASCII's @, its full-width twin, U+FF20, or what a link makes of it. */
static size_t at_sign(const char *text, size_t len)
{
    if (text[0] == '@')
        return 1;
    bool other =
        len >= 3 && (memcmp(text, "\xEF\xBC\xA0", 3) == 0 || memcmp(text, "%40", 3) == 0);
    return other ? 3 : 0;
}

static bool has_email(const char *text, size_t len)
{
    for (size_t i = 1; i < len; i++) {
        size_t at_len = at_sign(text + i, len - i);
        if (at_len && is_local((unsigned char)text[i - 1]) &&
            is_domain(text + i + at_len, len - i - at_len))
            return true;
    }
    return false;
}

/* Most strings have neither an @ nor seven digits, and are done here. U+FF20 ends on A0. */
static void glance(const char *text, size_t len, bool *ret_at, size_t *ret_digits)
{
    *ret_at = false;
    *ret_digits = 0;
    for (size_t i = 0; i < len; i++) {
        *ret_digits += is_digit((unsigned char)text[i]);
        *ret_at |= text[i] == '@' || text[i] == '\xA0' || text[i] == '%';
    }
}

/* A UUID: one in some thousands has what looks like a card number in its first groups, and
 * a sale or a scan would be refused for that. */
static bool is_drawn(const char *text, size_t len)
{
    size_t digits = 0, letters = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        bool letter = (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (!letter && !is_digit(c) && c != '-')
            return false;
        digits += is_digit(c);
        letters += letter;
    }
    return digits + letters >= DRAWN_HEX_MIN && letters >= DRAWN_LETTERS_MIN;
}

static enum pii find(const char *text, size_t len, enum pii_scope scope)
{
    bool at;
    size_t digits;
    glance(text, len, &at, &digits);
    if (at && has_email(text, len))
        return PII_EMAIL;
    if (digits < PII_PHONE_DIGITS_MIN || (scope == PII_IN_CODE && is_drawn(text, len)))
        return PII_NONE;
    bool is_article = scope == PII_IN_CODE && pii_is_gtin(text, len);
    if (digits >= PII_CARD_DIGITS_MIN && !is_article && pii_has_card(text, len))
        return PII_CARD;
    if (pii_has_iban(text, len))
        return PII_IBAN;
    if (pii_has_phone(text, len, scope == PII_IN_TEXT))
        return PII_PHONE;
    return PII_NONE;
}

static enum pii find_folded(const char *text, size_t len, enum pii_scope scope)
{
    char piece[PIECE_BYTES];
    size_t kept = 0;
    enum pii found = PII_NONE;
    for (size_t at = 0; at < len && !found;) {
        size_t added = 0;
        at += pii_fold(text + at, len - at, piece + kept, sizeof piece - kept, &added);
        kept += added;
        found = find(piece, kept, scope);
        if (at < len && kept > OVERLAP_BYTES) {
            memmove(piece, piece + kept - OVERLAP_BYTES, OVERLAP_BYTES);
            kept = OVERLAP_BYTES;
        }
    }
    sodium_memzero(piece, sizeof piece);
    return found;
}

enum pii pii_find(const char *text, size_t len, enum pii_scope scope)
{
    return pii_fold_wanted(text, len) ? find_folded(text, len, scope) : find(text, len, scope);
}
