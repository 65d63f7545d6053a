#include "platform/time_text.h"

#include <stdio.h>

#define MS_PER_DAY 86400000LL

/* Reads exactly `count` digits. */
static bool digits(const char **at, int count, int *ret)
{
    int value = 0;
    for (int i = 0; i < count; i++, (*at)++) {
        if (**at < '0' || **at > '9')
            return false;
        value = value * 10 + (**at - '0');
    }
    *ret = value;
    return true;
}

static bool literal(const char **at, char wanted)
{
    if (**at != wanted)
        return false;
    (*at)++;
    return true;
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

/* Days since 1970-01-01; years count from March, so that the leap day is last. */
static int64_t days_from_date(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void date_from_days(int64_t days, int *ret_year, int *ret_month, int *ret_day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *ret_day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *ret_month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *ret_year = (int)(yoe + era * 400 + (*ret_month <= 2));
}

static bool date(const char **at, int64_t *ret_days)
{
    int year, month, day;
    if (!digits(at, 4, &year) || !literal(at, '-') || !digits(at, 2, &month) ||
        !literal(at, '-') || !digits(at, 2, &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > month_days(year, month))
        return false;
    *ret_days = days_from_date(year, month, day);
    return true;
}

static bool fraction(const char **at, int *ret_ms)
{
    *ret_ms = 0;
    if (**at != '.')
        return true;
    (*at)++;
    int count = 0;
    for (; **at >= '0' && **at <= '9'; (*at)++, count++)
        if (count < 3)
            *ret_ms = *ret_ms * 10 + (**at - '0');
    for (int i = count; i < 3; i++)
        *ret_ms *= 10;
    return count >= 1 && count <= 9;
}

static bool offset(const char **at, int *ret_minutes)
{
    char sign = **at;
    *ret_minutes = 0;
    if (sign == 'Z' || sign == 'z') {
        (*at)++;
        return true;
    }
    int hours, minutes;
    if (sign != '+' && sign != '-')
        return false;
    (*at)++;
    if (!digits(at, 2, &hours) || !literal(at, ':') || !digits(at, 2, &minutes))
        return false;
    if (hours > 23 || minutes > 59)
        return false;
    *ret_minutes = (hours * 60 + minutes) * (sign == '-' ? -1 : 1);
    return true;
}

bool time_text_parse(const char *text, int64_t *ret_ms)
{
    const char *at = text;
    int64_t days;
    int hour, minute, second, ms, zone;
    if (!date(&at, &days) || (!literal(&at, 'T') && !literal(&at, 't')))
        return false;
    if (!digits(&at, 2, &hour) || !literal(&at, ':') || !digits(&at, 2, &minute) ||
        !literal(&at, ':') || !digits(&at, 2, &second))
        return false;
    if (!fraction(&at, &ms) || !offset(&at, &zone) || *at != '\0')
        return false;
    if (hour > 23 || minute > 59 || second > 60)
        return false;
    int64_t seconds = hour * 3600LL + (minute - zone) * 60LL + second;
    *ret_ms = days * MS_PER_DAY + seconds * 1000 + ms;
    return true;
}

bool time_text_parse_date(const char *text, int64_t *ret_days)
{
    const char *at = text;
    int64_t days;
    if (!date(&at, &days) || *at != '\0')
        return false;
    *ret_days = days;
    return true;
}

void time_text_print(int64_t ms, char ret[static TIME_TEXT_BYTES])
{
    int64_t days = ms / MS_PER_DAY - (ms % MS_PER_DAY < 0);
    int64_t in_day = ms - days * MS_PER_DAY;
    int year, month, day;
    date_from_days(days, &year, &month, &day);
    if (year < 0 || year > 9999)
        year = 0;
    char text[96]; /* wide enough for any int, which the compiler wants to see */
    (void)snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", year, month, day,
                   (int)(in_day / 3600000), (int)(in_day / 60000 % 60),
                   (int)(in_day / 1000 % 60), (int)(in_day % 1000));
    for (size_t i = 0; i < TIME_TEXT_BYTES - 1; i++)
        ret[i] = text[i];
    ret[TIME_TEXT_BYTES - 1] = '\0';
}
