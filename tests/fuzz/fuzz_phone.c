/* Any bytes as a telephone number: a canonical form is its own canonical form. */
#include "agent/normalise/normalise.h"
#include "crypto/token.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char once[NORMALISE_BYTES_MAX], twice[NORMALISE_BYTES_MAX];
    size_t once_len = 0, twice_len = 0;
    if (normalise(TOKEN_TYPE_PHONE, (const char *)bytes, len, "DE", once, sizeof once,
                  &once_len))
        return 0;
    if (normalise(TOKEN_TYPE_PHONE, once, once_len, "", twice, sizeof twice, &twice_len) ||
        once_len != twice_len || memcmp(once, twice, once_len) != 0)
        abort();
    return 0;
}
