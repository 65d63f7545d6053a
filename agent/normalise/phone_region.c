#include "agent/normalise/phone_region.h"

#include <string.h>

static const struct phone_region table[] = {
    {"US", "1", "1", "011", 10, 10, false, true},
    {"CA", "1", "1", "011", 10, 10, false, true},
    {"PR", "1", "1", "011", 10, 10, false, true},
    {"RU", "7", "8", "810", 10, 10, false, true},
    {"KZ", "7", "8", "810", 10, 10, false, true},
    {"ZA", "27", "0", "00", 9, 9, false, false},
    {"GR", "30", "", "00", 10, 10, false, false},
    {"NL", "31", "0", "00", 9, 9, false, false},
    {"BE", "32", "0", "00", 8, 9, false, false},
    {"FR", "33", "0", "00", 9, 9, false, false},
    {"ES", "34", "", "00", 9, 9, false, false},
    {"HU", "36", "06", "00", 8, 9, false, false},
    {"IT", "39", "", "00", 6, 11, true, false},
    {"SM", "378", "", "00", 6, 10, true, false},
    {"RO", "40", "0", "00", 9, 9, false, false},
    {"CH", "41", "0", "00", 9, 9, false, false},
    {"AT", "43", "0", "00", 7, 13, false, false},
    {"GB", "44", "0", "00", 9, 10, false, false},
    {"DK", "45", "", "00", 8, 8, false, false},
    {"SE", "46", "0", "00", 7, 9, false, false},
    {"NO", "47", "", "00", 8, 8, false, false},
    {"PL", "48", "", "00", 9, 9, false, false},
    {"DE", "49", "0", "00", 7, 11, false, false},
    {"MX", "52", "", "00", 10, 10, false, false},
    {"BR", "55", "0", "00", 10, 11, false, true},
    {"AU", "61", "0", "0011", 9, 9, false, false},
    {"NZ", "64", "0", "00", 8, 10, false, false},
    {"SG", "65", "", "000", 8, 8, false, false},
    {"JP", "81", "0", "010", 9, 10, false, false},
    {"KR", "82", "0", "00", 8, 10, false, false},
    {"CN", "86", "0", "00", 10, 11, false, true},
    {"TR", "90", "0", "00", 10, 10, false, true},
    {"IN", "91", "0", "00", 10, 10, false, true},
    {"PT", "351", "", "00", 9, 9, false, false},
    {"LU", "352", "", "00", 6, 9, false, false},
    {"IE", "353", "0", "00", 7, 9, false, false},
    {"IS", "354", "", "00", 7, 7, false, false},
    {"MT", "356", "", "00", 8, 8, false, false},
    {"CY", "357", "", "00", 8, 8, false, false},
    {"FI", "358", "0", "00", 6, 10, false, false},
    {"BG", "359", "0", "00", 7, 9, false, false},
    {"LT", "370", "0", "00", 8, 8, false, false},
    {"LV", "371", "", "00", 8, 8, false, false},
    {"EE", "372", "", "00", 7, 8, false, false},
    {"UA", "380", "0", "00", 9, 9, false, false},
    {"HR", "385", "0", "00", 8, 9, false, false},
    {"SI", "386", "0", "00", 8, 8, false, false},
    {"CZ", "420", "", "00", 9, 9, false, false},
    {"SK", "421", "0", "00", 9, 9, false, false},
    {"LI", "423", "", "00", 7, 9, false, false},
    {"HK", "852", "", "001", 8, 8, false, false},
    {"AE", "971", "0", "00", 8, 9, false, false},
    {"IL", "972", "0", "00", 8, 9, false, false},
};

#define TABLE_COUNT (sizeof table / sizeof *table)

const struct phone_region *phone_region_find(const char *region)
{
    for (size_t i = 0; i < TABLE_COUNT; i++)
        if (strcmp(table[i].region, region) == 0)
            return &table[i];
    return NULL;
}

const struct phone_region *phone_region_of_code(const char *digits, size_t len)
{
    size_t code_len = phone_country_code_len(digits, len);
    for (size_t i = 0; code_len > 0 && i < TABLE_COUNT; i++)
        if (strlen(table[i].code) == code_len && memcmp(table[i].code, digits, code_len) == 0)
            return &table[i];
    return NULL;
}

/* Geographic codes in use (ITU-T E.164 list of assigned codes).: of two digits
 * by the first, of three digits by the first two. */
static bool two_digits_assigned(const char *d)
{
    static const char *const second[10] = {
        [2] = "07", /* 20 and 27, and so on */
        [3] = "0123469", [4] = "013456789", [5] = "12345678",
        [6] = "0123456", [8] = "1246",      [9] = "0123458",
    };
    const char *seconds = second[d[0] - '0'];
    return seconds && d[1] != '\0' && strchr(seconds, d[1]) != NULL;
}

static bool three_digits_assigned(const char *d)
{
    static const struct {
        char first_two[3];
        const char *third;
    } blocks[] = {
        {"21", "12368"},      {"22", "0123456789"}, {"23", "0123456789"}, {"24", "0123456789"},
        {"25", "012345678"},  {"26", "0123456789"}, {"29", "01789"},      {"35", "0123456789"},
        {"37", "012345678"},  {"38", "01235679"},   {"42", "013"},        {"50", "0123456789"},
        {"59", "0123456789"}, {"67", "023456789"},  {"68", "012356789"},  {"69", "012"},
        {"85", "02356"},      {"87", "08"},         {"88", "01236"},      {"96", "012345678"},
        {"97", "01234567"},   {"99", "234568"},
    };
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        if (memcmp(blocks[i].first_two, d, 2) == 0)
            return strchr(blocks[i].third, d[2]) != NULL;
    return false;
}

size_t phone_country_code_len(const char *digits, size_t len)
{
    for (size_t i = 0; i < len && i < 3; i++)
        if (digits[i] < '0' || digits[i] > '9')
            return 0;
    if (len >= 1 && (digits[0] == '1' || digits[0] == '7'))
        return 1;
    if (len >= 2 && two_digits_assigned(digits))
        return 2;
    return len >= 3 && three_digits_assigned(digits) ? 3 : 0;
}
