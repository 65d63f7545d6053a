#include "platform/clock.h"

#include "platform/clock_os.h"
#include "platform/random.h"

#include <pthread.h>
#include <stddef.h>
#include <string.h>

/* The Makefile passes the commit's time, or SOURCE_DATE_EPOCH. */
#ifndef DUNLIN_BUILD_TIME
#define DUNLIN_BUILD_TIME 0
#endif

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
