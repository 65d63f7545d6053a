#include "agent/normalise/forms.h"
#include "agent/normalise/unicode.h"
#include "agent/normalise/words.h"
#include "crypto/secret.h"
#include "platform/clock.h"

#include <stdio.h>
#include <string.h>

#define TEXT_BYTES_MAX 64
#define AGE_YEARS_MAX  125 /* the oldest person known died at 122 */
#define DAY_MS         INT64_C(86400000)

struct parts {
    unsigned value[3];
    size_t digits[3];
    char separator;
    int named; /* which part is a month's name; -1: none */
};

/* Days since 1970, of the proleptic Gregorian calendar. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return y * 365 + y / 4 - y / 100 + y / 400 + of_year - 719468;
}

static unsigned month_days(unsigned year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap ? 1U : 0U);
}

/* Digits of any script become ASCII's; the rest must be ASCII. */
static enum normalise_reason to_ascii(const struct form_input *in, char *ret, size_t *ret_len)
{
    char text[NORMALISE_BYTES_MAX];
    size_t len = 0, kept = 0;
    enum normalise_reason reason =
        unicode_fold(in->value, in->len, UNICODE_NFKC, UNICODE_UPPER, text, sizeof text, &len);
    for (size_t at = 0; at < len && !reason;) {
        int32_t c = 0;
        size_t n = unicode_next(text + at, len - at, &c);
        int digit = n ? unicode_digit(c) : -1;
        if (digit >= 0)
            c = '0' + digit;
        else if (c == 0x2013 || c == 0x2010 || c == 0x2011)
            c = '-';
        else if (c == 0xC4) /* März */
            c = 'A';
        else if (c == 0xC9 || c == 0xDB) /* février, août */
            c = c == 0xC9 ? 'E' : 'U';
        if (n == 0 || c >= 0x80 || kept == TEXT_BYTES_MAX)
            reason = NORMALISE_BAD_DATE;
        else
            ret[kept++] = (char)c;
        at += n;
    }
    secret_wipe(text, sizeof text);
    *ret_len = kept;
    return reason;
}

/* A birth date that a program wrote as a moment: midnight, or nothing. */
static size_t without_midnight(const char *text, size_t len)
{
    static const char *const tails[] = {"T00:00:00",       "T00:00:00Z",   "T00:00:00.000Z",
                                        "T00:00:00+00:00", " 00:00:00",    "T00:00",
                                        "T00:00:00.000",   " 00:00:00.000"};
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        size_t n = strlen(tails[i]);
        if (len > n && memcmp(text + len - n, tails[i], n) == 0)
            return len - n;
    }
    return len;
}

static bool is_letter(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_gap(char c)
{
    return c == ' ' || c == '-' || c == '/' || c == '.';
}

/* "1. 2. 1990", "1 / 2 / 1990", "Feb. 1, 1990": blanks fall away beside what parts the
 * numbers, dots behind letters and commas are blanks. */
static size_t tighten(char *text, size_t len)
{
    size_t kept = 0;
    for (size_t i = 0; i < len; i++) {
        bool stop = text[i] == '.' && kept > 0 && is_letter(text[kept - 1]);
        char c = text[i];
        if (c == ',' || stop)
            c = ' ';
        bool parted = kept > 0 && is_gap(text[kept - 1]);
        if (c == ' ' && (kept == 0 || parted))
            continue;
        if (parted && text[kept - 1] == ' ' && is_gap(c))
            kept--;
        text[kept++] = c;
    }
    return kept > 0 && text[kept - 1] == ' ' ? kept - 1 : kept;
}

/* Months in English, German, French and Spanish, as people shorten them. */
static unsigned month_named(struct word w)
{
    static const char *const months[12] = {
        "JAN JANUARY JANUAR JANVIER JANV ENERO ENE",
        "FEB FEBRUARY FEBRUAR FEVRIER FEVR FEV FEBRERO",
        "MAR MARCH MARZ MRZ MARS MARZO",
        "APR APRIL AVRIL AVR ABRIL ABR",
        "MAY MAI MAYO",
        "JUN JUNE JUNI JUIN JUNIO",
        "JUL JULY JULI JUILLET JUIL JULIO",
        "AUG AUGUST AOUT AGOSTO AGO",
        "SEP SEPT SEPTEMBER SEPTEMBRE SEPTIEMBRE",
        "OCT OCTOBER OKT OKTOBER OCTOBRE OCTUBRE",
        "NOV NOVEMBER NOVEMBRE NOVIEMBRE",
        "DEC DECEMBER DEZ DEZEMBER DECEMBRE DIC DICIEMBRE",
    };
    for (unsigned i = 0; i < 12; i++)
        if (word_in(w, months[i]))
            return i + 1;
    return 0;
}

/* A month's name at text[0..): how long it is; 0: it is none. */
static size_t take_month(const char *text, size_t len, size_t part, struct parts *ret)
{
    size_t letters = 0;
    while (letters < len && is_letter(text[letters]))
        letters++;
    unsigned month = month_named((struct word){text, letters});
    if (month == 0 || part > 1 || ret->digits[part] > 0 || ret->named >= 0)
        return 0;
    ret->value[part] = month;
    ret->digits[part] = 2;
    ret->named = (int)part;
    return letters;
}

/* Three numbers, or two and a month, with the same separator between them. */
static bool split(const char *text, size_t len, struct parts *ret)
{
    size_t part = 0;
    *ret = (struct parts){.named = -1};
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (is_letter(c)) {
            size_t letters = take_month(text + i, len - i, part, ret);
            if (letters == 0)
                return false;
            i += letters - 1;
            continue;
        }
        if (c >= '0' && c <= '9') {
            if (++ret->digits[part] > 4)
                return false;
            ret->value[part] = ret->value[part] * 10 + (unsigned)(c - '0');
        } else if (is_gap(c) && part < 2 && ret->digits[part] > 0 &&
                   (ret->separator == '\0' || ret->separator == c || ret->named >= 0)) {
            ret->separator = c;
            part++;
        } else {
            return false;
        }
    }
    return part == 2 && ret->digits[2] > 0;
}

/* "19901231", or "31121990": the year's place tells them apart, for there is no 19th
 * month. A spreadsheet leaves ".0" behind a number. */
static bool split_compact(const char *text, size_t len, struct parts *ret)
{
    if (len == 10 && memcmp(text + 8, ".0", 2) == 0)
        len = 8;
    if (len != 8)
        return false;
    const char year_first[] = {text[0], text[1], text[2], text[3], '-',
                               text[4], text[5], '-',     text[6], text[7]};
    const char year_last[] = {text[0], text[1], '-',     text[2], text[3],
                              '-',     text[4], text[5], text[6], text[7]};
    if (!split(year_first, sizeof year_first, ret))
        return false;
    return ret->value[1] <= 12 || split(year_last, sizeof year_last, ret);
}

/* Day and month of p->value[0] and [1]. */
static enum normalise_reason order(const struct parts *p, enum normalise_date_order order,
                                   unsigned *ret_day, unsigned *ret_month)
{
    unsigned a = p->value[0], b = p->value[1];
    bool day_first = order == NORMALISE_DATE_DAY_FIRST || p->separator == '.';
    if (p->named >= 0) {
        day_first = p->named == 1;
    } else if (order == NORMALISE_DATE_AUTO && p->separator != '.') {
        if (a <= 12 && b <= 12 && a != b)
            return NORMALISE_AMBIGUOUS_DATE;
        day_first = a > 12;
    }
    *ret_day = day_first ? a : b;
    *ret_month = day_first ? b : a;
    return NORMALISE_OK;
}

static enum normalise_reason judge(unsigned year, unsigned month, unsigned day)
{
    if (month < 1 || month > 12 || day < 1 || day > month_days(year, month))
        return NORMALISE_BAD_DATE;
    int64_t today = clock_wall_ms() / DAY_MS;
    int64_t days = days_of(year, month, day);
    /* A day of grace: the clock is UTC's, and it is tomorrow in Auckland. */
    if (days > today + 1)
        return NORMALISE_FUTURE_DATE;
    if (year == 1900 && month == 1 && day == 1)
        return NORMALISE_PLACEHOLDER; /* what databases write for "unknown" */
    return days < today - (int64_t)AGE_YEARS_MAX * 366 ? NORMALISE_BAD_DATE : NORMALISE_OK;
}

static enum normalise_reason read_date(const struct form_input *in, char *text, size_t len,
                                       struct form_output *out)
{
    struct parts p;
    len = tighten(text, len);
    len = without_midnight(text, len);
    if (!split_compact(text, len, &p) && !split(text, len, &p))
        return NORMALISE_BAD_DATE;
    unsigned year = p.value[0], month = p.value[1], day = p.value[2];
    if (p.digits[0] != 4) {
        year = p.value[2];
        if (p.digits[2] != 4 || p.digits[0] > 2 || p.digits[1] > 2)
            return NORMALISE_BAD_DATE; /* of two digits one cannot tell the century */
        enum normalise_reason reason = order(&p, in->date_order, &day, &month);
        if (reason)
            return reason;
    }
    enum normalise_reason reason = judge(year, month, day);
    if (reason)
        return reason;
    char form[32];
    int n = snprintf(form, sizeof form, "%04u-%02u-%02u", year, month, day);
    if ((size_t)n > out->cap)
        return NORMALISE_TOO_LONG;
    memcpy(out->bytes, form, (size_t)n);
    out->len = (size_t)n;
    secret_wipe(form, sizeof form);
    return NORMALISE_OK;
}

enum normalise_reason form_date_of_birth(const struct form_input *in, struct form_output *out)
{
    char text[TEXT_BYTES_MAX] = "";
    size_t len = 0;
    enum normalise_reason reason = to_ascii(in, text, &len);
    if (!reason)
        reason = read_date(in, text, len, out);
    secret_wipe(text, sizeof text);
    return reason;
}
