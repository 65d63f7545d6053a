/* IP addresses, read and printed without the system's functions, which differ. */
#include "agent/normalise/forms.h"
#include "agent/normalise/unicode.h"
#include "crypto/secret.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define TEXT_BYTES 64
#define GROUPS     8

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Four decimal numbers; a leading zero means octal to some, and is refused. */
static bool read_v4(const char *text, size_t len, uint8_t ret[static 4])
{
    size_t at = 0;
    for (size_t part = 0; part < 4; part++) {
        size_t start = at;
        unsigned value = 0;
        while (at < len && is_digit(text[at]) && at - start < 3)
            value = value * 10 + (unsigned)(text[at++] - '0');
        if (at == start || value > 255 || (at - start > 1 && text[start] == '0'))
            return false;
        ret[part] = (uint8_t)value;
        if (part < 3 && (at == len || text[at++] != '.'))
            return false;
    }
    return at == len;
}

static int hex(char c)
{
    if (is_digit(c))
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One group at *at: up to four digits. */
static bool read_group(const char *text, size_t len, size_t *at, uint16_t *ret)
{
    size_t start = *at;
    unsigned value = 0;
    while (*at < len && hex(text[*at]) >= 0 && *at - start < 4)
        value = value * 16 + (unsigned)hex(text[(*at)++]);
    *ret = (uint16_t)value;
    return *at > start;
}

/* RFC 4291, 2.2: groups, at most one "::", and maybe an IPv4 address at the end. */
static bool read_v6(const char *text, size_t len, uint16_t ret[static GROUPS])
{
    uint16_t groups[GROUPS];
    size_t count = 0, at = 0, hole = GROUPS + 1;
    if (len >= 2 && memcmp(text, "::", 2) == 0)
        hole = 0, at = 2;
    while (at < len) {
        uint8_t v4[4];
        if (count > 0 || hole == 0) {
            if (count + 2 <= GROUPS && read_v4(text + at, len - at, v4)) {
                groups[count++] = (uint16_t)(v4[0] << 8 | v4[1]);
                groups[count++] = (uint16_t)(v4[2] << 8 | v4[3]);
                at = len;
                break;
            }
        }
        if (count == GROUPS || !read_group(text, len, &at, &groups[count]))
            return false;
        count++;
        if (at == len)
            break;
        if (text[at++] != ':' || at == len)
            return false;
        if (text[at] == ':') {
            if (hole <= GROUPS)
                return false;
            hole = count;
            at++;
        }
    }
    if (hole > GROUPS ? count != GROUPS : count == GROUPS)
        return false;
    size_t zeros = GROUPS - count, from = hole > GROUPS ? count : hole;
    memset(ret, 0, GROUPS * sizeof *ret);
    for (size_t i = 0; i < count; i++)
        ret[i < from ? i : i + zeros] = groups[i];
    return true;
}

/* The longest run of two zero groups or more, the first of equals (RFC 5952, 4.2). */
static size_t longest_zeros(const uint16_t groups[static GROUPS], size_t *ret_len)
{
    size_t best = GROUPS, best_len = 1;
    for (size_t i = 0; i < GROUPS;) {
        size_t n = 0;
        while (i + n < GROUPS && groups[i + n] == 0)
            n++;
        if (n > best_len) {
            best = i;
            best_len = n;
        }
        i += n ? n : 1;
    }
    *ret_len = best_len;
    return best;
}

static void print_v6(const uint16_t groups[static GROUPS], char ret[static TEXT_BYTES])
{
    size_t hole_len, len = 0;
    size_t hole = longest_zeros(groups, &hole_len);
    for (size_t i = 0; i < GROUPS;) {
        if (i == hole) {
            len += (size_t)snprintf(ret + len, TEXT_BYTES - len, "::");
            i += hole_len;
            continue;
        }
        bool colon = i > 0 && i != hole + hole_len;
        len += (size_t)snprintf(ret + len, TEXT_BYTES - len, "%s%x", colon ? ":" : "",
                                (unsigned)groups[i]);
        i++;
    }
}

static void print_v4(const uint8_t v4[static 4], char ret[static TEXT_BYTES])
{
    (void)snprintf(ret, TEXT_BYTES, "%u.%u.%u.%u", (unsigned)v4[0], (unsigned)v4[1],
                   (unsigned)v4[2], (unsigned)v4[3]);
}

/* ::ffff:0:0/96 */
static bool is_mapped(const uint16_t groups[static GROUPS], uint8_t ret[static 4])
{
    for (size_t i = 0; i < 5; i++)
        if (groups[i] != 0)
            return false;
    if (groups[5] != 0xFFFF)
        return false;
    ret[0] = (uint8_t)(groups[6] >> 8);
    ret[1] = (uint8_t)groups[6];
    ret[2] = (uint8_t)(groups[7] >> 8);
    ret[3] = (uint8_t)groups[7];
    return true;
}

static bool print(const char *text, size_t len, char ret[static TEXT_BYTES])
{
    uint8_t v4[4];
    uint16_t groups[GROUPS];
    bool is_v4 = read_v4(text, len, v4);
    if (!is_v4 && !read_v6(text, len, groups))
        return false;
    if (is_v4 || is_mapped(groups, v4))
        print_v4(v4, ret);
    else
        print_v6(groups, ret);
    return true;
}

enum normalise_reason form_ip(const struct form_input *in, struct form_output *out)
{
    char text[TEXT_BYTES] = "";
    enum normalise_reason reason = unicode_fold(in->value, in->len, UNICODE_NFKC, UNICODE_LOWER,
                                                out->bytes, out->cap, &out->len);
    if (reason)
        return reason;
    if (!print(out->bytes, out->len, text))
        return NORMALISE_BAD_FORMAT;
    bool nobody = strcmp(text, "0.0.0.0") == 0 || strcmp(text, "::") == 0;
    out->len = strlen(text);
    if (!nobody && out->len <= out->cap)
        memcpy(out->bytes, text, out->len);
    secret_wipe(text, sizeof text);
    if (nobody)
        return NORMALISE_PLACEHOLDER;
    return out->len <= out->cap ? NORMALISE_OK : NORMALISE_TOO_LONG;
}
