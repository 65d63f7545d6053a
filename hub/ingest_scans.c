#include "hub/ingest_internal.h"

#include <stdlib.h>
#include <string.h>

/* As the fold takes it: from this device, when it really was. */
static struct store_scan scan_of(const struct batch *b, size_t i)
{
    const struct opened *r = &b->records[i];
    struct store_scan row = {
        .scan = r->fact.scan, .device = b->device.no, .stream = b->stream.no};
    memcpy(row.scan.device, b->device.name, sizeof row.scan.device);
    row.scan.seq = b->frame.head.first_seq + i;
    row.scan.time_ms = r->time_ms;
    row.scan.timed = r->quality != STORE_TIME_REPORTED;
    memcpy(row.product, r->fact.product, sizeof row.product);
    memcpy(row.operator_name, r->fact.operator_name, sizeof row.operator_name);
    return row;
}

enum dl_err ingest_keep_scans(struct batch *b)
{
    size_t count = 0;
    for (size_t f = 0; f < b->fresh_count; f++)
        count += b->records[b->fresh[f]].fact.has_scan;
    if (count == 0)
        return DL_OK;
    struct store_scan *rows = calloc(count, sizeof *rows);
    if (!rows)
        return DL_E_NOMEM;
    size_t used = 0;
    for (size_t f = 0; f < b->fresh_count; f++)
        if (b->records[b->fresh[f]].fact.has_scan)
            rows[used++] = scan_of(b, b->fresh[f]);
    enum dl_err err = b->st->scans.add(b->st, rows, used);
    free(rows);
    return err ? err : b->st->count(b->st, STORE_COUNT_SCANS, (int64_t)used);
}
