/* Lines of an HTTP answer's head, as libcurl hands them over: the hub's mark, its
 * date, Retry-After in seconds or as a date. */
#include "sync/uplink_curl.c" /* NOLINT: its callbacks are its own */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct uplink_answer answer = {0};
    struct transfer t = {.answer = &answer};
    char *text = malloc(len + 1);
    if (!text)
        abort();
    memcpy(text, bytes, len);
    for (size_t at = 0; at < len;) { /* exactly sized pieces, so that a read too far shows */
        size_t part = 0;
        while (at + part < len && text[at + part] != '\n')
            part++;
        part += at + part < len;
        char *line = malloc(part);
        if (!line)
            abort();
        memcpy(line, text + at, part);
        if (on_header(line, 1, part, &t) != part)
            abort();
        free(line);
        at += part;
    }
    if (retry_after_ms(&t) < -1 || answer.date_ms < 0)
        abort();
    free(text);
    return 0;
}
