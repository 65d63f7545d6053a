/* Any bytes as the file of a time zone: steps are in order, and within what a gate takes. */
#include "hub/tzfile.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct checkin_zone zone;
    if (tzfile_parse(bytes, len, INT64_C(1764547200000), INT64_C(2111616000000), &zone))
        return 0;
    if (zone.count > CHECKIN_ZONE_STEPS_MAX)
        abort();
    for (size_t i = 0; i < zone.count; i++)
        if (abs(zone.steps[i].offset_min) > 26 * 60 ||
            (i && zone.steps[i].from_ms <= zone.steps[i - 1].from_ms))
            abort();
    return 0;
}
