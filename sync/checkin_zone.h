/* checkin_zone.h - an event's time zone, as the steps that its offset takes.
 *
 * The hub reads them from its tz database (RFC 9636) when a roster is made and sends
 * them along, so that a gate needs no such database and both ends count the same days.
 * Times are Unix milliseconds.
 */
#ifndef DUNLIN_CHECKIN_ZONE_H
#define DUNLIN_CHECKIN_ZONE_H

#include <stddef.h>
#include <stdint.h>

#define CHECKIN_ZONE_STEPS_MAX 64

struct checkin_zone {
    size_t count; /* 0: UTC */
    struct checkin_zone_step {
        int64_t from_ms; /* ascending; the first holds for all time before, too */
        int32_t offset_min;
    } steps[CHECKIN_ZONE_STEPS_MAX];
};

/* Days since 1970-01-01 on the wall there. */
int64_t checkin_zone_day(const struct checkin_zone *zone, int64_t ms);
/* 1 Monday to 7 Sunday (ISO 8601). */
int checkin_zone_weekday(const struct checkin_zone *zone, int64_t ms);
/* The last moment not after `ms` at which the clock there showed `minute` of a day. A
 * minute that a step jumps over is taken as if it had not. */
int64_t checkin_zone_last(const struct checkin_zone *zone, int64_t ms, int minute);
/* When that minute of that day is. */
int64_t checkin_zone_moment(const struct checkin_zone *zone, int64_t day, int minute);

#endif
