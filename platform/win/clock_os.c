#include "platform/clock_os.h"

#include <windows.h>

#define EPOCH_100NS 116444736000000000LL /* 1601 to 1970 */

int64_t clock_os_wall_ms(void)
{
    FILETIME t;
    GetSystemTimePreciseAsFileTime(&t);
    int64_t now = (int64_t)((uint64_t)t.dwHighDateTime << 32 | t.dwLowDateTime);
    return (now - EPOCH_100NS) / 10000;
}

uint64_t clock_os_mono_us(void)
{
    /* Goes on during sleep, unlike the unbiased interrupt time. */
    LARGE_INTEGER rate, now;
    QueryPerformanceFrequency(&rate);
    QueryPerformanceCounter(&now);
    uint64_t r = (uint64_t)rate.QuadPart, n = (uint64_t)now.QuadPart;
    return n / r * 1000000 + n % r * 1000000 / r;
}

void clock_os_sleep_ms(uint32_t ms)
{
    Sleep(ms);
}

/* Windows has a boot counter, but stops counting when prefetching is off. An id
 * that stays when the clock starts over would mislead the hub; one that changes
 * with every process only makes it trust the clock a little less. */
bool clock_os_boot_id(uint8_t ret[static 16])
{
    (void)ret;
    return false;
}
