#include "crypto/pki_internal.h"

#include <stdio.h>

#define DAY_MS         ((int64_t)24 * 60 * 60 * 1000)
#define DAYS_PER_CYCLE 146097 /* 400 Gregorian years */
#define DAYS_TO_1970   719468 /* from 1 March of the year 0 */

/* The calendar by arithmetic, since gmtime_r is neither C17 nor on Windows. Years
 * are counted from March, which puts the leap day last; then month m (0 is
 * March) starts on day (153 m + 2) / 5 of its year. */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = year - (month <= 2);
    int64_t cycle = y / 400, year_of_cycle = y % 400;
    int64_t month_from_march = (month + 9) % 12;
    int64_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    int64_t day_of_cycle =
        year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100 + day_of_year;
    return cycle * DAYS_PER_CYCLE + day_of_cycle - DAYS_TO_1970;
}

static void date_of(int64_t days, int *ret_year, int *ret_month, int *ret_day)
{
    int64_t z = days + DAYS_TO_1970;
    int64_t cycle = z / DAYS_PER_CYCLE, doc = z % DAYS_PER_CYCLE;
    int64_t year_of_cycle = (doc - doc / 1460 + doc / 36524 - doc / 146096) / 365;
    int64_t day_of_year = doc - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    *ret_day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    *ret_month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    *ret_year = (int)(cycle * 400 + year_of_cycle + (*ret_month <= 2));
}

enum dl_err pki_time_format(int64_t ms, char ret[static PKI_TIME_CHARS + 1])
{
    int64_t at = ms < 0 ? 0 : ms;
    if (at >= days_of(10000, 1, 1) * DAY_MS)
        return DL_E_INPUT;
    int year, month, day;
    date_of(at / DAY_MS, &year, &month, &day);
    int second = (int)(at % DAY_MS / 1000);
    char text[32];
    int len = snprintf(text, sizeof text, "%04d%02d%02d%02d%02d%02d", year, month, day,
                       second / 3600, second / 60 % 60, second % 60);
    if (len != PKI_TIME_CHARS)
        return DL_E_INPUT;
    for (int i = 0; i <= len; i++)
        ret[i] = text[i];
    return DL_OK;
}

int64_t pki_time_ms(const mbedtls_x509_time *t)
{
    int64_t second = ((int64_t)t->hour * 60 + t->min) * 60 + t->sec;
    return days_of(t->year, t->mon, t->day) * DAY_MS + second * 1000;
}
