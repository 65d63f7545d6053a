/* outbox_internal.h - the inside of an outbox, for sync/outbox*.c and its tests.
 *
 * outbox.c opens, groups and writes; outbox_ids.c remembers client ids;
 * outbox_scans.c keeps the scans of gates; outbox_look.c reads: frames, walks,
 * figures.
 */
#ifndef DUNLIN_OUTBOX_INTERNAL_H
#define DUNLIN_OUTBOX_INTERNAL_H

#include "platform/db.h"
#include "platform/file.h"
#include "sync/outbox.h"

#define OUTBOX_APPLICATION_ID 0x444c4f42 /* "DLOB" */

/* An id is kept between OUTBOX_ID_DAYS and a run longer, unless too many came:
 * five runs of ten days, or four of a quarter of the bound and one being filled. */
#define OUTBOX_RUN_DAYS 10
#define OUTBOX_RUN_SPAN (OUTBOX_IDS_MAX / 4)
#define OUTBOX_RUNS_MAX 8
/* Rows of forgotten runs deleted with each commit: more than a commit of events
 * from single tills adds, and under a millisecond. */
#define OUTBOX_DROP_ROWS 2000

enum outbox_stmt {
    STMT_META_MAKE,
    STMT_META_GET,
    STMT_META_SET,
    STMT_DATA_VERSION,
    STMT_FIRST,
    STMT_LAST,
    STMT_HOLES,
    STMT_QUARANTINED,
    STMT_SEGMENT_MAKE,
    STMT_SEGMENT_GET,
    STMT_SEGMENTS_DROP,
    STMT_PUT,
    STMT_ACK,
    STMT_RUNS,
    STMT_RUN_MAKE,
    STMT_RUN_DROP,
    STMT_ID_PUT,
    STMT_ID_GET,
    STMT_IDS_DROP,
    STMT_QUARANTINE_COPY,
    STMT_QUARANTINE_DELETE,
    STMT_QUARANTINE_SEGMENT,
    STMT_LOOK_BEGIN,
    STMT_LOOK_END,
    STMT_LENGTHS,
    STMT_BODIES,
    STMT_EACH,
    STMT_EACH_QUARANTINED,
    STMT_FREE_PAGES,
    STMT_PAGES,
    STMT_SCAN_PUT,
    STMT_SCAN_LEARN,
    STMT_SCAN_CORRECT,
    STMT_SCAN_CURSOR,
    STMT_SCANS_FORGET,
    STMT_COUNT
};

struct outbox_run {
    int64_t no;
    uint64_t first_seq;
    int64_t made_ms;
};

/* What is known without asking SQLite; a rollback puts the old copy back. */
struct outbox_state {
    uint8_t stream[SEAL_STREAM_BYTES];
    uint64_t base_seq, acked_seq, next_seq, forks;
    uint64_t queued_events, queued_bytes; /* in records: quarantined ones not counted */
    uint64_t total;                       /* of the last record */
    uint64_t quarantined;
    int64_t oldest_ms;
    struct outbox_run runs[OUTBOX_RUNS_MAX]; /* newest last */
    size_t run_count;
    bool ids_to_drop; /* rows of forgotten runs may be left */
};

struct outbox_plan; /* scratch of outbox_frame */

struct outbox {
    struct db db;
    struct file_path path, wal_path;
    struct outbox_limits limits;
    struct outbox_state state, before; /* before: as of outbox_begin */
    int64_t data_version;              /* changes when another handle commits */
    bool writer;
    bool in_group;
    bool ids_turned;             /* looked whether a new run of ids is due, once a group */
    bool space_known, space_low; /* the disk reserve, looked at once a group */
    enum dl_err spoiled;         /* first failed write of the group */
    struct outbox_plan *plan;
};

/* Derives the state from the file. DL_E_CORRUPT: it contradicts itself. */
DL_MUST_CHECK enum dl_err outbox_load(struct outbox *ob);

/* Runs a write; a failure spoils the group. */
DL_MUST_CHECK enum dl_err outbox_write(struct outbox *ob, enum outbox_stmt which);

/* Opens a new run of ids when the newest is old or full, forgets the oldest. */
DL_MUST_CHECK enum dl_err outbox_ids_turn(struct outbox *ob, int64_t now_ms);
DL_MUST_CHECK enum dl_err outbox_ids_load(struct outbox *ob);
/* DL_E_EXISTS: in the newest run already. */
DL_MUST_CHECK enum dl_err outbox_ids_put(struct outbox *ob,
                                         const uint8_t id[static ID_HASH_BYTES], uint64_t seq);
DL_MUST_CHECK enum dl_err outbox_ids_drop(struct outbox *ob);

void outbox_plan_free(struct outbox_plan *plan);

#endif
