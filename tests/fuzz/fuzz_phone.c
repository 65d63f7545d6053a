/* Any bytes as a telephone number of any region, which the first two name if they are
 * capitals: what is legible is E.164 and its own canonical form, and where there is no
 * doubt it is the form. */
#include "agent/normalise/normalise.h"
#include "crypto/token.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static int is_capital(uint8_t c)
{
    return c >= 'A' && c <= 'Z';
}

static int is_e164(const char *form, size_t len)
{
    if (len < 4 || len > 16 || form[0] != '+' || form[1] == '0')
        return 0;
    for (size_t i = 1; i < len; i++)
        if (form[i] < '0' || form[i] > '9')
            return 0;
    return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char once[NORMALISE_BYTES_MAX], twice[NORMALISE_BYTES_MAX], region[3] = "DE";
    size_t once_len = 0, twice_len = 0;
    if (len >= 2 && is_capital(bytes[0]) && is_capital(bytes[1])) {
        memcpy(region, bytes, 2);
        bytes += 2;
        len -= 2;
    }
    const struct normalise_site site = {.region = region};
    enum normalise_reason doubt = NORMALISE_OK;
    if (normalise_legible(&site, TOKEN_TYPE_PHONE, (const char *)bytes, len, once, sizeof once,
                          &once_len, &doubt))
        return 0;
    if (normalise(TOKEN_TYPE_PHONE, (const char *)bytes, len, region, twice, sizeof twice,
                  &twice_len) != doubt)
        abort();
    if (!is_e164(once, once_len) ||
        normalise(TOKEN_TYPE_PHONE, once, once_len, "", twice, sizeof twice, &twice_len) ||
        once_len != twice_len || memcmp(once, twice, once_len) != 0)
        abort();
    return 0;
}
