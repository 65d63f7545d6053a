#include "agent/checkin_decide.h"

/* A stranger's ticket: SCAN_OK where the list takes it. */
static enum scan_reason check_known(const struct decide_ask *ask, bool *ret_flagged)
{
    enum roster_unknown policy = ask->list->unknown;
    const struct decide_ticket *t = &ask->ticket;
    *ret_flagged = false;
    if (t->mode == SCAN_BY_LIST && t->status != ROSTER_REMOVED)
        return SCAN_OK;
    if (t->mode == SCAN_BY_SIGNATURE && policy != ROSTER_DENY)
        return SCAN_OK;
    *ret_flagged = policy == ROSTER_ACCEPT_AND_FLAG;
    return *ret_flagged ? SCAN_OK : SCAN_INVALID;
}

static enum scan_reason check_status(const struct decide_ask *ask)
{
    switch (ask->ticket.status) {
    case ROSTER_REVOKED:
        return SCAN_REVOKED;
    case ROSTER_BLOCKED:
        return SCAN_BLOCKED;
    case ROSTER_CANCELED:
        return SCAN_CANCELED;
    case ROSTER_UNPAID:
        return SCAN_UNPAID;
    case ROSTER_VALID:
    case ROSTER_REMOVED: /* check_known has judged it */
    case ROSTER_STATUS_COUNT:
        break;
    }
    return SCAN_OK;
}

static bool is_within(int64_t now_ms, int64_t from_ms, int64_t until_ms)
{
    return (from_ms == 0 || now_ms >= from_ms) && (until_ms == 0 || now_ms <= until_ms);
}

static bool rules_hold(const struct decide_ask *ask)
{
    const struct roster_list *list = ask->list;
    struct checkin_policy policy;
    roster_policy(ask->head, list, &policy);
    const struct checkin_facts facts = {
        .now_ms = ask->now_ms,
        .zone = &ask->head->zone,
        .product = ask->ticket.product,
        .variation = ask->ticket.variation,
        .gate = ask->gate[0] ? ask->gate : NULL,
        .inside = checkin_is_inside(&policy, ask->history, ask->now_ms),
        .entries = ask->entries,
        .entry_count = ask->entry_count,
        .date_from_ms = ask->head->date_from_ms,
        .date_to_ms = ask->head->date_to_ms,
        .date_admission_ms = ask->head->date_admission_ms,
    };
    return (!list->gates || roster_list_has_gate(list, ask->gate)) &&
           is_within(ask->now_ms, list->opens_ms, list->closes_ms) &&
           checkin_rule_holds(list->rules, &facts);
}

/* A stranger who is let in has no product that could be asked for. */
static enum scan_reason check_list(const struct decide_ask *ask, bool stranger)
{
    const struct decide_ticket *t = &ask->ticket;
    const bool entry = ask->type == SCAN_ENTRY;
    if (entry && !is_within(ask->now_ms, t->valid_from_ms, t->valid_until_ms))
        return SCAN_INVALID_TIME;
    if (!stranger && !roster_list_admits(ask->list, t->product, t->subevent))
        return SCAN_PRODUCT;
    if (entry && !rules_hold(ask))
        return SCAN_RULES;
    struct checkin_policy policy;
    roster_policy(ask->head, ask->list, &policy);
    return checkin_may(&policy, ask->history, ask->type, ask->now_ms) ? SCAN_OK
                                                                      : SCAN_ALREADY_REDEEMED;
}

static bool may_overrule(enum scan_reason reason)
{
    switch (reason) {
    case SCAN_UNPAID:
    case SCAN_BLOCKED:
    case SCAN_PRODUCT:
    case SCAN_RULES:
    case SCAN_INVALID_TIME:
    case SCAN_ALREADY_REDEEMED:
        return true;
    default:
        return false;
    }
}

struct decide_answer checkin_decide(const struct decide_ask *ask)
{
    struct decide_answer a = {.passes = false};
    a.reason = check_known(ask, &a.flagged);
    if (a.reason == SCAN_OK)
        a.reason = check_status(ask);
    if (a.reason == SCAN_OK)
        a.reason = check_list(ask, a.flagged);
    a.forced = a.reason != SCAN_OK && ask->force && may_overrule(a.reason);
    a.passes = a.reason == SCAN_OK || a.forced;
    a.flagged = a.flagged && a.passes;
    return a;
}
