/* Any bytes as a roster's file, as pretix tells one. */
#include "hub/roster_pretix.h"
#include "tests/fuzz/fuzz_roster.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct roster_draft draft;
    struct dl_why why = {""};
    fuzz_roster_make(&draft);
    enum dl_err err =
        roster_pretix_read(&draft, (const char *)bytes, len, FUZZ_ROSTER_NOW_MS, &why);
    fuzz_roster_judge(&draft, err, &why);
    roster_draft_done(&draft);
    return 0;
}
