/* gate.h - so many at once, the rest waits: bounds the memory of large requests. */
#ifndef DUNLIN_GATE_H
#define DUNLIN_GATE_H

#include "platform/thread.h"

struct gate {
    struct mutex mutex;
    struct cond left;
    unsigned inside, inside_max;
};

void gate_init(struct gate *g, unsigned inside_max);
void gate_done(struct gate *g);
/* Waits for a place. Whoever is inside does not wait for others who enter. */
void gate_enter(struct gate *g);
void gate_leave(struct gate *g);

#endif
