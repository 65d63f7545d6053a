#include "agent/import/build.h"
#include "agent/import/source.h"

#include "crypto/secret.h"

#include <stdlib.h>
#include <string.h>

#define LINE_BYTES_MAX (1024 * 1024)

/* Reads up to a line feed. False at the end of the file; *ret_len is
 * LINE_BYTES_MAX for a line that is longer, which is then skipped whole. */
static bool read_line(FILE *in, char *line, size_t *ret_len)
{
    size_t len = 0;
    int c;
    while ((c = getc(in)) != EOF && c != '\n') {
        if (len < LINE_BYTES_MAX)
            line[len++] = (char)c;
    }
    *ret_len = len;
    return len > 0 || c != EOF;
}

static bool blank(const char *line, size_t len)
{
    return strspn(line, " \t\r") >= len;
}

static enum dl_err take_line(const char *line, size_t len, uint64_t number,
                             const struct import_defaults *defaults,
                             const struct import_sink *sink)
{
    json_t *event = NULL;
    if (len == LINE_BYTES_MAX)
        sink->refused(sink->ctx, "too_large", number);
    else if (json_parse(&event, line, len, NULL, NULL) != DL_OK)
        sink->refused(sink->ctx, "bad_json", number);
    else if (!json_is_object(event) || !build_defaults(event, defaults)) {
        json_decref(event);
        sink->refused(sink->ctx, "wrong_type", number);
    } else
        return sink->event(sink->ctx, event, number);
    return DL_OK;
}

enum dl_err import_ndjson(FILE *in, const struct import_defaults *defaults,
                          const struct import_sink *sink, struct dl_why *why)
{
    char *line = secret_make(LINE_BYTES_MAX + 1);
    if (!line)
        return DL_E_NOMEM;
    enum dl_err err = DL_OK;
    uint64_t number = 0, bytes = 0;
    size_t len;
    while (!err && read_line(in, line, &len)) {
        number++;
        bytes += len + 1;
        line[len] = '\0';
        if (!blank(line, len))
            err = take_line(line, len, number, defaults, sink);
        sink->progress(sink->ctx, bytes);
    }
    if (!err && ferror(in)) {
        dl_why_set(why, "line %llu: the file cannot be read further",
                   (unsigned long long)number);
        err = DL_E_IO;
    }
    secret_free(line, LINE_BYTES_MAX + 1);
    return err;
}
