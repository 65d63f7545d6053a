#include "platform/clock.h"

#include "platform/clock_os.h"
#include "platform/random.h"

#include <inttypes.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* The Makefile passes the commit's time, or SOURCE_DATE_EPOCH. */
#ifndef DUNLIN_BUILD_TIME
#define DUNLIN_BUILD_TIME 0
#endif

#define MS_PER_DAY 86400000

static const struct clock_source *fake;
static pthread_once_t boot_once = PTHREAD_ONCE_INIT;
static uint8_t boot[CLOCK_BOOT_ID_BYTES];

static void boot_look(void)
{
    if (!clock_os_boot_id(boot))
        random_bytes(boot, sizeof boot);
}

void clock_override(const struct clock_source *source)
{
    fake = source;
}

int64_t clock_wall_ms(void)
{
    return fake ? fake->wall_ms(fake->ctx) : clock_os_wall_ms();
}

uint64_t clock_mono_us(void)
{
    return fake ? fake->mono_us(fake->ctx) : clock_os_mono_us();
}

uint64_t clock_mono_ms(void)
{
    return clock_mono_us() / 1000;
}

void clock_boot_id(uint8_t ret[static CLOCK_BOOT_ID_BYTES])
{
    pthread_once(&boot_once, boot_look);
    memcpy(ret, fake ? fake->boot_id : boot, CLOCK_BOOT_ID_BYTES);
}

int64_t clock_build_ms(void)
{
    return (int64_t)DUNLIN_BUILD_TIME * 1000;
}

void clock_sleep_ms(uint32_t ms)
{
    if (fake)
        fake->sleep_ms(fake->ctx, ms);
    else
        clock_os_sleep_ms(ms);
}

/* The civil date is counted from 0000-03-01, so that the leap day comes last in
 * its year; gmtime has another name on every system. */
void clock_text(int64_t wall_ms, char ret[static CLOCK_TEXT_BYTES])
{
    int64_t days = wall_ms / MS_PER_DAY;
    int64_t of_day = wall_ms % MS_PER_DAY;
    if (of_day < 0) {
        of_day += MS_PER_DAY;
        days--;
    }
    days += 719468; /* 0000-03-01 to 1970-01-01 */
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day = days - era * 146097;
    int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    int64_t of_year = day - (365 * year + year / 4 - year / 100);
    int64_t shifted = (5 * of_year + 2) / 153; /* March is 0 */
    int64_t month = shifted < 10 ? shifted + 3 : shifted - 9;
    snprintf(ret, CLOCK_TEXT_BYTES,
             "%04" PRId64 "-%02" PRId64 "-%02" PRId64 "T%02" PRId64 ":%02" PRId64 ":%02" PRId64
             ".%03" PRId64 "Z",
             era * 400 + year + (month <= 2), month, of_year - (153 * shifted + 2) / 5 + 1,
             of_day / 3600000, of_day / 60000 % 60, of_day / 1000 % 60, of_day % 1000);
}
