/* Any bytes as a field's text: what is found in a key is found in text too. */
#include "agent/pii_guard.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    enum pii code = pii_find((const char *)bytes, len, PII_IN_CODE);
    enum pii text = pii_find((const char *)bytes, len, PII_IN_TEXT);
    if (code != PII_NONE && text == PII_NONE)
        abort();
    return 0;
}
