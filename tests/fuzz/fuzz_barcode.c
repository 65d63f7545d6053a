/* What a scanner may say: bytes of a serial line, and keys. A code is never empty, never
 * too long, and holds no end of line. */
#include "platform/barcode.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void feed(struct barcode_line *line, char byte)
{
    if (!barcode_line_feed(line, byte))
        return;
    if (line->len == 0 || line->len > BARCODE_BYTES_MAX ||
        memchr(line->bytes, '\n', line->len) || memchr(line->bytes, '\r', line->len))
        abort();
    line->len = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct barcode_line serial = {.len = 0}, typed = {.len = 0};
    struct barcode_keys keys = {0};
    for (size_t i = 0; i < len; i++)
        feed(&serial, (char)bytes[i]);
    for (size_t i = 0; i + 2 < len; i += 3) {
        uint16_t code = (uint16_t)(bytes[i] | (bytes[i + 1] & 3) << 8);
        char said = barcode_keys_feed(&keys, code, bytes[i + 2] % 4);
        if (said)
            feed(&typed, said);
    }
    return 0;
}
