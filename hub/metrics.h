/* metrics.h - the hub in numbers, as Prometheus text (exposition format 0.0.4). */
#ifndef DUNLIN_HUB_METRICS_H
#define DUNLIN_HUB_METRICS_H

#include "hub/counters.h"
#include "hub/store.h"
#include "platform/err.h"

#include <stddef.h>
#include <stdint.h>

#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* *ret is malloc'd: the caller frees it. */
DL_MUST_CHECK enum dl_err metrics_text(const struct store_stats *stats,
                                       struct counters *counters, int64_t started_ms,
                                       char **ret, size_t *ret_len);

#endif
