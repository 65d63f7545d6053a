#include "agent/accept_report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(ACCEPT_CODE_COUNT - ACCEPT_CODE_FIRST_WARNING <= 32, "a bit for each warning");

static void append(struct path *path, const char *bytes, size_t len)
{
    size_t room = sizeof path->text - 1 - path->len;
    len = len < room ? len : room;
    memcpy(path->text + path->len, bytes, len);
    path->len += len;
    path->text[path->len] = '\0';
}

size_t path_add(struct path *path, const char *name)
{
    size_t before = path->len;
    append(path, "/", 1);
    for (; *name; name++) {
        if (*name == '~')
            append(path, "~0", 2);
        else if (*name == '/')
            append(path, "~1", 2);
        else
            append(path, name, 1);
    }
    return before;
}

size_t path_add_index(struct path *path, size_t index)
{
    char digits[24];
    size_t before = path->len;
    int len = snprintf(digits, sizeof digits, "/%zu", index);
    append(path, digits, (size_t)len);
    return before;
}

void path_cut(struct path *path, size_t len)
{
    path->len = len;
    path->text[len] = '\0';
}

enum dl_err report_init(struct report *report)
{
    *report = (struct report){0};
    report->problems = calloc(ACCEPT_PROBLEMS_MAX, sizeof *report->problems);
    return report->problems ? DL_OK : DL_E_NOMEM;
}

void report_done(struct report *report)
{
    free(report->problems);
    report->problems = NULL;
}

void report_start_event(struct report *report, size_t index, struct accept_item *item)
{
    report->index = index;
    report->item = item;
    report->warned = 0;
}

void report_problem(struct report *report, enum accept_code code, const char *pointer,
                    const char *detail, ...)
{
    report->problems_total++;
    report->tally.refused[code]++;
    if (report->problem_count == ACCEPT_PROBLEMS_MAX)
        return;
    struct accept_problem *p = &report->problems[report->problem_count++];
    p->index = report->index;
    p->code = accept_code_name(code);
    (void)snprintf(p->pointer, sizeof p->pointer, "%s", pointer);
    va_list args;
    va_start(args, detail);
    (void)vsnprintf(p->detail, sizeof p->detail, detail, args);
    va_end(args);
}

void report_money_warning(struct report *report, enum accept_code code, const char *pointer,
                          int64_t expected_minor, int64_t found_minor)
{
    report->tally.warnings[code]++;
    report->warned |= 1U << (code - ACCEPT_CODE_FIRST_WARNING);
    struct accept_item *item = report->item;
    if (item->warning_count == ACCEPT_WARNINGS_MAX)
        return;
    struct accept_warning *w = &item->warnings[item->warning_count++];
    (void)snprintf(w->pointer, sizeof w->pointer, "%s", pointer);
    w->code = accept_code_name(code);
    w->expected_minor = expected_minor;
    w->found_minor = found_minor;
}

void report_warning(struct report *report, enum accept_code code, const char *pointer)
{
    report_money_warning(report, code, pointer, 0, 0);
}

bool report_warned(const struct report *report, enum accept_code code)
{
    return report->warned >> (code - ACCEPT_CODE_FIRST_WARNING) & 1;
}
