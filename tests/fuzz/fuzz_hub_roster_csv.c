/* Any bytes as a roster's file, CSV. */
#include "hub/roster_csv.h"
#include "tests/fuzz/fuzz_roster.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct roster_draft draft;
    struct dl_why why = {""};
    fuzz_roster_make(&draft);
    enum dl_err err = roster_csv_read(&draft, (const char *)bytes, len, &why);
    fuzz_roster_judge(&draft, err, &why);
    roster_draft_done(&draft);
    return 0;
}
