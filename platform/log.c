#include "platform/log.h"

#include "platform/clock.h"
#include "platform/journal.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Fields are numbers, ids and short words: a line past this is cut, not lost. */
#define LINE_BYTES_MAX 1024

struct line {
    char text[LINE_BYTES_MAX];
    size_t len; /* at most LINE_BYTES_MAX - 1, which leaves room for the newline */
};

static const struct {
    const char *word;
    char priority; /* sd-daemon(3) */
} levels[] = {
    [LOG_LEVEL_DEBUG] = {"debug", '7'},
    [LOG_LEVEL_INFO] = {"info", '6'},
    [LOG_LEVEL_WARN] = {"warn", '4'},
    [LOG_LEVEL_ERROR] = {"error", '3'},
};

static atomic_int level_min = LOG_LEVEL_INFO;
static pthread_once_t journal_once = PTHREAD_ONCE_INIT;
static bool to_journal;

static void journal_look(void)
{
    to_journal = journal_reads_stderr();
}

static void put(struct line *line, const char *text, size_t len)
{
    size_t room = sizeof line->text - 1 - line->len;
    size_t n = len < room ? len : room;
    memcpy(line->text + line->len, text, n);
    line->len += n;
}

static void put_str(struct line *line, const char *text)
{
    put(line, text, strlen(text));
}

static void put_hex(struct line *line, const uint8_t *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++)
        put(line, (const char[]){digits[bytes[i] >> 4], digits[bytes[i] & 15]}, 2);
}

static void put_code(struct line *line, const char *code, size_t len)
{
    for (size_t i = 0; i < len && code[i]; i++) {
        bool plain = (code[i] >= '0' && code[i] <= '9') || (code[i] >= 'A' && code[i] <= 'Z');
        put(line, plain ? &code[i] : "?", 1);
    }
}

static void put_field(struct line *line, const struct log_field *f)
{
    char number[32];
    put_str(line, " ");
    put_str(line, f->name);
    put_str(line, "=");
    switch (f->kind) {
    case LOG_KIND_U64:
        snprintf(number, sizeof number, "%" PRIu64, f->u64);
        put_str(line, number);
        break;
    case LOG_KIND_I64:
        snprintf(number, sizeof number, "%" PRId64, (int64_t)f->u64);
        put_str(line, number);
        break;
    case LOG_KIND_HEX:
        put_hex(line, f->bytes, f->bytes_len);
        break;
    case LOG_KIND_WORD:
        put(line, f->bytes, f->bytes_len);
        break;
    case LOG_KIND_CODE:
        put_code(line, f->bytes, f->bytes_len);
        break;
    }
}

void log_set_level(enum log_level level)
{
    atomic_store(&level_min, (int)level);
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
    if ((int)level < atomic_load(&level_min))
        return;
    pthread_once(&journal_once, journal_look);

    struct line line = {.len = 0};
    if (to_journal) { /* the journal keeps the time itself */
        put(&line, (const char[]){'<', levels[level].priority, '>'}, 3);
    } else {
        char now[CLOCK_TEXT_BYTES];
        clock_text(clock_wall_ms(), now);
        put_str(&line, now);
        put_str(&line, " ");
    }
    put_str(&line, levels[level].word);
    put_str(&line, " ");
    put_str(&line, event);
    for (const struct log_field *f = fields; f->name; f++)
        put_field(&line, f);
    line.text[line.len++] = '\n';

    /* stderr is unbuffered: one call is one write, so lines never interleave. */
    fwrite(line.text, 1, line.len, stderr);
}

struct log_field log_field_err(enum dl_err err)
{
    const char *name = dl_err_name(err);
    return (struct log_field){"err", LOG_KIND_WORD, 0, name, strlen(name)};
}
