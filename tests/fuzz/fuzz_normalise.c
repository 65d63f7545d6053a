/* Any bytes as any identifier. A form is its own form, and a value composed,
 * decomposed or compatibility-composed has the same one. The first byte picks the
 * type, the second the site. */
#include "agent/normalise/normalise.h"
#include "agent/normalise/scheme.h"
#include "crypto/token.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

struct form {
    enum normalise_reason reason;
    char bytes[NORMALISE_BYTES_MAX];
    size_t len;
};

static struct form form_of(const struct normalise_site *site, uint8_t type, const char *value,
                           size_t len)
{
    struct form f = {.len = 0};
    f.reason = normalise_for(site, type, value, len, f.bytes, sizeof f.bytes, &f.len);
    if (!f.reason && (f.len == 0 || f.len > sizeof f.bytes))
        abort();
    return f;
}

static void must_equal(const struct form *a, const struct form *b)
{
    if (a->len != b->len || memcmp(a->bytes, b->bytes, a->len) != 0)
        abort();
}

static void in_another_form(const struct normalise_site *site, uint8_t type,
                            const struct form *made, const char *value, size_t len, int options)
{
    utf8proc_uint8_t *other = NULL;
    utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)value, (utf8proc_ssize_t)len,
                                      &other, (utf8proc_option_t)options);
    if (n > 0) {
        struct form f = form_of(site, type, (const char *)other, (size_t)n);
        if (f.reason == NORMALISE_OK)
            must_equal(made, &f);
        else if (f.reason != NORMALISE_TOO_LONG) /* what decomposes grows */
            abort();
    }
    free(other);
}

static void as_platforms_do(const struct normalise_site *site, uint8_t pick, const char *value,
                            size_t len)
{
    char out[NORMALISE_BYTES_MAX], hash[SCHEME_HASH_TEXT_BYTES];
    for (int scheme = SCHEME_NONE + 1; scheme < SCHEME_COUNT; scheme++) {
        size_t out_len = 0;
        enum scheme_field field = (enum scheme_field)(pick % SCHEME_FIELD_COUNT);
        if (scheme_form((enum scheme)scheme, field, site, value, len, out, sizeof out,
                        &out_len))
            continue;
        if (out_len == 0 || out_len > sizeof out)
            abort();
        scheme_hash((enum scheme)scheme, out, out_len, hash);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const char *const regions[] = {"", "DE", "US", "GB", "FR", "ES", "IT", "NL"};
    if (len < 2)
        return 0;
    const struct normalise_site site = {.region = regions[bytes[1] % 8],
                                        .date_order =
                                            (enum normalise_date_order)(bytes[1] / 8 % 3)};
    uint8_t type =
        (uint8_t)(1 + bytes[0] % (TOKEN_TYPE_IP + NORMALISE_FIELD_END - NORMALISE_FIELD_FIRST));
    if (type > TOKEN_TYPE_IP)
        type = (uint8_t)(NORMALISE_FIELD_FIRST + type - TOKEN_TYPE_IP - 1);
    const char *value = (const char *)bytes + 2;
    len -= 2;
    as_platforms_do(&site, bytes[0], value, len);
    struct form made = form_of(&site, type, value, len);
    if (made.reason)
        return 0;
    struct form again = form_of(&site, type, made.bytes, made.len);
    if (again.reason)
        abort();
    must_equal(&made, &again);
    in_another_form(&site, type, &made, value, len, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    in_another_form(&site, type, &made, value, len, UTF8PROC_STABLE | UTF8PROC_DECOMPOSE);
    if (type != TOKEN_TYPE_EMAIL) /* an address is what it is: NFC alone */
        in_another_form(&site, type, &made, value, len,
                        UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT);
    return 0;
}
