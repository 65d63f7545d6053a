/* accept_record.h - an event, with its tokens, as the plaintext of a record.
 *
 * The JSON has the members docs/PROTOCOL.md lists: id, type, time, consent,
 * data, warnings; never identifiers. It is written straight into a buffer that
 * is wiped.
 */
#ifndef DUNLIN_ACCEPT_RECORD_H
#define DUNLIN_ACCEPT_RECORD_H

#include "agent/accept_report.h"
#include "agent/event.h"
#include "platform/err.h"
#include "sync/record.h"

struct accept_record {
    uint8_t *bytes;
    size_t len;
};

/* `currency` is put into data where it wants one; rec has tokens and clocks.
 * DL_E_INPUT: longer than RECORD_BYTES_MAX.  DL_E_NOMEM. */
DL_MUST_CHECK enum dl_err accept_record_make(const struct event *event, const char *currency,
                                             const struct report *report, struct record *rec,
                                             struct accept_record *ret);
/* Wipes. Zeroed is fine. */
void accept_record_done(struct accept_record *record);

#endif
