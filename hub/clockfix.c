#include "hub/clockfix.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define SLACK_MS      2000            /* what networks and NTP leave */
#define SAME_CLOCK_MS INT64_C(900000) /* a till's sale and its capture lie within 15 min */
#define DAY_MS        86400000

static bool digits(const char **at, size_t count, int64_t *ret)
{
    int64_t v = 0;
    for (size_t i = 0; i < count; i++, (*at)++) {
        if (**at < '0' || **at > '9')
            return false;
        v = v * 10 + (**at - '0');
    }
    *ret = v;
    return true;
}

static bool skip(const char **at, const char *any)
{
    if (**at == '\0' || !strchr(any, **at))
        return false;
    (*at)++;
    return true;
}

static int64_t days_in(int64_t year, int64_t month)
{
    static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* Days since 1970-01-01; the year is made to start in March, so that the leap
 * day comes last. */
static int64_t days_since_epoch(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t m = month <= 2 ? month + 9 : month - 3;
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

/* ".123456": milliseconds. */
static bool fraction(const char **at, int64_t *ret)
{
    *ret = 0;
    if (!skip(at, "."))
        return true;
    int64_t scale = 100, digit = 0;
    if (!digits(at, 1, &digit))
        return false;
    do {
        *ret += digit * scale;
        scale /= 10;
    } while (digits(at, 1, &digit));
    return true;
}

/* "Z" or "+01:00": milliseconds east of UTC. */
static bool zone(const char **at, int64_t *ret)
{
    *ret = 0;
    if (skip(at, "Zz"))
        return true;
    int64_t sign = **at == '-' ? -1 : 1, hours = 0, minutes = 0;
    if (!skip(at, "+-") || !digits(at, 2, &hours) || !skip(at, ":") || !digits(at, 2, &minutes))
        return false;
    *ret = sign * (hours * 60 + minutes) * 60000;
    return hours <= 23 && minutes <= 59;
}

enum dl_err clockfix_parse(const char *text, int64_t *ret_ms)
{
    const char *at = text;
    int64_t year, month, day, hour, minute, second, ms, east;
    if (!digits(&at, 4, &year) || !skip(&at, "-") || !digits(&at, 2, &month) ||
        !skip(&at, "-") || !digits(&at, 2, &day) || !skip(&at, "Tt ") ||
        !digits(&at, 2, &hour) || !skip(&at, ":") || !digits(&at, 2, &minute) ||
        !skip(&at, ":") || !digits(&at, 2, &second) || !fraction(&at, &ms) || !zone(&at, &east))
        return DL_E_INPUT;
    bool sane = *at == '\0' && year >= 1970 && month >= 1 && month <= 12 && day >= 1 &&
                day <= days_in(year, month) && hour <= 23 && minute <= 59 && second <= 60;
    if (!sane)
        return DL_E_INPUT;
    *ret_ms = days_since_epoch(year, month, day) * DAY_MS + hour * 3600000 + minute * 60000 +
              second * 1000 + ms - east;
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
