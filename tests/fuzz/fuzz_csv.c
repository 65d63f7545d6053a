/* Any bytes as a CSV file under a mapping that uses every section. */
#include "tests/fuzz/fuzz_import.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct import_mapping map = {
        .delimiter = ',',
        .decimal = '.',
        .type = "purchase",
        .group = "no",
        .id_prefix = "f-",
        .time = "at",
        .time_format = "%Y-%m-%d",
        .currency = "EUR",
        .return_column = "no",
        .return_prefix = "R",
        .columns = {{{"/identifiers/email", "mail"}}, 1},
        .line = {{{"quantity", "qty"}, {"unit_price", "price"}}, 2},
        .nobody = {{{"mail", "-"}}, 1},
        .strip = {{{"mail", ".0"}}, 1},
    };
    FILE *in = fuzz_file(bytes, len);
    (void)import_csv(in, &map, &fuzz_defaults, &fuzz_sink, NULL);
    fclose(in);
    return 0;
}
