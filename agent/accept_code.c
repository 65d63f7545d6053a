#include "agent/accept_code.h"

#include <assert.h>

static const char *const names[ACCEPT_CODE_COUNT] = {
#define ACCEPT_CODE_WORD(name, word) [ACCEPT_CODE_##name] = (word),
    ACCEPT_CODES(ACCEPT_CODE_WORD)
#undef ACCEPT_CODE_WORD
};

const char *accept_code_name(enum accept_code code)
{
    assert(code < ACCEPT_CODE_COUNT);
    return names[code];
}
