#include "agent/normalise/phone_match.h"

#include <assert.h>
#include <string.h>

#define ACCEPTS 0x8000

static uint16_t next_state(const uint16_t *state, char digit)
{
    unsigned edges = *state & (unsigned)~ACCEPTS;
    for (unsigned i = 0; i < edges; i++)
        if (state[1 + 2 * i] >> (digit - '0') & 1)
            return state[2 + 2 * i];
    return PHONE_NONE;
}

bool phone_is_in(uint16_t state, const char *digits, size_t len)
{
    for (size_t i = 0; i < len && state != PHONE_NONE; i++)
        state = next_state(phone_automaton + state, digits[i]);
    return state != PHONE_NONE && (phone_automaton[state] & ACCEPTS) != 0;
}

/* Where a program stands: enough to come back and try the other way. */
struct thread {
    uint16_t at;
    uint16_t taken;
    int8_t group[2 * PHONE_GROUPS_MAX];
};

/* One operation that is neither SPLIT nor MATCH; false: this way leads nowhere. */
static bool advance(struct thread *t, uint16_t word, const char *digits, size_t len)
{
    unsigned operand = word & 0xFFF;
    t->at++;
    switch (word >> 12) {
    case PHONE_DIGIT:
        return t->taken < len && (operand >> (digits[t->taken++] - '0') & 1);
    case PHONE_JUMP:
        t->at = (uint16_t)operand;
        return true;
    case PHONE_SAVE:
        t->group[operand] = (int8_t)t->taken;
        return true;
    case PHONE_END:
        return t->taken == len;
    default:
        return false;
    }
}

bool phone_match(uint16_t program, const char *digits, size_t len, struct phone_match *ret)
{
    if (program == PHONE_NONE)
        return false;
    const uint16_t *words = phone_programs + program;
    struct thread waiting[PHONE_WAITING_MAX], now = {0, 0, {-1, -1, -1, -1}};
    size_t waiting_count = 0;
    for (;;) {
        uint16_t word = words[now.at];
        if (word >> 12 == PHONE_MATCH)
            break;
        if (word >> 12 == PHONE_SPLIT) {
            assert(waiting_count < PHONE_WAITING_MAX);
            waiting[waiting_count] = now;
            waiting[waiting_count++].at = word & 0xFFF;
            now.at++;
        } else if (!advance(&now, word, digits, len)) {
            if (waiting_count == 0)
                return false;
            now = waiting[--waiting_count];
        }
    }
    ret->len = now.taken;
    memcpy(ret->group, now.group, sizeof ret->group);
    return true;
}
