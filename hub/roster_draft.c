#include "hub/roster_draft.h"

#include <stdlib.h>
#include <string.h>

#define TICKETS_FIRST 256
#define DIGITS_MAX    6 /* in a row: a postcode may stand in a text, a telephone may not */

enum dl_err roster_draft_init(struct roster_draft *draft, const char *event,
                              struct roster_key *key, const struct checkin_zone *zone)
{
    *draft = (struct roster_draft){.key = key, .zone = *zone};
    strncpy(draft->event, event, sizeof draft->event - 1);
    draft->head = json_object();
    draft->words = json_pack("[s]", "");
    draft->places = json_object();
    return draft->head && draft->words && draft->places ? DL_OK : DL_E_NOMEM;
}

void roster_draft_done(struct roster_draft *draft)
{
    roster_key_free(draft->key);
    json_decref(draft->head);
    json_decref(draft->words);
    json_decref(draft->places);
    free(draft->tickets);
    *draft = (struct roster_draft){.key = NULL};
}

/* ---- words -------------------------------------------------------------------------- */

/* Words are read at every gate and lie at the hub in clear: no place for a person. */
static bool may_be_shown(const char *text, size_t len, bool note)
{
    size_t digits = 0;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        bool digit = c >= '0' && c <= '9';
        digits = digit ? digits + 1 : c == ' ' || c == '-' || c == '/' ? digits : 0;
        if ((unsigned char)c < ' ' || c == 0x7F || c == '@' || (note && digits > DIGITS_MAX))
            return false;
    }
    return true;
}

enum dl_err roster_draft_word(struct roster_draft *draft, const char *text, size_t len,
                              bool note, uint16_t *ret)
{
    char word[ROSTER_WORD_BYTES_MAX + 1];
    if (len == 0) {
        *ret = 0;
        return DL_OK;
    }
    if (len > ROSTER_WORD_BYTES_MAX || memchr(text, '\0', len))
        return DL_E_INPUT;
    memcpy(word, text, len);
    word[len] = '\0';
    int64_t place = json_get_int(draft->places, word, 0);
    if (place > 0) {
        *ret = (uint16_t)place;
        return DL_OK;
    }
    size_t count = json_array_size(draft->words);
    json_t *value = json_string(word); /* NULL: not UTF-8 */
    if (!value || !may_be_shown(text, len, note)) {
        json_decref(value);
        return DL_E_INPUT;
    }
    if (count >= ROSTER_WORDS_MAX) {
        json_decref(value);
        return DL_E_FULL;
    }
    if (json_array_append_new(draft->words, value) != 0 ||
        json_object_set_new(draft->places, word, json_integer((json_int_t)count)) != 0)
        return DL_E_NOMEM;
    *ret = (uint16_t)count;
    return DL_OK;
}

/* ---- tickets ------------------------------------------------------------------------ */

enum dl_err roster_draft_add(struct roster_draft *draft, const char *code, size_t code_len,
                             const char *order, size_t order_len,
                             const struct roster_ticket *fields, size_t line)
{
    uint8_t hash[ROSTER_HASH_BYTES];
    struct draft_ticket ticket = {.row = *fields, .line = line};
    if (draft->count >= ROSTER_TICKETS_MAX)
        return DL_E_FULL;
    if (draft->count == draft->cap) {
        size_t cap = draft->cap ? 2 * draft->cap : TICKETS_FIRST;
        struct draft_ticket *grown = realloc(draft->tickets, cap * sizeof *grown);
        if (!grown)
            return DL_E_NOMEM;
        draft->tickets = grown;
        draft->cap = cap;
    }
    enum dl_err err =
        roster_hash(draft->key, ROSTER_LABEL_TICKET, code, code_len, ticket.row.ticket);
    if (!err && order_len > 0) {
        err = roster_hash(draft->key, ROSTER_LABEL_ORDER, order, order_len, hash);
        memcpy(ticket.row.order, hash, sizeof ticket.row.order);
        err = err == DL_E_INPUT ? DL_OK : err; /* blanks are no order */
    }
    if (!err)
        draft->tickets[draft->count++] = ticket;
    progress_set(draft->progress, draft->count);
    return err;
}

static int by_hash(const void *a, const void *b)
{
    const struct draft_ticket *x = a, *y = b;
    int order = memcmp(x->row.ticket, y->row.ticket, sizeof x->row.ticket);
    return order ? order : (x->line > y->line) - (x->line < y->line);
}

static bool says_the_same(const struct roster_ticket *a, const struct roster_ticket *b)
{
    return memcmp(a->order, b->order, sizeof a->order) == 0 && a->status == b->status &&
           a->product == b->product && a->variation == b->variation &&
           a->subevent == b->subevent && a->attention == b->attention &&
           a->valid_from_ms == b->valid_from_ms && a->valid_until_ms == b->valid_until_ms;
}

/* Lower is more to the point. */
static int rank(const struct roster_ticket *t)
{
    static const int ranks[ROSTER_STATUS_COUNT] = {
        [ROSTER_REVOKED] = 0, [ROSTER_BLOCKED] = 1,  [ROSTER_VALID] = 2,
        [ROSTER_UNPAID] = 3,  [ROSTER_CANCELED] = 4, [ROSTER_REMOVED] = 5};
    return ranks[t->status];
}

/* What is known of the one that stays is filled up by the other: a list of blocked codes
 * has no product. */
static void choose(struct draft_ticket *kept, const struct draft_ticket *other)
{
    struct draft_ticket better = rank(&other->row) < rank(&kept->row) ? *other : *kept;
    const struct draft_ticket *worse = rank(&other->row) < rank(&kept->row) ? kept : other;
    if (better.row.product == 0) {
        enum roster_status status = better.row.status;
        int64_t changed_ms = better.row.changed_ms;
        better.row = worse->row;
        better.row.status = status;
        better.row.changed_ms = changed_ms;
    }
    *kept = better;
}

enum dl_err roster_draft_settle(struct roster_draft *draft, bool lenient, struct dl_why *why)
{
    size_t kept = 0;
    if (draft->count == 0)
        return DL_OK;
    qsort(draft->tickets, draft->count, sizeof *draft->tickets, by_hash);
    for (size_t i = 1; i < draft->count; i++) {
        struct draft_ticket *a = &draft->tickets[kept], *b = &draft->tickets[i];
        if (memcmp(a->row.ticket, b->row.ticket, sizeof a->row.ticket) != 0) {
            draft->tickets[++kept] = *b;
            continue;
        }
        if (!says_the_same(&a->row, &b->row) && !lenient) {
            dl_why_set(why, "lines %zu and %zu have one code and say different things of it",
                       a->line, b->line);
            return DL_E_INPUT;
        }
        if (!says_the_same(&a->row, &b->row))
            choose(a, b);
        draft->repeats++;
    }
    draft->count = kept + 1;
    return DL_OK;
}
