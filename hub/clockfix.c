#include "hub/clockfix.h"

#include "platform/time_text.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define SLACK_MS      2000            /* what networks and NTP leave */
#define SAME_CLOCK_MS INT64_C(900000) /* a till's sale and its capture lie within 15 min */
#define YEAR_10000_MS INT64_C(253402300800000)

enum dl_err clockfix_parse(const char *text, int64_t *ret_ms)
{
    int64_t ms = 0;
    if (!time_text_parse(text, &ms) || ms < 0 || ms >= YEAR_10000_MS)
        return DL_E_INPUT;
    *ret_ms = ms;
    return DL_OK;
}

/* A device's clocks are input: sums and differences saturate far outside any time. */
static int64_t bounded(int64_t ms)
{
    const int64_t far = (int64_t)1 << 50;
    return ms > far ? far : ms < -far ? -far : ms;
}

int64_t clockfix_apply(const struct wire_head *head, int64_t hub_ms,
                       const uint8_t segment_boot[static SEAL_BOOT_BYTES],
                       const struct record *rec, int64_t event_ms,
                       enum store_time_quality *ret_quality)
{
    int64_t wall = bounded(rec->wall_ms), captured;
    if (memcmp(head->boot_id, segment_boot, SEAL_BOOT_BYTES) == 0)
        captured = hub_ms - bounded((int64_t)(head->mono_ms - rec->mono_ms));
    else
        captured = hub_ms - bounded(head->wall_ms) + wall;
    /* Nothing was captured after it came, or before there were tills. */
    captured = captured > hub_ms ? hub_ms : captured < 0 ? 0 : captured;
    int64_t offset = captured - wall;
    int64_t apart = bounded(event_ms) - wall;
    if (offset >= -SLACK_MS && offset <= SLACK_MS) {
        *ret_quality = STORE_TIME_GOOD;
        return event_ms;
    }
    if (apart < -SAME_CLOCK_MS || apart > SAME_CLOCK_MS) {
        *ret_quality = STORE_TIME_REPORTED;
        return event_ms;
    }
    *ret_quality = STORE_TIME_CORRECTED;
    return event_ms + offset;
}
