/* open.h - the sealed records of a frame, opened, read and converted.
 *
 * Everything about a record that needs no transaction, on several threads. A
 * record that cannot be read is marked with a reason and is nobody's fault but
 * its own; a failure of ours (no memory, the store) fails the whole call.
 * Tokens come out in one generation of the store (rekey.h).
 */
#ifndef DUNLIN_HUB_OPEN_H
#define DUNLIN_HUB_OPEN_H

#include "hub/fact.h"
#include "hub/hub.h"
#include "hub/match.h"
#include "sync/record.h"
#include "sync/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct opened {
    bool aside;         /* the device set it aside: no body came */
    const char *reason; /* why it cannot be taken; NULL: it can */
    struct fact fact;
    int64_t time_ms; /* corrected */
    enum store_time_quality quality;
    const char *json; /* borrowed from plain */
    size_t json_len;
    struct match_token *tokens;
    size_t token_count;
    uint16_t epoch;   /* of the device's key that made its tokens; 0: it has none */
    uint8_t *recipes; /* packed tokens of the likeness among `tokens`; NULL: none */
    size_t recipes_len;
    struct record_audience audience; /* borrowed from plain */
    uint8_t *plain;
    char *blank; /* json_text's: json without a trace of its person, if that was asked for */
    size_t blank_len;
};

/* Opens frame->records[from..]; ret holds record_count places, those before
 * `from` stay zero. DL_OK or a failure of ours; open_done in both cases. DL_E_BUSY:
 * `generation` is no longer the store's; look again and repeat. */
DL_MUST_CHECK enum dl_err open_records(struct hub *hub, int64_t device,
                                       const struct wire_frame *frame, size_t from,
                                       uint32_t generation, int64_t now_ms, struct opened *ret);
void open_done(struct opened *records, size_t count);

#endif
