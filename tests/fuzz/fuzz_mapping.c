/* Any bytes as a mapping file. */
#include "tests/fuzz/fuzz_import.h"

#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static char path[64];
    if (!path[0])
        snprintf(path, sizeof path, "/tmp/dunlin-fuzz-mapping-%d", (int)getpid());
    FILE *out = fopen(path, "wb");
    if (!out || fwrite(bytes, 1, len, out) != len || fclose(out) != 0)
        abort();
    struct import_mapping *map = NULL;
    struct dl_why why;
    if (mapping_load(&map, path, &why) == DL_OK)
        mapping_free(map);
    unlink(path);
    return 0;
}
