/* Any bytes as check-in lists: what is taken has a head that gates take, or says why not. */
#include "hub/roster_file.h"
#include "tests/fuzz/fuzz_roster.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct roster_draft draft;
    struct roster_head head;
    struct dl_why why = {""};
    fuzz_roster_make(&draft);
    enum dl_err err = roster_file_lists(&draft, (const char *)bytes, len, &why);
    fuzz_roster_judge(&draft, err, &why);
    if (!err) {
        json_t *document =
            json_pack("{s:s, s:i, s:s, s:[s], s:O}", "event", "summer26", "version", 1, "key",
                      "BwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "words", "", "lists",
                      json_object_get(draft.head, "lists"));
        if (!document)
            abort();
        err = roster_head_read(document, &head, &why);
        if (err && !why.text[0])
            abort();
        if (!err)
            roster_head_done(&head);
    }
    roster_draft_done(&draft);
    return 0;
}
