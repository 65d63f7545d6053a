#include "agent/normalise/phone_region.h"

#include <assert.h>
#include <string.h>

#define CODE_DIGITS_MAX 3

const struct phone_plan *phone_region_find(const char *region)
{
    size_t from = 0, to = phone_region_count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = strcmp(region, phone_plans[middle].region);
        if (order == 0)
            return &phone_plans[middle];
        if (order < 0)
            to = middle;
        else
            from = middle + 1;
    }
    return NULL;
}

static const struct phone_code *find_code(unsigned code)
{
    size_t from = 0, to = phone_code_count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (phone_codes[middle].code == code)
            return &phone_codes[middle];
        if (code < phone_codes[middle].code)
            to = middle;
        else
            from = middle + 1;
    }
    return NULL;
}

const struct phone_code *phone_region_code(const char *digits, size_t len, size_t *ret_len)
{
    unsigned code = 0;
    for (size_t i = 0; i < len && i < CODE_DIGITS_MAX; i++) {
        if (digits[i] < '0' || digits[i] > '9' || digits[0] == '0')
            return NULL;
        code = code * 10 + (unsigned)(digits[i] - '0');
        const struct phone_code *found = find_code(code);
        if (found) {
            *ret_len = i + 1;
            return found;
        }
    }
    return NULL;
}

const struct phone_code *phone_region_code_of(const struct phone_plan *plan)
{
    const struct phone_code *found = find_code(plan->code);
    assert(found);
    return found;
}

size_t phone_country_code_len(const char *digits, size_t len)
{
    size_t code_len = 0;
    return phone_region_code(digits, len, &code_len) ? code_len : 0;
}
