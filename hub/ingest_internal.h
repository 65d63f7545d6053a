/* ingest_internal.h - a batch on its way through the steps of ingest.c, and those of
 * ingest_stream.c, ingest_people.c (what a re-key and people's consents mean for it) and
 * ingest_scans.c. quarantine.c takes a single record through the same. */
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

/* A refusal is an answer, not an error: the transaction ends and nothing is kept. */
void ingest_refuse(struct batch *b, int status, const char *code, const char *detail);
bool ingest_refused(const struct batch *b);

/* ingest_stream.c: finds or makes the stream, or refuses: the device was revoked, the
 * stream is another's or has another past, records are missing before these. A gap that
 * the device confirms is noted. */
DL_MUST_CHECK enum dl_err ingest_admit(struct batch *b, int64_t device);

/* The arrays that run beside frame.records. */
DL_MUST_CHECK enum dl_err ingest_make_room(struct batch *b);
/* Frees the arrays and the frame. */
void ingest_batch_done(struct batch *b);

/* Known before it begins: who erases, or takes consent back, has to be alone, so that
 * nothing older comes in beside it. */
bool ingest_wants_to_be_alone(const struct batch *b);
/* In the transaction. DL_E_BUSY: the shares changed while the records were opened. */
DL_MUST_CHECK enum dl_err ingest_look_at_generation(struct batch *b);
/* Everything about the records that can be read; where the stream is, is another matter. */
DL_MUST_CHECK enum dl_err ingest_take_in(struct batch *b);

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
