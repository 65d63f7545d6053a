/* Any patterns and any value, a line each: a value is always its own pattern, unless a
 * space or a star is in it. */
#include "agent/blocked.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char text[2048];
    if (len >= sizeof text)
        return 0;
    memcpy(text, bytes, len);
    text[len] = '\0';
    char *value = strchr(text, '\n');
    if (!value)
        return 0;
    *value++ = '\0';
    (void)blocked_value(text, value, strlen(value));
    if (*value && !strpbrk(value, " *") && !blocked_value(value, value, strlen(value)))
        abort();
    return 0;
}
