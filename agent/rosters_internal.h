/* rosters_internal.h - the inside of rosters.h, for agent/rosters*.c.
 *
 * rosters.c opens and looks; rosters_take.c takes what the hub sends.
 */
#ifndef DUNLIN_ROSTERS_INTERNAL_H
#define DUNLIN_ROSTERS_INTERNAL_H

#include "agent/rosters.h"
#include "crypto/roster_lock.h"
#include "platform/db.h"
#include "platform/file.h"
#include "platform/thread.h"

enum rosters_stmt {
    STMT_ROSTERS,
    STMT_ROSTER_GET,
    STMT_ROSTER_MAKE,
    STMT_ROSTER_DROP,
    STMT_HEAD_SET,
    STMT_CURSOR_SET,
    STMT_CHECKED_SET,
    STMT_TICKET_PUT,
    STMT_TICKETS_DROP,
    STMT_TICKET_GET,
    STMT_TICKETS_OF_ORDER,
    STMT_GROUPS,
    STMT_ROSTERS_COUNT
};

struct rosters_entry {
    char event[SCAN_NAME_BYTES];
    struct rosters_state state;
    struct rosters_view *view; /* NULL: no head yet */
    int64_t checked_ms;        /* 0: never */
    int64_t checked_saved_ms;
};

struct rosters {
    struct file_path path;
    uint8_t sign_public[SIGN_PUBLIC_BYTES];
    struct roster_lock *roster_lock;
    struct db db; /* the taking thread's */

    struct mutex find_lock; /* guards `reader` */
    struct db reader;

    struct mutex lock; /* guards from here on */
    struct rosters_entry entries[ROSTERS_EVENTS_MAX];
    size_t count;
    uint64_t generation;
};

extern const struct db_spec rosters_spec;

/* Locked. NULL: not here. */
struct rosters_entry *rosters_entry(struct rosters *r, const char *event);

/* Reads an event anew from the file and shows it; *ret_no is its row. DL_E_NOT_FOUND. */
DL_MUST_CHECK enum dl_err rosters_refresh(struct rosters *r, const char *event);
/* The same for one that is no more. */
void rosters_vanish(struct rosters *r, const char *event);

#endif
