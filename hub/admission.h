/* admission.h - one batch of a device at a time.
 *
 * An agent sends its batches one after the other, so a second one beside the first
 * is a repeat that came too soon, or a device that floods; it must not take the
 * threads that other devices wait for. Any thread.
 */
#ifndef DUNLIN_HUB_ADMISSION_H
#define DUNLIN_HUB_ADMISSION_H

#include "platform/thread.h"

#include <stdbool.h>
#include <stdint.h>

#define ADMISSION_DEVICES_MAX 64 /* as many as the server has threads at most */

struct admission {
    struct mutex lock;
    int64_t devices[ADMISSION_DEVICES_MAX]; /* 0: free */
};

void admission_init(struct admission *a);
void admission_done(struct admission *a);

/* False: the device is in already. Otherwise the caller leaves. */
bool admission_enter(struct admission *a, int64_t device);
void admission_leave(struct admission *a, int64_t device);

#endif
