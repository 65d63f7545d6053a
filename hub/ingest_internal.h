/* ingest_internal.h - a batch on its way through the steps of ingest.c, and those of
 * ingest_people.c (what a re-key and people's consents mean for it) and ingest_scans.c. */
#ifndef DUNLIN_HUB_INGEST_INTERNAL_H
#define DUNLIN_HUB_INGEST_INTERNAL_H

#include "hub/ingest.h"
#include "hub/open.h"
#include "hub/rules.h"

/* One batch on its way. Arrays run beside frame.records; `fresh` lists the
 * records that the hub sees for the first time. */
struct batch {
    struct hub *hub;
    struct store *st;
    int64_t now_ms;
    struct wire_frame frame;
    uint64_t last_seq;
    uint32_t generation; /* of the elements in `records` */
    bool rekeying;
    struct opened *records;
    struct store_device device;
    struct store_stream stream;
    struct rules rules;
    size_t *fresh;
    size_t fresh_count;
    int64_t *observations; /* 0: nobody's */
    int64_t *erased_ms;    /* above 0: a person of it was erased since */
    bool *withheld;        /* its person had said no to profiling */
    bool *unsettled;       /* something was said of its person that the rest may not know */
    struct ingest_answer *answer;
    bool likeness_news; /* recipes came, or somebody was erased */
    bool no_turn;       /* the store did not let it begin: it waited long enough */
};

/* While the hub is re-keyed: what is stored of the batch's tokens under their old
 * elements is met under the new ones from here on. */
DL_MUST_CHECK enum dl_err ingest_bring_along(struct batch *b);
/* The same for whom an erasure is about to take apart. */
DL_MUST_CHECK enum dl_err ingest_bring_people(struct batch *b, const struct opened *r);

/* What the gates scanned, beside its events (ingest_scans.c). */
DL_MUST_CHECK enum dl_err ingest_keep_scans(struct batch *b);

/* Keeps what the batch says, then judges each event by what its person said. */
DL_MUST_CHECK enum dl_err ingest_heed_consents(struct batch *b);
/* Once the batch's events are there: what was said counts for the whole person. */
DL_MUST_CHECK enum dl_err ingest_settle_consents(struct batch *b);

#endif
