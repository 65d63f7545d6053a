/* A batch frame as the hub meets it. What decodes must encode to the same bytes. */
#include "sync/wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_frame f;
    if (wire_decode(data, size, &f) != DL_OK)
        return 0;
    uint8_t *again = malloc(size);
    size_t len = 0;
    if (!again ||
        wire_encode(&f.head, f.segments, f.segment_count, f.records, f.record_count, again,
                    size, &len) != DL_OK ||
        len != size || memcmp(again, data, size) != 0)
        abort();
    free(again);
    wire_frame_free(&f);
    return 0;
}
