#include "agent/schema.h"

#include "agent/money.h"
#include "crypto/token.h"

#include <string.h>

#define CODE_MAX  64
#define TEXT_MAX  256
#define WHY_MAX   200 /* sync/scan.h */
#define COUNT_MAX MONEY_MINOR_MAX

#define ALWAYS SCHEMA_FOR_ALL
#define FOR(t) SCHEMA_FOR(EVENT_TYPE_##t)

/* The rows, by kind: name, limits, the event types that require it, words, about. */
#define TEXT(n, max, req, about)                                                               \
    {                                                                                          \
        n, SCHEMA_TEXT, 0, max, req, 0, NULL, about                                            \
    }
#define CODE(n, req, about)                                                                    \
    {                                                                                          \
        n, SCHEMA_CODE, 1, CODE_MAX, req, 0, NULL, about                                       \
    }
#define WORD(n, req, words, about)                                                             \
    {                                                                                          \
        n, SCHEMA_WORD, 0, 0, req, 0, words, about                                             \
    }
#define INT(n, min, max, req, about)                                                           \
    {                                                                                          \
        n, SCHEMA_INT, min, max, req, 0, NULL, about                                           \
    }
#define MONEY(n, req, about)                                                                   \
    {                                                                                          \
        n, SCHEMA_MONEY, -MONEY_MINOR_MAX, MONEY_MINOR_MAX, req, 0, NULL, about                \
    }
#define BOOL(n, about)                                                                         \
    {                                                                                          \
        n, SCHEMA_BOOL, 0, 0, 0, 0, NULL, about                                                \
    }
#define DECIMAL(n, about)                                                                      \
    {                                                                                          \
        n, SCHEMA_DECIMAL, 0, 0, 0, 0, NULL, about                                             \
    }
#define DATE(n, about)                                                                         \
    {                                                                                          \
        n, SCHEMA_DATE, 0, 0, 0, 0, NULL, about                                                \
    }
#define LIST(n, max, child, about)                                                             \
    {                                                                                          \
        n, SCHEMA_LIST, 0, max, 0, child, NULL, about                                          \
    }
#define IDENTIFIER(n, type, max, about)                                                        \
    {                                                                                          \
        n, SCHEMA_IDENTIFIER, TOKEN_TYPE_##type, max, 0, 0, NULL, about                        \
    }

static const struct schema_field event_fields[] = {
    {"id", SCHEMA_EVENT_ID, 1, 128, 0, 0, NULL,
     "the client's own id, its idempotency key; unique per device"},
    {"type", SCHEMA_EVENT_TYPE, 1, 64, ALWAYS, 0, NULL,
     "what happened; decides what `data` is"},
    {"time", SCHEMA_TIME, 0, 0, 0, 0, NULL, "when it happened; the device's clock when absent"},
    {"source", SCHEMA_IGNORED, 0, 1024, 0, 0, NULL,
     "CloudEvents' name of the producer; not kept, for the device is known"},
    {"subject", SCHEMA_IGNORED, 0, 1024, 0, 0, NULL,
     "CloudEvents' subject; not kept, for it may name a person"},
    {"identifiers", SCHEMA_CHILD, 0, 0, FOR(ERASE) | FOR(CONSENT), SCHEMA_IDENTIFIERS, NULL,
     "who; becomes tokens and is forgotten"},
    {"consent", SCHEMA_CHILD, 0, 0, FOR(CONSENT), SCHEMA_CONSENT, NULL, "what they agreed to"},
    {"data", SCHEMA_DATA, 0, 0,
     FOR(PURCHASE) | FOR(CHECKIN) | FOR(CHECKIN_ANNULLED) | FOR(VISIT), 0, NULL,
     "what; see the type"},
};

static const struct schema_field identifier_fields[] = {
    IDENTIFIER("email", EMAIL, 1024, "an e-mail address"),
    IDENTIFIER("phone", PHONE, 256, "a telephone number"),
    IDENTIFIER("loyalty_id", LOYALTY_ID, 256, "the number of a customer card"),
    IDENTIFIER("account_id", ACCOUNT_ID, 256, "the customer's key in the shop's own systems"),
    IDENTIFIER("payment_ref", PAYMENT_REF, 256,
               "a payment provider's token; never a card number"),
    IDENTIFIER("ticket", TICKET, 1024, "the code a ticket shows at the gate"),
    IDENTIFIER("given_name", NONE, 256, "tokenised together with others alone"),
    IDENTIFIER("surname", NONE, 256, "tokenised together with others alone"),
    IDENTIFIER("date_of_birth", NONE, 256, "tokenised together with others alone"),
    IDENTIFIER("postcode", NONE, 256, "tokenised together with others alone"),
    IDENTIFIER("street", NONE, 256, "tokenised together with others alone"),
    IDENTIFIER("city", NONE, 256, "tokenised together with others alone"),
    IDENTIFIER("sex", NONE, 16, "tokenised together with others alone"),
    IDENTIFIER("national_id", NATIONAL_ID, 256, "a number of the state's, a passport's"),
    IDENTIFIER("cookie_id", COOKIE_ID, 1024, "of a browser"),
    IDENTIFIER("device_id", DEVICE_ID, 256, "a telephone's advertising id"),
    IDENTIFIER("ip", IP, 256, "an address of the network"),
};

static const struct schema_field consent_fields[] = {
    BOOL("profiling", "tokens may be computed and a profile kept"),
    BOOL("marketing", "may be written to"),
    BOOL("ad_user_data", "user data may go to advertising platforms"),
    {"captured_at", SCHEMA_TIME, 0, 0, 0, 0, NULL, "when they said so"},
    CODE("notice_version", 0, "which text they were shown"),
};

static const struct schema_field purchase_fields[] = {
    WORD("transaction_type", 0, "sale return exchange void", "`sale` when absent"),
    CODE("store_id", 0, "the shop"),
    CODE("register_id", 0, "the till (POSLog: WorkstationID)"),
    INT("sequence_number", 0, COUNT_MAX, 0, "of the receipt at that till"),
    DATE("business_date", "the trading day, which may not be the calendar's"),
    CODE("transaction_id", 0, "one key for the receipt, where there is one"),
    CODE("order_id", 0, "of the web shop or kitchen"),
    CODE("channel", 0, "pos, web, kiosk, phone, ..."),
    CODE("affiliation", 0, "franchise or sub-brand"),
    {"currency", SCHEMA_CURRENCY, 0, 0, 0, 0, NULL,
     "ISO 4217; required unless the site has a default"},
    MONEY("total_minor", FOR(PURCHASE), "what was paid, or given back on a return"),
    MONEY("subtotal_minor", 0, "of the lines, before what follows"),
    MONEY("tax_minor", 0, "all taxes"),
    BOOL("tax_included", "line amounts contain the tax; either way is tried when absent"),
    MONEY("discount_minor", 0, "off the whole purchase, not off single lines"),
    MONEY("shipping_minor", 0, "carriage"),
    MONEY("tip_minor", 0, "gratuity"),
    MONEY("rounding_minor", 0, "cash rounding, added to the total"),
    MONEY("change_minor", 0, "given back from the tenders"),
    CODE("coupon", 0, "code of a coupon on the whole purchase"),
    LIST("lines", 2000, SCHEMA_LINE, "what was bought"),
    LIST("taxes", 50, SCHEMA_TAX, "one by one"),
    LIST("tenders", 50, SCHEMA_TENDER, "how it was paid"),
    LIST("discounts", 200, SCHEMA_DISCOUNT, "one by one, for information"),
    {"original_transaction", SCHEMA_CHILD, 0, 0, 0, SCHEMA_ORIGINAL, NULL,
     "on a return: the sale it refers to"},
};

static const struct schema_field line_fields[] = {
    INT("line_no", 0, 1000000, 0, "as printed"),
    WORD("type", 0, "sale return void",
         "`return`: comes back within another transaction; `void`: struck out, counts nothing"),
    {"gtin", SCHEMA_GTIN, 0, 0, 0, 0, NULL,
     "8, 12, 13 or 14 digits; a wrong check digit is warned about"},
    CODE("sku", 0, "the shop's own article number"),
    CODE("product_id", 0, "of the article's master record"),
    TEXT("name", TEXT_MAX, 0, "as on the receipt"),
    TEXT("category", TEXT_MAX, 0, "merchandise group, or path with slashes"),
    CODE("department", 0, "number of the department"),
    TEXT("brand", 128, 0, "maker"),
    TEXT("variant", 128, 0, "size, colour, ..."),
    {"quantity", SCHEMA_QUANTITY, 0, 0, 0, 0, NULL, "negative only where goods come back"},
    CODE("unit", 0, "of the quantity: kg, l, ...; pieces when absent"),
    MONEY("unit_price_minor", 0, "after the line's own price cuts or before"),
    DECIMAL("unit_price", "in major units, where a minor unit is too coarse"),
    MONEY("discount_minor", 0, "off this line, contained in `extended_minor`"),
    MONEY("tax_minor", 0, "of this line"),
    MONEY("extended_minor", FOR(PURCHASE), "what the line adds to the total"),
    CODE("tax_category", 0, "key of the rate"),
    CODE("coupon", 0, "code of a coupon on this line"),
};

static const struct schema_field tax_fields[] = {
    CODE("type", 0, "vat, sales, ... or the till's key"),
    TEXT("name", 128, 0, "as on the receipt"),
    DECIMAL("rate", "in per cent"),
    MONEY("taxable_minor", 0, "what it was taken of"),
    MONEY("amount_minor", FOR(PURCHASE), "the tax"),
};

static const struct schema_field tender_fields[] = {
    CODE("type", FOR(PURCHASE), "cash, card, voucher, gift_card, account, ..."),
    MONEY("amount_minor", FOR(PURCHASE), "handed over"),
    MONEY("change_minor", 0, "given back of it"),
    CODE("card_brand", 0, "of a card; its number has no field"),
    CODE("entry_mode", 0, "chip, contactless, keyed, ..."),
};

static const struct schema_field discount_fields[] = {
    CODE("type", 0, "promotion, coupon, staff, ..."),
    TEXT("name", 128, 0, "as on the receipt"),
    CODE("promotion_id", 0, "the shop's key"),
    CODE("coupon", 0, "code of the coupon"),
    CODE("reason", 0, "key of the reason"),
    INT("line_no", 0, 1000000, 0, "of the line it is taken off"),
    MONEY("amount_minor", FOR(PURCHASE), "what it is worth"),
};

static const struct schema_field original_fields[] = {
    CODE("transaction_id", 0, "as in the sale"),
    CODE("order_id", 0, "as in the sale"),
    CODE("store_id", 0, "as in the sale"),
    CODE("register_id", 0, "as in the sale"),
    INT("sequence_number", 0, COUNT_MAX, 0, "as in the sale"),
    DATE("business_date", "as in the sale"),
};

#define CHECKIN_ROWS                                                                           \
    CODE("event", FOR(CHECKIN) | FOR(CHECKIN_ANNULLED), "slug of the event"),                  \
        CODE("subevent", 0, "date of a series"), CODE("list", 0, "check-in list"),             \
        CODE("gate", 0, "where"), CODE("store_id", 0, "venue, where shops and venues mix"),    \
        WORD("type", 0, "entry exit", "`entry` when absent"),                                  \
        CODE("order", 0, "code of the order"),                                                 \
        INT("position", 0, 1000000, 0, "within the order"), CODE("product", 0, "ticket type"), \
        CODE("variation", 0, "of the product"), CODE("seat", 0, "key of the seat"),            \
        CODE("nonce", 0, "of the scan; the same scan sent twice has the same"),                \
        BOOL("forced", "let in by hand"), CODE("operator", 0, "key of who did"),               \
        TEXT("why", WHY_MAX, 0, "in their words")

static const struct schema_field checkin_fields[] = {CHECKIN_ROWS};

static const struct schema_field annulled_fields[] = {
    CHECKIN_ROWS,
    CODE("checkin_id", 0, "id of the event that is taken back"),
    TEXT("reason", TEXT_MAX, 0, "why"),
};

static const struct schema_field visit_fields[] = {
    CODE("store_id", FOR(VISIT), "where"),
    CODE("zone", 0, "part of the place"),
    CODE("channel", 0, "door, kiosk, wifi, ..."),
    WORD("direction", 0, "in out", "through a door"),
    INT("count", 0, 1000000, 0, "heads, when more than one"),
    INT("duration_s", 0, 864000, 0, "seconds spent"),
};

static const struct schema_field consent_data_fields[] = {
    CODE("store_id", 0, "where"),
    CODE("register_id", 0, "at which till"),
    CODE("channel", 0, "pos, web, paper, ..."),
    CODE("language", 0, "of the notice"),
    CODE("reason", 0, "given, withdrawn, ..."),
};

static const struct schema_field erase_fields[] = {
    CODE("store_id", 0, "where it was asked for"),
    CODE("register_id", 0, "at which till"),
    CODE("channel", 0, "pos, mail, ..."),
    CODE("request_id", 0, "the shop's file number"),
    CODE("reason", 0, "key of the reason"),
};

#define OBJECT(id, name, rows) [id] = {name, rows, sizeof(rows) / sizeof *(rows)}

static const struct schema_object objects[SCHEMA_OBJECT_COUNT] = {
    OBJECT(SCHEMA_EVENT, "event", event_fields),
    OBJECT(SCHEMA_IDENTIFIERS, "identifiers", identifier_fields),
    OBJECT(SCHEMA_CONSENT, "consent", consent_fields),
    OBJECT(SCHEMA_PURCHASE, "purchase", purchase_fields),
    OBJECT(SCHEMA_LINE, "line", line_fields),
    OBJECT(SCHEMA_TAX, "tax", tax_fields),
    OBJECT(SCHEMA_TENDER, "tender", tender_fields),
    OBJECT(SCHEMA_DISCOUNT, "discount", discount_fields),
    OBJECT(SCHEMA_ORIGINAL, "original_transaction", original_fields),
    OBJECT(SCHEMA_CHECKIN, "checkin", checkin_fields),
    OBJECT(SCHEMA_ANNULLED, "checkin.annulled", annulled_fields),
    OBJECT(SCHEMA_VISIT, "visit", visit_fields),
    OBJECT(SCHEMA_CONSENT_DATA, "consent.data", consent_data_fields),
    OBJECT(SCHEMA_ERASE, "erase", erase_fields),
};

_Static_assert(sizeof identifier_fields / sizeof *identifier_fields <= SCHEMA_IDENTIFIERS_MAX,
               "counters for every identifier");
#define ROWS(a) (sizeof(a) / sizeof *(a))
_Static_assert(ROWS(event_fields) + ROWS(identifier_fields) + ROWS(consent_fields) +
                       ROWS(purchase_fields) + ROWS(line_fields) + ROWS(tax_fields) +
                       ROWS(tender_fields) + ROWS(discount_fields) + ROWS(original_fields) +
                       ROWS(checkin_fields) + ROWS(annulled_fields) + ROWS(visit_fields) +
                       ROWS(consent_data_fields) + ROWS(erase_fields) <
                   SCHEMA_FIELDS_MAX,
               "counters for every field");

const struct schema_object *schema_object(enum schema_object_id id)
{
    return &objects[id];
}

const struct schema_field *schema_find(enum schema_object_id id, const char *name)
{
    const struct schema_object *object = &objects[id];
    for (size_t i = 0; i < object->field_count; i++)
        if (strcmp(object->fields[i].name, name) == 0)
            return &object->fields[i];
    return NULL;
}

enum schema_object_id schema_data_of(enum event_type type)
{
    static const enum schema_object_id data[EVENT_TYPE_COUNT] = {
        [EVENT_TYPE_PURCHASE] = SCHEMA_PURCHASE,         [EVENT_TYPE_CHECKIN] = SCHEMA_CHECKIN,
        [EVENT_TYPE_CHECKIN_ANNULLED] = SCHEMA_ANNULLED, [EVENT_TYPE_VISIT] = SCHEMA_VISIT,
        [EVENT_TYPE_CONSENT] = SCHEMA_CONSENT_DATA,      [EVENT_TYPE_ERASE] = SCHEMA_ERASE,
        [EVENT_TYPE_CUSTOM] = SCHEMA_OBJECT_COUNT,
    };
    return data[type];
}
