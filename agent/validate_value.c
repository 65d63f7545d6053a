#include "agent/validate_internal.h"

#include "agent/money.h"
#include "platform/clock.h"
#include "platform/currency.h"
#include "platform/time_text.h"

#include <inttypes.h>
#include <string.h>

#define TIME_MIN_MS 631152000000LL /* 1990-01-01 */

static const char *kind_words(enum schema_kind kind)
{
    switch (kind) {
    case SCHEMA_INT:
        return "an integer";
    case SCHEMA_MONEY:
        return "an integer of minor units";
    case SCHEMA_BOOL:
        return "true or false";
    case SCHEMA_DECIMAL:
    case SCHEMA_QUANTITY:
        return "a decimal number in a string";
    case SCHEMA_CHILD:
    case SCHEMA_DATA:
        return "an object";
    case SCHEMA_LIST:
        return "an array of objects";
    default:
        return "a string";
    }
}

static bool type_fits(enum schema_kind kind, const json_t *value)
{
    switch (kind) {
    case SCHEMA_INT:
    case SCHEMA_MONEY:
        return json_is_integer(value);
    case SCHEMA_BOOL:
        return json_is_boolean(value);
    case SCHEMA_CHILD:
    case SCHEMA_DATA:
        return json_is_object(value);
    case SCHEMA_LIST:
        return json_is_array(value);
    default:
        return json_is_string(value);
    }
}

static void problem(struct walk *w, enum accept_code code, const char *detail)
{
    report_problem(w->report, code, w->path.text, "%s", detail);
}

static void check_range(struct walk *w, const struct schema_field *field, int64_t value)
{
    if (value < field->min || value > field->max)
        report_problem(w->report, ACCEPT_CODE_OUT_OF_RANGE, w->path.text,
                       "must lie between %" PRId64 " and %" PRId64, field->min, field->max);
}

/* True when the length is within the row's limits. */
static bool check_length(struct walk *w, const struct schema_field *field, const json_t *value)
{
    int64_t len = (int64_t)json_string_length(value);
    bool limits_are_lengths = field->kind != SCHEMA_IDENTIFIER;
    if (limits_are_lengths && len < field->min) {
        problem(w, ACCEPT_CODE_BAD_VALUE, "must not be empty");
        return false;
    }
    if (len <= field->max)
        return true;
    report_problem(w->report, ACCEPT_CODE_TOO_LARGE, w->path.text,
                   "must have at most %" PRId64 " bytes", field->max);
    return false;
}

/* Control characters have no place in a receipt, a log or a terminal. */
static bool check_printable(struct walk *w, const json_t *value)
{
    const char *text = json_string_value(value);
    for (; *text; text++) {
        if ((unsigned char)*text >= 0x20 && *text != 0x7F)
            continue;
        problem(w, ACCEPT_CODE_BAD_VALUE, "must not contain control characters");
        return false;
    }
    return true;
}

static void check_string(struct walk *w, const struct schema_field *field, json_t *value)
{
    if (!w->mutate && (!check_length(w, field, value) || !check_printable(w, value)))
        return;
    enum pii_scope scope = field->kind == SCHEMA_TEXT ? PII_IN_TEXT : PII_IN_CODE;
    validate_guard(w, value, scope, schema_field_no(field));
}

static void check_word(struct walk *w, const struct schema_field *field, const json_t *value)
{
    const char *text = json_string_value(value);
    size_t len = json_string_length(value);
    for (const char *word = field->words; *word;) {
        size_t word_len = strcspn(word, " ");
        if (word_len == len && memcmp(word, text, len) == 0)
            return;
        word += word_len + (word[word_len] == ' ');
    }
    report_problem(w->report, ACCEPT_CODE_BAD_VALUE, w->path.text, "must be one of: %s",
                   field->words);
}

static void check_time(struct walk *w, const struct schema_field *field, const json_t *value)
{
    int64_t ms = 0;
    if (!time_text_parse(json_string_value(value), &ms)) {
        problem(w, ACCEPT_CODE_BAD_TIME,
                "must be a time of RFC 3339 with an offset, like 2026-11-23T17:02:54+01:00");
        return;
    }
    if (ms < TIME_MIN_MS) {
        problem(w, ACCEPT_CODE_OUT_OF_RANGE, "is before 1990");
        return;
    }
    int64_t now = clock_wall_ms();
    if (now < clock_build_ms())
        return; /* the device's clock is wrong and proves nothing */
    if (ms > now + VALIDATE_FUTURE_MS_MAX)
        problem(w, ACCEPT_CODE_OUT_OF_RANGE, "is more than 48 hours in the future");
    else if (ms > now + VALIDATE_FUTURE_MS_WARN && strcmp(field->name, "time") == 0)
        report_warning(w->report, ACCEPT_CODE_TIME_IN_FUTURE, w->path.text);
}

static void check_date(struct walk *w, const json_t *value)
{
    int64_t days = 0;
    if (!time_text_parse_date(json_string_value(value), &days)) {
        problem(w, ACCEPT_CODE_BAD_DATE, "must be a day of the calendar, like 2026-11-23");
        return;
    }
    int64_t start_ms = days * 86400000;
    int64_t now = clock_wall_ms();
    if (start_ms < TIME_MIN_MS)
        problem(w, ACCEPT_CODE_OUT_OF_RANGE, "is before 1990");
    else if (now >= clock_build_ms() && start_ms > now + VALIDATE_FUTURE_MS_MAX)
        problem(w, ACCEPT_CODE_OUT_OF_RANGE, "is more than 48 hours in the future");
}

static void check_decimal(struct walk *w, const json_t *value)
{
    struct money_decimal decimal;
    if (!money_decimal_parse(json_string_value(value), &decimal))
        problem(w, ACCEPT_CODE_BAD_DECIMAL,
                "must be a decimal number like 0.42: digits and one point, at most 18 digits, "
                "9 of them after the point");
}

static void check_currency(struct walk *w, const json_t *value)
{
    int exponent;
    if (!currency_exponent(json_string_value(value), &exponent))
        problem(w, ACCEPT_CODE_UNKNOWN_CURRENCY, "must be an ISO 4217 code in use, like EUR");
}

static void check_gtin(struct walk *w, const struct schema_field *field, json_t *value)
{
    const char *text = json_string_value(value);
    size_t len = json_string_length(value);
    if (pii_is_gtin(text, len))
        return;
    bool digits = strspn(text, "0123456789") == len;
    if (!digits || (len != 8 && len != 12 && len != 13 && len != 14)) {
        if (!w->mutate)
            problem(w, ACCEPT_CODE_BAD_VALUE,
                    "must be 8, 12, 13 or 14 digits; a shop's own number goes into sku");
        return;
    }
    if (!w->mutate)
        report_warning(w->report, ACCEPT_CODE_GTIN_CHECK_DIGIT, w->path.text);
    if (len == 14) /* of the cards in use only Diners Club's are as short */
        validate_guard(w, value, PII_IN_CODE, schema_field_no(field));
}

static void check_plain(struct walk *w, const struct schema_field *field, json_t *value)
{
    switch (field->kind) {
    case SCHEMA_INT:
    case SCHEMA_MONEY:
        check_range(w, field, json_integer_value(value));
        break;
    case SCHEMA_WORD:
        check_word(w, field, value);
        break;
    case SCHEMA_DATE:
        check_date(w, value);
        break;
    case SCHEMA_TIME:
        check_time(w, field, value);
        break;
    case SCHEMA_DECIMAL:
    case SCHEMA_QUANTITY:
        check_decimal(w, value);
        break;
    case SCHEMA_CURRENCY:
        check_currency(w, value);
        break;
    case SCHEMA_IGNORED:
    case SCHEMA_IDENTIFIER:
        (void)check_length(w, field, value);
        break;
    case SCHEMA_EVENT_TYPE: /* looked at before the walk */
    case SCHEMA_BOOL:
    default:
        break;
    }
}

/* The id is the idempotency key: redacting it would make strangers equal. */
static void check_event_id(struct walk *w, const struct schema_field *field, json_t *value)
{
    bool redact = w->redact;
    w->redact = false;
    if (!w->mutate)
        check_string(w, field, value);
    w->redact = redact;
}

void validate_value(struct walk *w, const struct schema_field *field, json_t *value)
{
    if (!type_fits(field->kind, value)) {
        report_problem(w->report, ACCEPT_CODE_WRONG_TYPE, w->path.text, "must be %s",
                       kind_words(field->kind));
        return;
    }
    switch (field->kind) {
    case SCHEMA_TEXT:
    case SCHEMA_CODE:
        check_string(w, field, value);
        break;
    case SCHEMA_EVENT_ID:
        check_event_id(w, field, value);
        break;
    case SCHEMA_GTIN:
        check_gtin(w, field, value);
        break;
    default:
        if (!w->mutate)
            check_plain(w, field, value);
        break;
    }
}

void validate_guard(struct walk *w, json_t *value, enum pii_scope scope, size_t no)
{
    enum pii pii = pii_find(json_string_value(value), json_string_length(value), scope);
    if (pii == PII_NONE)
        return;
    if (w->mutate) {
        if (json_string_set(value, VALIDATE_REDACTED))
            w->failed = true;
        return;
    }
    w->report->tally.guard[no]++;
    if (!w->redact) {
        report_problem(w->report, ACCEPT_CODE_PII_IN_FIELD, w->path.text,
                       "contains %s; personal data belongs into identifiers", pii_name(pii));
        return;
    }
    w->found++;
    report_warning(w->report, ACCEPT_CODE_REDACTED, w->path.text);
}
