/* phone_extension.h - "ext. 5", ";ext=5", "#5", ",,5", "доб. 5": what is dialled once
 * somebody has answered, and whether a text can be a number at all. The spellings and
 * the most digits of each are libphonenumber's. Static, any thread. */
#ifndef DUNLIN_PHONE_EXTENSION_H
#define DUNLIN_PHONE_EXTENSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Could this be a number, with an extension or without? Two digits alone, or any plus
 * signs, three digits with but punctuation between them, and then letters too. */
bool phone_is_viable(const int32_t *text, size_t len);

/* Where the extension starts; `len`: there is none. */
size_t phone_extension_start(const int32_t *text, size_t len);

#endif
