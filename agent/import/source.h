/* source.h - what reads a file and says what stood in it, one event at a time.
 *
 * Three formats, one shape: each reader walks its file once, in memory that does
 * not grow with it, and hands every event to the sink, which owns it from then on.
 * A record that cannot become an event is told with a reason from a closed list
 * and the line it begins on; the reader goes on behind it. Only a file that cannot
 * be read further ends the walk.
 *
 * Values pass through here in the clear (agent/ only). Buffers are wiped.
 */
#ifndef DUNLIN_IMPORT_SOURCE_H
#define DUNLIN_IMPORT_SOURCE_H

#include "agent/import/mapping.h"
#include "platform/err.h"
#include "platform/json.h"

#include <stdint.h>
#include <stdio.h>

struct import_sink {
    /* Takes the reference, whatever it answers. A non-OK answer ends the walk. */
    enum dl_err (*event)(void *ctx, json_t *event, uint64_t line);
    /* `reason` is a static word such as "stock_adjustment" or "bad_number". */
    void (*refused)(void *ctx, const char *reason, uint64_t line);
    /* Bytes of the file behind us, for a progress bar. */
    void (*progress)(void *ctx, uint64_t bytes);
    void *ctx;
};

/* What the command line says about files whose format does not. */
struct import_defaults {
    const char *utc_offset; /* "+01:00": of times without one; NULL: "Z" */
    bool consent_profiling; /* every event of the file carries it */
};

/* One JSON event a line. */
DL_MUST_CHECK enum dl_err import_ndjson(FILE *in, const struct import_defaults *defaults,
                                        const struct import_sink *sink, struct dl_why *why);

/* RFC 4180 with a mapping. DL_E_INPUT: the header lacks a mapped column, or
 * a quote is never closed. */
DL_MUST_CHECK enum dl_err import_csv(FILE *in, const struct import_mapping *mapping,
                                     const struct import_defaults *defaults,
                                     const struct import_sink *sink, struct dl_why *why);

/* ARTS POSLog 2.x/6 (NRF), through an allow-list: what is not on it never leaves
 * the parser. DL_E_INPUT: not well-formed, or has a document type. */
DL_MUST_CHECK enum dl_err import_poslog(FILE *in, const struct import_defaults *defaults,
                                        const struct import_sink *sink, struct dl_why *why);

#endif
