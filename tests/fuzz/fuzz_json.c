/* json_parse on any bytes: no crash, no leak, and what it takes it gives back. */
#include "platform/json.h"

#include <assert.h>
#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    json_t *value = NULL, *again = NULL;
    size_t offset = 0, text_len = 0;
    struct dl_why why;
    json_setup();
    if (json_parse(&value, (const char *)bytes, len, &offset, &why) != DL_OK) {
        assert(offset <= len);
        return 0;
    }
    char *text = json_text(value, &text_len);
    if (text && json_parse(&again, text, text_len, NULL, NULL) == DL_OK)
        assert(json_equal(value, again));
    json_text_free(text);
    json_decref(again);
    json_decref(value);
    return 0;
}
