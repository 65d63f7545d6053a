/* A list's conditions: what the check takes can be evaluated, what it refuses never holds. */
#include "sync/checkin_rule.h"

#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    json_setup();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct checkin_zone zone = {
        .count = 2, .steps = {{INT64_C(1774746000000), 120}, {INT64_C(1792890000000), 60}}};
    static const int64_t entries[] = {INT64_C(1792880000000), INT64_C(1792890000001)};
    const struct checkin_facts facts = {.now_ms = INT64_C(1792899000000),
                                        .zone = &zone,
                                        .product = "7",
                                        .gate = "north",
                                        .inside = true,
                                        .entries = entries,
                                        .entry_count = 2,
                                        .date_from_ms = entries[0]};
    struct dl_why why = {""};
    json_t *rules = NULL;
    if (json_parse(&rules, (const char *)data, size, NULL, NULL) != DL_OK)
        return 0;
    enum dl_err err = checkin_rule_check(rules, &why);
    bool holds = checkin_rule_holds(rules, &facts);
    if (err && (holds || why.text[0] == '\0'))
        abort();
    json_decref(rules);
    return 0;
}
