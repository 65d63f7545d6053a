#include "sync/checkin_zone.h"

#define MINUTE_MS INT64_C(60000)
#define DAY_MS    (INT64_C(24) * 60 * MINUTE_MS)

static int64_t offset_ms(const struct checkin_zone *zone, int64_t ms)
{
    int32_t minutes = zone->count ? zone->steps[0].offset_min : 0;
    for (size_t i = 1; i < zone->count && zone->steps[i].from_ms <= ms; i++)
        minutes = zone->steps[i].offset_min;
    return minutes * MINUTE_MS;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int64_t checkin_zone_day(const struct checkin_zone *zone, int64_t ms)
{
    return floor_div(ms + offset_ms(zone, ms), DAY_MS);
}

int checkin_zone_weekday(const struct checkin_zone *zone, int64_t ms)
{
    int64_t day = checkin_zone_day(zone, ms) + 3; /* 1970-01-01 was a Thursday */
    return (int)(day - 7 * floor_div(day, 7)) + 1;
}

int64_t checkin_zone_moment(const struct checkin_zone *zone, int64_t day, int minute)
{
    int64_t local = day * DAY_MS + minute * MINUTE_MS;
    int64_t guess = local - offset_ms(zone, local); /* a step lies near it at worst */
    return local - offset_ms(zone, guess);
}

int64_t checkin_zone_last(const struct checkin_zone *zone, int64_t ms, int minute)
{
    int64_t day = checkin_zone_day(zone, ms);
    int64_t moment = checkin_zone_moment(zone, day, minute);
    return moment <= ms ? moment : checkin_zone_moment(zone, day - 1, minute);
}
