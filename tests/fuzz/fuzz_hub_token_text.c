/* Any text as a device's token: what is taken has a name that fits and a type of ours. */
#include "hub/token_text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char text[1024], device[STORE_NAME_BYTES];
    struct token token;
    if (len >= sizeof text)
        return 0;
    memcpy(text, bytes, len);
    text[len] = '\0';
    if (token_text_parse(text, device, &token) &&
        (strlen(device) >= sizeof device || !token_type_name(token.type)))
        abort();
    return 0;
}
