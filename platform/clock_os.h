/* clock_os.h - the machine's own clocks, one implementation a system. For
 * clock.c alone, which puts a test's clocks in front. */
#ifndef DUNLIN_CLOCK_OS_H
#define DUNLIN_CLOCK_OS_H

#include <stdbool.h>
#include <stdint.h>

int64_t clock_os_wall_ms(void);
uint64_t clock_os_mono_us(void);
void clock_os_sleep_ms(uint32_t ms);
/* False: the system has no such id. */
bool clock_os_boot_id(uint8_t ret[static 16]);

#endif
