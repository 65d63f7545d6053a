/* metrics.h - the agent's figures in Prometheus' text exposition format 0.0.4.
 *
 * Names and labels are ours and from closed lists: no value of an event gets in.
 */
#ifndef DUNLIN_METRICS_H
#define DUNLIN_METRICS_H

#include "agent/agent.h"
#include "agent/text.h"

void metrics_write(struct agent *a, struct text *ret);

#endif
