/* An envelope's plaintext, as the hub meets it once it is open. */
#include "sync/record.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct record rec;
    if (record_decode(data, size, &rec) != DL_OK)
        return 0;
    uint8_t *again = malloc(size);
    size_t len = 0;
    if (!again || record_encode(&rec, again, size, &len) != DL_OK || len != size ||
        memcmp(again, data, size) != 0)
        abort();
    free(again);
    return 0;
}
