#include "hub/tzfile.h"

#include "platform/bytes.h"
#include "platform/file.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC_BYTES    4
#define RESERVED_BYTES 15
#define TYPES_MAX      256
#define TIMES_MAX      65536
#define FOOTER_MAX     256
#define HOUR_S         3600
#define DAY_S          86400
#define OFFSET_S_MAX   (26 * HOUR_S)

/* ---- steps -------------------------------------------------------------------------- */

struct steps {
    int64_t from_ms, until_ms;
    struct checkin_zone *zone;
};

/* In order of time. What comes before `from_ms` only says what holds then. */
static void add_step(struct steps *s, int64_t at_s, int64_t offset_s)
{
    struct checkin_zone *zone = s->zone;
    int32_t offset_min = (int32_t)(offset_s / 60);
    int64_t at_ms = at_s * 1000;
    if (at_ms <= s->from_ms || zone->count == 0) {
        zone->steps[0] = (struct checkin_zone_step){s->from_ms, offset_min};
        zone->count = 1;
        return;
    }
    if (at_ms >= s->until_ms || zone->count == CHECKIN_ZONE_STEPS_MAX ||
        zone->steps[zone->count - 1].offset_min == offset_min ||
        zone->steps[zone->count - 1].from_ms >= at_ms)
        return;
    zone->steps[zone->count++] = (struct checkin_zone_step){at_ms, offset_min};
}

/* ---- the rule for ever after: POSIX's TZ string --------------------------------------- */

struct rule {
    char form; /* M, J, or 0: a day of the year from 0 */
    int month, week, day;
    int64_t time_s;
};

struct posix_tz {
    int64_t std_s, dst_s; /* east of UTC */
    bool has_dst;
    struct rule to_dst, to_std;
};

static bool take_name(const char **at)
{
    const char *start = *at;
    bool quoted = **at == '<';
    while (quoted ? **at && **at != '>' : isalpha((unsigned char)**at))
        ++*at;
    if (quoted && **at == '>')
        ++*at;
    return *at > start;
}

static bool take_number(const char **at, int max, int *ret)
{
    if (!isdigit((unsigned char)**at))
        return false;
    for (*ret = 0; isdigit((unsigned char)**at) && *ret <= max; ++*at)
        *ret = 10 * *ret + (**at - '0');
    return *ret <= max;
}

/* [+-]hh[:mm[:ss]] */
static bool take_time(const char **at, int64_t *ret_s)
{
    int sign = 1, part = 0;
    if (**at == '-' || **at == '+')
        sign = *(*at)++ == '-' ? -1 : 1;
    if (!take_number(at, 167, &part))
        return false;
    *ret_s = (int64_t)part * HOUR_S;
    for (int unit = 60; unit >= 1 && **at == ':'; unit /= 60) {
        ++*at;
        if (!take_number(at, 59, &part))
            return false;
        *ret_s += (int64_t)part * unit;
    }
    *ret_s *= sign;
    return true;
}

static bool take_rule(const char **at, struct rule *ret)
{
    *ret = (struct rule){.time_s = 2 * HOUR_S};
    if (*(*at)++ != ',')
        return false;
    if (**at == 'M') {
        ++*at;
        ret->form = 'M';
        if (!take_number(at, 12, &ret->month) || *(*at)++ != '.' ||
            !take_number(at, 5, &ret->week) || *(*at)++ != '.' ||
            !take_number(at, 6, &ret->day))
            return false;
        if (ret->month < 1 || ret->week < 1)
            return false;
    } else {
        if (**at == 'J')
            ret->form = *(*at)++;
        if (!take_number(at, 365, &ret->day))
            return false;
    }
    if (**at != '/')
        return true;
    ++*at;
    return take_time(at, &ret->time_s);
}

static bool is_offset(int64_t seconds)
{
    return llabs(seconds) <= OFFSET_S_MAX;
}

static bool read_posix(const char *text, struct posix_tz *ret)
{
    const char *at = text;
    *ret = (struct posix_tz){.std_s = 0};
    if (!take_name(&at) || !take_time(&at, &ret->std_s))
        return false;
    ret->std_s = -ret->std_s;
    if (*at == '\0')
        return is_offset(ret->std_s);
    ret->dst_s = ret->std_s + HOUR_S;
    if (!take_name(&at))
        return false;
    if (*at != ',') {
        if (!take_time(&at, &ret->dst_s))
            return false;
        ret->dst_s = -ret->dst_s;
    }
    ret->has_dst = true;
    return take_rule(&at, &ret->to_dst) && take_rule(&at, &ret->to_std) && *at == '\0' &&
           is_offset(ret->std_s) && is_offset(ret->dst_s);
}

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days from 1970-01-01 to the first of January of a year after it. */
static int64_t days_to_year(int64_t year)
{
    int64_t y = year - 1;
    return 365 * (year - 1970) + (y / 4 - 492) - (y / 100 - 19) + (y / 400 - 4);
}

static int64_t rule_day(const struct rule *rule, int64_t year)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    int64_t start = days_to_year(year);
    if (rule->form == 'J') /* 1 to 365, the leap day never counted */
        return start + rule->day - 1 + (is_leap(year) && rule->day > 59);
    if (rule->form != 'M')
        return start + rule->day;
    int leap = is_leap(year) && rule->month > 2;
    int64_t first = start + before[rule->month - 1] + leap;
    int64_t next = start + before[rule->month] + (is_leap(year) && rule->month >= 2);
    int64_t weekday = (first + 4) % 7; /* 1970-01-01 was a Thursday; Sunday is 0 */
    int64_t day = first + (rule->day - weekday + 7) % 7 + 7 * (rule->week - 1);
    return day < next ? day : day - 7; /* the fifth is the last */
}

static void add_rules(struct steps *s, const struct posix_tz *tz, int64_t after_s)
{
    int64_t year = 1970 + after_s / (366 * (int64_t)DAY_S);
    if (!tz->has_dst) {
        add_step(s, after_s, tz->std_s);
        return;
    }
    if (after_s * 1000 >= s->until_ms)
        return;
    for (; days_to_year(year) * DAY_S * 1000 < s->until_ms; year++) {
        int64_t dst = rule_day(&tz->to_dst, year) * DAY_S + tz->to_dst.time_s - tz->std_s;
        int64_t std = rule_day(&tz->to_std, year) * DAY_S + tz->to_std.time_s - tz->dst_s;
        bool dst_first = dst < std;
        int64_t first = dst_first ? dst : std, second = dst_first ? std : dst;
        if (first > after_s)
            add_step(s, first, dst_first ? tz->dst_s : tz->std_s);
        if (second > after_s)
            add_step(s, second, dst_first ? tz->std_s : tz->dst_s);
    }
}

/* ---- the file ----------------------------------------------------------------------- */

struct counts {
    uint8_t version;
    uint32_t isut, isstd, leap, time, type, chars;
};

static bool read_counts(struct bytes_reader *r, struct counts *ret)
{
    const uint8_t *magic = bytes_read(r, MAGIC_BYTES);
    bool ok = magic && memcmp(magic, "TZif", MAGIC_BYTES) == 0;
    ret->version = bytes_read_u8(r);
    (void)bytes_read(r, RESERVED_BYTES);
    ret->isut = bytes_read_u32(r);
    ret->isstd = bytes_read_u32(r);
    ret->leap = bytes_read_u32(r);
    ret->time = bytes_read_u32(r);
    ret->type = bytes_read_u32(r);
    ret->chars = bytes_read_u32(r);
    return ok && !r->failed && ret->time <= TIMES_MAX && ret->type <= TYPES_MAX &&
           ret->chars <= TIMES_MAX && ret->leap <= TIMES_MAX && ret->isut <= TYPES_MAX &&
           ret->isstd <= TYPES_MAX;
}

static size_t block_bytes(const struct counts *c, size_t time_bytes)
{
    return c->time * (time_bytes + 1) + c->type * (size_t)6 + c->chars +
           c->leap * (time_bytes + 4) + c->isstd + c->isut;
}

static bool read_block(struct bytes_reader *r, const struct counts *c, struct steps *s,
                       int64_t *ret_last_s)
{
    struct bytes_reader times = bytes_reader_of(bytes_read(r, (size_t)c->time * 8),
                                                r->failed ? 0 : (size_t)c->time * 8);
    const uint8_t *index = bytes_read(r, c->time);
    const uint8_t *types = bytes_read(r, (size_t)c->type * 6);
    (void)bytes_read(r, c->chars + (size_t)c->leap * 12 + c->isstd + c->isut);
    if (r->failed || c->type == 0)
        return false;
    *ret_last_s = 0;
    for (uint32_t i = 0; i <= c->time; i++) { /* the first type holds before all times */
        int64_t at_s = i ? (int64_t)bytes_read_u64(&times) : INT64_MIN / 1000;
        uint8_t type = i ? index[i - 1] : 0;
        if (type >= c->type || at_s > INT64_MAX / 1000 || at_s < INT64_MIN / 1000)
            return false;
        struct bytes_reader one = bytes_reader_of(types + (size_t)type * 6, 6);
        int64_t offset_s = (int32_t)bytes_read_u32(&one);
        if (!is_offset(offset_s))
            return false;
        add_step(s, at_s, offset_s);
        *ret_last_s = i && at_s > 0 ? at_s : *ret_last_s;
    }
    return true;
}

static bool read_footer(struct bytes_reader *r, struct posix_tz *ret)
{
    char text[FOOTER_MAX];
    if (r->left < 2 || r->left > sizeof text || r->at[0] != '\n' || r->at[r->left - 1] != '\n')
        return false;
    memcpy(text, r->at + 1, r->left - 2);
    text[r->left - 2] = '\0';
    return read_posix(text, ret);
}

enum dl_err tzfile_parse(const uint8_t *bytes, size_t len, int64_t from_ms, int64_t until_ms,
                         struct checkin_zone *ret)
{
    struct checkin_zone zone = {.count = 0};
    struct steps s = {from_ms, until_ms, &zone};
    struct counts c;
    struct posix_tz tz;
    int64_t last_s = 0;
    struct bytes_reader r = bytes_reader_of(bytes, len);
    if (!read_counts(&r, &c) || c.version < '2') /* version 1 ends with the year 2037 */
        return DL_E_CORRUPT;
    (void)bytes_read(&r, block_bytes(&c, 4));
    if (!read_counts(&r, &c) || !read_block(&r, &c, &s, &last_s))
        return DL_E_CORRUPT;
    if (read_footer(&r, &tz)) /* an empty one: nobody knows what comes */
        add_rules(&s, &tz, last_s);
    *ret = zone;
    return DL_OK;
}

static bool is_zone_name(const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len >= TZFILE_NAME_BYTES || name[0] == '/' || strstr(name, ".."))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)name[i]) && !strchr("_+-/", name[i]))
            return false;
    return true;
}

enum dl_err tzfile_load(const char *name, int64_t from_ms, int64_t until_ms,
                        struct checkin_zone *ret, struct dl_why *why)
{
    struct file_path path;
    uint8_t *bytes = NULL;
    size_t len = 0;
    if (strcmp(name, "UTC") == 0) {
        *ret = (struct checkin_zone){.count = 0};
        return DL_OK;
    }
    enum dl_err err = is_zone_name(name) ? DL_OK : DL_E_INPUT;
    if (!err)
        err = file_join(&path, TZFILE_FOLDER, name);
    if (!err)
        err = file_read(path.s, TZFILE_BYTES_MAX, &bytes, &len);
    if (!err)
        err = tzfile_parse(bytes, len, from_ms, until_ms, ret);
    free(bytes);
    if (err == DL_E_NOMEM)
        return err;
    if (err)
        dl_why_set(why, "timezone: it is none that the tz database in " TZFILE_FOLDER
                        " has; one is Europe/Berlin");
    return err ? DL_E_INPUT : DL_OK;
}
