#include "platform/lock.h"

#include "platform/clock.h"

#define STEP_MS 20

enum dl_err folder_lock_wait(struct folder_lock **ret, const char *dir, uint32_t wait_ms)
{
    uint64_t end_ms = clock_mono_ms() + wait_ms;
    for (;;) {
        enum dl_err err = folder_lock_take(ret, dir);
        if (err != DL_E_BUSY || clock_mono_ms() >= end_ms)
            return err;
        clock_sleep_ms(STEP_MS);
    }
}
