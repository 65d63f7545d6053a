#include "platform/barcode.h"

#include <string.h>

/* Codes of linux/input-event-codes.h, which are an interface and do not change. */
enum {
    CODE_ENTER = 28,
    CODE_LEFT_SHIFT = 42,
    CODE_RIGHT_SHIFT = 54,
    CODE_KEYPAD_ENTER = 96,
    CODE_KEYPAD_SLASH = 98,
};

/* From code 0 on; a blank is a key that says nothing, but for code 57. */
static const char plain[] = "  1234567890-=  qwertyuiop[]  asdfghjkl;'` \\zxcvbnm,./ *  "
                            "             789-456+1230.";
static const char shifted[] = "  !@#$%^&*()_+  QWERTYUIOP{}  ASDFGHJKL:\"~ |ZXCVBNM<>? *  "
                              "             789-456+1230.";
#define CODE_SPACE 57

bool barcode_line_feed(struct barcode_line *line, char byte)
{
    if (byte == '\r' || byte == '\n') {
        bool whole = line->len > 0 && !line->spoilt;
        if (!whole)
            line->len = 0;
        line->spoilt = false;
        return whole;
    }
    if (line->len == sizeof line->bytes)
        line->spoilt = true;
    else if (byte != '\0')
        line->bytes[line->len++] = byte;
    return false;
}

char barcode_keys_feed(struct barcode_keys *keys, uint16_t code, int32_t value)
{
    if (code == CODE_LEFT_SHIFT)
        keys->left_shift = value != 0;
    if (code == CODE_RIGHT_SHIFT)
        keys->right_shift = value != 0;
    if (value != 1)
        return '\0';
    if (code == CODE_ENTER || code == CODE_KEYPAD_ENTER)
        return '\n';
    if (code == CODE_SPACE)
        return ' ';
    if (code == CODE_KEYPAD_SLASH)
        return '/';
    if (code >= sizeof plain - 1)
        return '\0';
    char said = (keys->left_shift || keys->right_shift ? shifted : plain)[code];
    if (said == ' ') /* a hole in the table */
        return '\0';
    return said;
}
