/* log.h - one line an event, with typed fields and no way in for free text.
 *
 *     LOG_INFO("outbox.full", LOG_U64("queued", n), LOG_ERR(err));
 *
 * The event and the field names are string literals; a value is a number, an
 * error, hex of an id, or a literal. There is deliberately no field that takes
 * a string from outside, so a customer's name cannot reach the log by mistake.
 *
 * Lines go to stderr as `2026-11-24T01:52:46.123Z info outbox.full queued=12`,
 * with an sd-daemon(3) priority prefix under systemd. Safe from any thread.
 */
#ifndef DUNLIN_LOG_H
#define DUNLIN_LOG_H

#include "platform/err.h"

#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

enum log_kind { LOG_KIND_U64, LOG_KIND_I64, LOG_KIND_HEX, LOG_KIND_WORD, LOG_KIND_CODE };

struct log_field {
    const char *name;
    enum log_kind kind;
    uint64_t u64;      /* LOG_KIND_I64: the same bits */
    const void *bytes; /* LOG_KIND_HEX; CODE; LOG_KIND_WORD: a static string */
    size_t bytes_len;
};

#define LOG_U64(name, v) ((struct log_field){"" name, LOG_KIND_U64, (uint64_t)(v), NULL, 0})
#define LOG_I64(name, v)                                                                       \
    ((struct log_field){"" name, LOG_KIND_I64, (uint64_t)(int64_t)(v), NULL, 0})
/* Random or public ids only: stream, segment, boot. */
#define LOG_HEX(name, p, n) ((struct log_field){"" name, LOG_KIND_HEX, 0, (p), (n)})
/* `v` must be a string literal: "" v does not compile otherwise. */
#define LOG_WORD(name, v) ((struct log_field){"" name, LOG_KIND_WORD, 0, "" v, sizeof(v) - 1})
/* Another system's error code, five capitals and digits like an SQLSTATE; any other
 * byte shows as '?'. */
#define LOG_CODE(name, p) ((struct log_field){"" name, LOG_KIND_CODE, 0, (p), 5})
#define LOG_ERR(err)      (log_field_err(err))

#define LOG_END ((struct log_field){0})

/* At least the event; then any fields. */
#define LOG_DEBUG(...) LOG_AT(LOG_LEVEL_DEBUG, __VA_ARGS__, LOG_END)
#define LOG_INFO(...)  LOG_AT(LOG_LEVEL_INFO, __VA_ARGS__, LOG_END)
#define LOG_WARN(...)  LOG_AT(LOG_LEVEL_WARN, __VA_ARGS__, LOG_END)
#define LOG_ERROR(...) LOG_AT(LOG_LEVEL_ERROR, __VA_ARGS__, LOG_END)
#define LOG_AT(level, event, ...)                                                              \
    log_write((level), "" event, (const struct log_field[]){__VA_ARGS__})

/* Lines below `level` are dropped; LOG_LEVEL_INFO at start. */
void log_set_level(enum log_level level);

/* What LOG_* call. `fields` ends with one whose name is NULL. */
void log_write(enum log_level level, const char *event, const struct log_field *fields);

struct log_field log_field_err(enum dl_err err);

#endif
