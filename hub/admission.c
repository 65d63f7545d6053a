#include "hub/admission.h"

#include <string.h>

void admission_init(struct admission *a)
{
    memset(a->devices, 0, sizeof a->devices);
    mutex_init(&a->lock);
}

void admission_done(struct admission *a)
{
    mutex_done(&a->lock);
}

/* The place of the device, else a free one, else NULL. */
static int64_t *place_of(struct admission *a, int64_t device)
{
    int64_t *free_place = NULL;
    for (size_t i = 0; i < ADMISSION_DEVICES_MAX; i++) {
        if (a->devices[i] == device)
            return &a->devices[i];
        if (a->devices[i] == 0 && !free_place)
            free_place = &a->devices[i];
    }
    return free_place;
}

bool admission_enter(struct admission *a, int64_t device)
{
    mutex_lock(&a->lock);
    int64_t *place = place_of(a, device);
    bool enters = place && *place == 0;
    if (enters)
        *place = device;
    mutex_unlock(&a->lock);
    return enters;
}

void admission_leave(struct admission *a, int64_t device)
{
    mutex_lock(&a->lock);
    int64_t *place = place_of(a, device);
    if (place)
        *place = 0;
    mutex_unlock(&a->lock);
}
