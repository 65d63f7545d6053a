/* checkin_decide.h - may this ticket pass now? pretix's checks, in pretix's words.
 *
 * Pure: everything it looks at is given. In order: is the ticket known, or signed by
 * one the roster trusts, or does the list take strangers; revoked; blocked; canceled,
 * unpaid; its own time (entries alone); product and sub-event; gate, opening hours and
 * rules (entries alone); used already. The first that fails is the reason. By force an
 * operator overrules unpaid, blocked, product, rules, invalid_time and already_redeemed,
 * and nothing else.
 */
#ifndef DUNLIN_CHECKIN_DECIDE_H
#define DUNLIN_CHECKIN_DECIDE_H

#include "sync/checkin_fold.h"
#include "sync/checkin_rule.h"
#include "sync/roster.h"
#include "sync/scan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is known of a ticket. Words are ids of the ticket shop; NULL: none. */
struct decide_ticket {
    enum scan_mode mode; /* SCAN_BY_NOTHING: neither on the roster nor signed */
    enum roster_status status;
    const char *product, *variation, *subevent;
    int64_t valid_from_ms, valid_until_ms; /* 0: not bounded */
};

struct decide_ask {
    const struct roster_head *head;
    const struct roster_list *list;
    const char *gate; /* "": not said */
    enum scan_type type;
    int64_t now_ms;
    bool force;
    struct decide_ticket ticket;
    const struct checkin_history *history; /* what stands of it on this list */
    const int64_t *entries;                /* times of its entries, ascending */
    size_t entry_count;
};

struct decide_answer {
    enum scan_reason reason; /* SCAN_OK, or what stands against it */
    bool passes;             /* reason is SCAN_OK, or overruled */
    bool forced;             /* it was overruled */
    bool flagged;            /* nobody knows the ticket, the list takes it all the same */
};

struct decide_answer checkin_decide(const struct decide_ask *ask);

#endif
