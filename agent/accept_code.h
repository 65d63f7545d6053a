/* accept_code.h - the closed list of words with which events are refused or
 * warned about. The words are API: they never change their meaning. */
#ifndef DUNLIN_ACCEPT_CODE_H
#define DUNLIN_ACCEPT_CODE_H

/* Refusals first, then warnings. */
#define ACCEPT_CODES(X)                                                                        \
    X(NOT_OBJECT, "not_object")               /* an event is a JSON object */                  \
    X(UNKNOWN_FIELD, "unknown_field")         /* the schema has no such member here */         \
    X(UNKNOWN_TYPE, "unknown_type")           /* of event */                                   \
    X(WRONG_TYPE, "wrong_type")               /* a string where a number belongs, ... */       \
    X(REQUIRED, "required")                   /* a member is missing */                        \
    X(OUT_OF_RANGE, "out_of_range")           /* a number or a time */                         \
    X(BAD_VALUE, "bad_value")                 /* not one of the words, or of another form */   \
    X(BAD_TIME, "bad_time")                   /* not RFC 3339 */                               \
    X(BAD_DATE, "bad_date")                   /* not a day of the calendar */                  \
    X(BAD_DECIMAL, "bad_decimal")             /* not a decimal string */                       \
    X(UNKNOWN_CURRENCY, "unknown_currency")   /* not an ISO 4217 code in use */                \
    X(NEGATIVE_QUANTITY, "negative_quantity") /* on a sale */                                  \
    X(PII_IN_FIELD, "pii_in_field")           /* e-mail, phone or card number outside */       \
    X(TOO_LARGE, "too_large")                 /* a string, a list, the event, the call */      \
    X(TOO_DEEP, "too_deep")                   /* data of a custom event */                     \
    X(NO_IDENTIFIER, "no_identifier")         /* erase or consent that finds nobody */         \
    X(TOTAL_MISMATCH, "total_mismatch")                                                        \
    X(TENDER_MISMATCH, "tender_mismatch")                                                      \
    X(LINE_MISMATCH, "line_mismatch")                                                          \
    X(TAX_MISMATCH, "tax_mismatch")                                                            \
    X(GTIN_CHECK_DIGIT, "gtin_check_digit")                                                    \
    X(IDENTIFIER_DROPPED, "identifier_dropped")                                                \
    X(NO_CONSENT, "no_consent")                                                                \
    X(TIME_IN_FUTURE, "time_in_future")                                                        \
    X(REDACTED, "redacted")

enum accept_code {
#define ACCEPT_CODE_ENUM(name, word) ACCEPT_CODE_##name,
    ACCEPT_CODES(ACCEPT_CODE_ENUM)
#undef ACCEPT_CODE_ENUM
        ACCEPT_CODE_COUNT
};

#define ACCEPT_CODE_FIRST_WARNING ACCEPT_CODE_TOTAL_MISMATCH

/* A literal: lives for ever. */
const char *accept_code_name(enum accept_code code);

#endif
