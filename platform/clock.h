/* clock.h - wall clock, monotonic clock and boot id; a test may own all three.
 *
 * Times are Unix milliseconds (wall) and milliseconds since boot (monotonic,
 * suspend included where the system can tell). Safe from any thread.
 */
#ifndef DUNLIN_CLOCK_H
#define DUNLIN_CLOCK_H

#include <stdint.h>

#define CLOCK_BOOT_ID_BYTES 16

int64_t clock_wall_ms(void);
uint64_t clock_mono_ms(void);
uint64_t clock_mono_us(void);

/* Drawn by the kernel at boot; from random bytes of this process elsewhere. */
void clock_boot_id(uint8_t ret[static CLOCK_BOOT_ID_BYTES]);

/* Wall time before which this program did not exist: a clock below it is wrong. */
int64_t clock_build_ms(void);

/* RFC 3339 in UTC with milliseconds: "2026-11-24T01:52:46.123Z". */
#define CLOCK_TEXT_BYTES 64
void clock_text(int64_t wall_ms, char ret[static CLOCK_TEXT_BYTES]);

/* Blocks at least `ms`; a test's source makes it return at once. */
void clock_sleep_ms(uint32_t ms);

struct clock_source {
    int64_t (*wall_ms)(void *ctx);
    uint64_t (*mono_us)(void *ctx);
    void (*sleep_ms)(void *ctx, uint32_t ms);
    uint8_t boot_id[CLOCK_BOOT_ID_BYTES];
    void *ctx;
};

/* Replaces the machine's clocks until called with NULL. Not while threads run. */
void clock_override(const struct clock_source *source);

#endif
