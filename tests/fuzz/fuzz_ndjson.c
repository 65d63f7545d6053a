/* Any bytes as lines of JSON events. */
#include "tests/fuzz/fuzz_import.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    FILE *in = fuzz_file(bytes, len);
    (void)import_ndjson(in, &fuzz_defaults, &fuzz_sink, NULL);
    fclose(in);
    return 0;
}
