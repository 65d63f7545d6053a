#include "agent/gate.h"

void gate_init(struct gate *g, unsigned inside_max)
{
    mutex_init(&g->mutex);
    cond_init(&g->left);
    g->inside = 0;
    g->inside_max = inside_max;
}

void gate_done(struct gate *g)
{
    cond_done(&g->left);
    mutex_done(&g->mutex);
}

void gate_enter(struct gate *g)
{
    mutex_lock(&g->mutex);
    while (g->inside == g->inside_max)
        cond_wait(&g->left, &g->mutex);
    g->inside++;
    mutex_unlock(&g->mutex);
}

void gate_leave(struct gate *g)
{
    mutex_lock(&g->mutex);
    g->inside--;
    cond_signal(&g->left);
    mutex_unlock(&g->mutex);
}
