#define _GNU_SOURCE /* CLOCK_BOOTTIME */
#include "platform/clock_os.h"

#include "platform/bytes.h"
#include "platform/file.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

int64_t clock_os_wall_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

uint64_t clock_os_mono_us(void)
{
    struct timespec t;
#ifdef CLOCK_BOOTTIME /* Linux's CLOCK_MONOTONIC stands still during suspend */
    if (clock_gettime(CLOCK_BOOTTIME, &t) != 0)
#endif
        clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

void clock_os_sleep_ms(uint32_t ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    while (nanosleep(&t, &t) != 0 && errno == EINTR)
        continue;
}

/* Takes 32 hex digits out of `text`, dashes left aside. */
static bool uuid_parse(uint8_t ret[static 16], const char *text)
{
    char hex[33] = "";
    size_t n = 0;
    for (; *text && *text != '\n' && n < 32; text++)
        if (*text != '-')
            hex[n++] = *text;
    return n == 32 && bytes_from_hex(ret, 16, hex);
}

bool clock_os_boot_id(uint8_t ret[static 16])
{
    uint8_t *text = NULL;
    size_t len = 0;
    if (file_read("/proc/sys/kernel/random/boot_id", 64, &text, &len) != DL_OK)
        return false;
    bool ok = uuid_parse(ret, (const char *)text);
    free(text);
    return ok;
}
