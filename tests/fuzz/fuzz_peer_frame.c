/* What a gate hears from another. What decodes must encode, and decode to the same. */
#include "platform/json.h"
#include "sync/peer_frame.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct peer_frame first, second;
static uint8_t again[PEER_FRAME_BYTES_MAX];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t len = 0;
    if (size >= PEER_HEAD_BYTES && peer_frame_len(data, &len) == DL_OK &&
        (len < PEER_HEAD_BYTES || len > PEER_FRAME_BYTES_MAX))
        abort();
    if (peer_frame_decode(data, size, &first) != DL_OK)
        return 0;
    if (peer_frame_encode(&first, again, &len) != DL_OK ||
        peer_frame_decode(again, len, &second) != DL_OK || first.type != second.type ||
        first.count != second.count)
        abort();
    for (size_t i = 0; i < first.count; i++)
        if (first.type == PEER_SCANS
                ? scan_compare(&first.scans[i], &second.scans[i]) != 0
                : memcmp(first.known[i].digest, second.known[i].digest, SCAN_ID_BYTES) != 0)
            abort();
    return 0;
}
