/* The allow-list is the table `rules`: a path of elements below Transaction, and what
 * becomes of its text. Everything else (operators, birth dates, signatures,
 * authorisation codes, card data) is never copied out of expat's buffer. */
#include "agent/import/build.h"
#include "agent/import/source.h"

#include "crypto/secret.h"
#include "platform/wipe.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>

#define PATH_BYTES  256
#define TEXT_BYTES  1024
#define DEPTH_MAX   32
#define READ_BYTES  (32 * 1024)
#define TIME_FORMAT "%Y-%m-%dT%H:%M:%S"

enum target {
    TARGET_DATA_TEXT, /* a member of data */
    TARGET_DATA_NUMBER,
    TARGET_TIME,
    TARGET_CURRENCY,
    TARGET_LINE_NO,
    TARGET_LINE_TEXT,
    TARGET_GTIN,
    TARGET_QUANTITY,
    TARGET_PRICE,
    TARGET_LINE_MINOR,
    TARGET_TAX_AMOUNT,
    TARGET_REWARD_CATEGORY,
    TARGET_REWARD_AMOUNT,
    TARGET_TENDER_AMOUNT,
    TARGET_CHANGE_AMOUNT,
    TARGET_LOYALTY,
    TARGET_TOTAL,
};

struct rule {
    const char *path;
    enum target target;
    const char *member;
};

#define SALE   "/RetailTransaction/LineItem/Sale"
#define RETURN "/RetailTransaction/LineItem/Return"
#define TENDER "/RetailTransaction/LineItem/Tender"
#define ITEM_RULES(item)                                                                       \
    {item "/POSIdentity/POSItemID", TARGET_GTIN, "gtin"},                                      \
        {item "/ItemID", TARGET_LINE_TEXT, "sku"},                                             \
        {item "/MerchandiseHierarchy", TARGET_LINE_TEXT, "category"},                          \
        {item "/Description", TARGET_LINE_TEXT, "name"},                                       \
        {item "/RegularSalesUnitPrice", TARGET_PRICE, NULL},                                   \
        {item "/ExtendedAmount", TARGET_LINE_MINOR, "extended_minor"},                         \
        {item "/ExtendedDiscountAmount", TARGET_LINE_MINOR, "discount_minor"},                 \
    {                                                                                          \
        item "/Quantity", TARGET_QUANTITY, NULL                                                \
    }

static const struct rule rules[] = {
    {"/RetailStoreID", TARGET_DATA_TEXT, "store_id"},
    {"/WorkstationID", TARGET_DATA_TEXT, "register_id"},
    {"/SequenceNumber", TARGET_DATA_NUMBER, "sequence_number"},
    {"/BusinessDayDate", TARGET_DATA_TEXT, "business_date"},
    {"/EndDateTime", TARGET_TIME, NULL},
    {"/CurrencyCode", TARGET_CURRENCY, NULL},
    {"/RetailTransaction/LineItem/SequenceNumber", TARGET_LINE_NO, NULL},
    ITEM_RULES(SALE),
    ITEM_RULES(RETURN),
    {"/RetailTransaction/LineItem/Tax/Amount", TARGET_TAX_AMOUNT, NULL},
    {"/RetailTransaction/LineItem/LoyaltyReward/RewardCategory", TARGET_REWARD_CATEGORY, NULL},
    {"/RetailTransaction/LineItem/LoyaltyReward/ExtendedRewardAmount", TARGET_REWARD_AMOUNT,
     NULL},
    {TENDER "/Amount", TARGET_TENDER_AMOUNT, NULL},
    {TENDER "/TenderChange/Amount", TARGET_CHANGE_AMOUNT, NULL},
    {"/RetailTransaction/LineItem/LoyaltyMembership/LoyaltyID", TARGET_LOYALTY, NULL},
    {"/RetailTransaction/Total", TARGET_TOTAL, NULL},
};

struct poslog {
    XML_Parser parser;
    const struct import_defaults *defaults;
    const struct import_sink *sink;
    struct dl_why *why;
    enum dl_err err;
    unsigned depth;             /* of open elements */
    char path[PATH_BYTES];      /* below Transaction, local names */
    size_t path_len[DEPTH_MAX]; /* of the path outside each open element */
    const struct rule *rule;    /* of the innermost element, or NULL */
    char text[TEXT_BYTES];
    size_t text_len;
    /* the transaction that is open */
    json_t *event;
    uint64_t line;
    const char *refusal;
    bool is_retail;
    int exponent;
    int64_t tax_minor, discount_minor, change_minor;
    /* the line item that is open */
    json_t *item; /* of lines[], owned until the item ends */
    json_int_t item_no;
    bool voided, returned, reward_detailed, reward_monetary;
    char tender_type[32], total_type[48];
};

static const char *local_name(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

static const char *attribute(const char **attributes, const char *name)
{
    for (size_t i = 0; attributes[i]; i += 2) {
        if (strcmp(local_name(attributes[i]), name) == 0)
            return attributes[i + 1];
    }
    return "";
}

static bool is_true(const char **attributes, const char *name)
{
    return strcmp(attribute(attributes, name), "true") == 0;
}

static json_t *data_of(struct poslog *p)
{
    return build_object(p->event, "data");
}

static json_t *array_of(struct poslog *p, const char *name)
{
    json_t *data = data_of(p), *array = json_object_get(data, name);
    if (!array && json_object_set_new(data, name, json_array()) == 0)
        array = json_object_get(data, name);
    return array;
}

static void refuse(struct poslog *p, const char *reason)
{
    if (!p->refusal)
        p->refusal = reason;
}

/* ---- what the text of an allowed element becomes ---------------------------------------- */

static void set_item(struct poslog *p)
{
    const struct rule *rule = p->rule;
    struct build_number n;
    bool ok;
    if (!p->item)
        return;
    if (rule->target == TARGET_LINE_TEXT)
        ok = build_text(p->item, rule->member, p->text);
    else if (rule->target == TARGET_LINE_MINOR)
        ok = build_minor(p->item, rule->member, p->text, '.', p->exponent);
    else if (rule->target == TARGET_PRICE)
        ok = build_number(&n, p->text, '.') && build_unit_price(p->item, &n, p->exponent);
    else
        ok = build_number(&n, p->text, '.') &&
             json_object_set_new(p->item, "quantity", json_string(n.text)) == 0;
    if (!ok)
        refuse(p, "bad_number");
}

/* Registers file PLU codes as GTINs, zero-filled; only a good check digit (GS1 General
 * Specifications, section 7.9) makes one. The code itself is in ItemID anyway. */
static void set_gtin(struct poslog *p)
{
    size_t len = strlen(p->text);
    unsigned sum = 0;
    if (len < 8 || len > 14 || strspn(p->text, "0123456789") != len || !p->item)
        return;
    for (size_t i = 0; i < len; i++)
        sum += (unsigned)(p->text[len - 1 - i] - '0') * (i % 2 ? 3 : 1);
    if (sum % 10 == 0 && strspn(p->text, "0") < len)
        build_text(p->item, "gtin", p->text);
}

static void set_tender(struct poslog *p)
{
    json_t *tender = json_object();
    if (json_array_append_new(array_of(p, "tenders"), tender) != 0 ||
        !build_text(tender, "type", p->tender_type) ||
        !build_minor(tender, "amount_minor", p->text, '.', p->exponent))
        refuse(p, "bad_number");
}

/* POSLog tells a tender net of the change given; ours is what was handed over. */
static void add_change(struct poslog *p, int64_t change)
{
    json_t *tenders = array_of(p, "tenders");
    json_t *last = json_array_get(tenders, json_array_size(tenders) - 1);
    p->change_minor += change;
    json_object_set_new(last, "amount_minor",
                        json_integer(json_get_int(last, "amount_minor", 0) + change));
}

/* Amounts that are added up over a transaction. */
static void add_amount(struct poslog *p)
{
    struct build_number n;
    int64_t minor;
    if (!build_number(&n, p->text, '.') ||
        !build_to_minor(&minor, build_one, n.value, p->exponent)) {
        refuse(p, "bad_number");
        return;
    }
    if (p->rule->target == TARGET_TAX_AMOUNT)
        p->tax_minor += minor;
    else if (p->rule->target == TARGET_CHANGE_AMOUNT)
        add_change(p, llabs(minor));
    else if (p->reward_detailed && p->reward_monetary && minor < 0)
        p->discount_minor -= minor; /* details alone: a summary repeats them */
}

static void set_transaction(struct poslog *p)
{
    switch (p->rule->target) {
    case TARGET_DATA_TEXT:
        build_text(data_of(p), p->rule->member, p->text);
        break;
    case TARGET_DATA_NUMBER:
        if (!build_minor(data_of(p), p->rule->member, p->text, '.', 0))
            refuse(p, "bad_number");
        break;
    case TARGET_TIME:
        if (!build_time(p->event, p->text, TIME_FORMAT, p->defaults->utc_offset))
            refuse(p, "bad_time");
        break;
    case TARGET_CURRENCY:
        build_text(data_of(p), "currency", p->text);
        p->exponent = build_exponent(p->text);
        break;
    case TARGET_LOYALTY:
        /* All zeros stand for nobody. */
        if (strspn(p->text, "0") < strlen(p->text))
            build_text(build_object(p->event, "identifiers"), "loyalty_id", p->text);
        break;
    default:
        if (strcmp(p->total_type, "TransactionGrandAmount") == 0 &&
            !build_minor(data_of(p), "total_minor", p->text, '.', p->exponent))
            refuse(p, "bad_number");
    }
}

static void take_text(struct poslog *p)
{
    switch (p->rule->target) {
    case TARGET_LINE_NO:
        p->item_no = (json_int_t)strtoll(p->text, NULL, 10);
        break;
    case TARGET_GTIN:
        set_gtin(p);
        break;
    case TARGET_LINE_TEXT:
    case TARGET_LINE_MINOR:
    case TARGET_PRICE:
    case TARGET_QUANTITY:
        set_item(p);
        break;
    case TARGET_REWARD_CATEGORY:
        p->reward_monetary = strcmp(p->text, "Monetary") == 0;
        break;
    case TARGET_TENDER_AMOUNT:
        set_tender(p);
        break;
    case TARGET_TAX_AMOUNT:
    case TARGET_CHANGE_AMOUNT:
    case TARGET_REWARD_AMOUNT:
        add_amount(p);
        break;
    default:
        set_transaction(p);
    }
}

/* ---- the elements that open and close things -------------------------------------------- */

static void begin_transaction(struct poslog *p, const char **attributes)
{
    p->event = json_object();
    p->line = XML_GetCurrentLineNumber(p->parser);
    p->refusal = NULL;
    p->is_retail = false;
    p->exponent = 2;
    p->tax_minor = p->discount_minor = p->change_minor = 0;
    p->path[0] = '\0';
    json_object_set_new(p->event, "type", json_string("purchase"));
    if (is_true(attributes, "TrainingModeFlag"))
        refuse(p, "training_mode");
    if (is_true(attributes, "CancelFlag"))
        refuse(p, "cancelled");
}

/* Sequence numbers begin anew, so the day and the register belong to the id. */
static void set_id(struct poslog *p)
{
    const json_t *data = data_of(p);
    const char *store = json_get_str(data, "store_id"),
               *reg = json_get_str(data, "register_id"),
               *day = json_get_str(data, "business_date");
    json_object_set_new(p->event, "id",
                        json_sprintf("poslog-%s-%s-%s-%lld", store ? store : "", reg ? reg : "",
                                     day ? day : "",
                                     (long long)json_get_int(data, "sequence_number", 0)));
}

static void end_transaction(struct poslog *p)
{
    json_t *event = p->event, *data = data_of(p);
    if (!p->is_retail)
        refuse(p, "not_retail");
    set_id(p);
    json_object_set_new(data, "tax_minor", json_integer(p->tax_minor));
    json_object_set_new(data, "discount_minor", json_integer(p->discount_minor));
    json_object_set_new(data, "change_minor", json_integer(p->change_minor));
    if (!build_defaults(event, p->defaults))
        refuse(p, "too_large");
    p->event = NULL;
    if (p->refusal) {
        json_decref(event);
        p->sink->refused(p->sink->ctx, p->refusal, p->line);
    } else {
        p->err = p->sink->event(p->sink->ctx, event, p->line);
    }
}

static void begin_line_item(struct poslog *p, const char **attributes)
{
    p->voided = is_true(attributes, "VoidFlag");
    p->item_no = 0;
    p->returned = p->reward_detailed = p->reward_monetary = false;
    p->tender_type[0] = '\0';
}

static void end_line_item(struct poslog *p)
{
    if (!p->item)
        return;
    json_t *item = p->item;
    p->item = NULL;
    json_object_set_new(item, "line_no", json_integer(p->item_no));
    /* A till that strikes a line out by an opposite one tells both: that one comes back. */
    if (p->returned || json_get_int(item, "extended_minor", 0) < 0)
        json_object_set_new(item, "type", json_string("return"));
    else if (p->voided)
        json_object_set_new(item, "type", json_string("void"));
    if (json_array_append_new(array_of(p, "lines"), item) != 0)
        refuse(p, "too_large");
}

static void copy_attribute(char *to, size_t cap, const char **attributes, const char *name)
{
    const char *value = attribute(attributes, name);
    if (strlen(value) < cap)
        strcpy(to, value);
    else
        to[0] = '\0';
}

static void open_element(struct poslog *p, const char **attributes)
{
    if (strcmp(p->path, "/RetailTransaction") == 0)
        p->is_retail = true;
    else if (strcmp(p->path, "/RetailTransaction/LineItem") == 0)
        begin_line_item(p, attributes);
    else if (strcmp(p->path, SALE) == 0 || strcmp(p->path, RETURN) == 0) {
        json_decref(p->item);
        p->item = json_object();
        p->returned = strcmp(p->path, RETURN) == 0;
    } else if (strcmp(p->path, TENDER) == 0)
        copy_attribute(p->tender_type, sizeof p->tender_type, attributes, "TenderType");
    else if (strcmp(p->path, "/RetailTransaction/Total") == 0)
        copy_attribute(p->total_type, sizeof p->total_type, attributes, "TotalType");
    else if (strcmp(p->path, "/RetailTransaction/LineItem/LoyaltyReward") == 0)
        p->reward_detailed = is_true(attributes, "detailedData");
}

/* ---- expat's callbacks ------------------------------------------------------------------ */

static void find_rule(struct poslog *p)
{
    p->rule = NULL;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0] && !p->rule; i++) {
        if (strcmp(rules[i].path, p->path) == 0)
            p->rule = &rules[i];
    }
    p->text_len = 0;
}

static void stop(struct poslog *p, enum dl_err err, const char *what)
{
    p->err = err;
    dl_why_set(p->why, "line %llu: %s", (unsigned long long)XML_GetCurrentLineNumber(p->parser),
               what);
    XML_StopParser(p->parser, XML_FALSE);
}

static void XMLCALL on_start(void *ctx, const char *name, const char **attributes)
{
    struct poslog *p = ctx;
    if (p->depth == DEPTH_MAX) {
        stop(p, DL_E_INPUT, "elements are nested more than 32 deep");
        return;
    }
    name = local_name(name);
    size_t len = p->event ? strlen(p->path) : 0;
    p->path_len[p->depth++] = len;
    if (!p->event) {
        if (p->depth == 2 && strcmp(name, "Transaction") == 0)
            begin_transaction(p, attributes);
        return;
    }
    if (len + 1 + strlen(name) >= sizeof p->path) {
        stop(p, DL_E_INPUT, "a path of elements is longer than any POSLog has");
        return;
    }
    p->path[len] = '/';
    strcpy(p->path + len + 1, name);
    open_element(p, attributes);
    find_rule(p);
}

static void XMLCALL on_end(void *ctx, const char *name)
{
    (void)name;
    struct poslog *p = ctx;
    if (p->event && p->depth > 2) {
        if (p->rule) {
            p->text[p->text_len] = '\0';
            take_text(p);
            secret_wipe(p->text, sizeof p->text);
        }
        if (strcmp(p->path, "/RetailTransaction/LineItem") == 0)
            end_line_item(p);
        p->path[p->path_len[p->depth - 1]] = '\0';
    } else if (p->event && p->depth == 2) {
        end_transaction(p);
    }
    p->rule = NULL;
    p->depth--;
    if (p->err)
        XML_StopParser(p->parser, XML_FALSE);
}

static void XMLCALL on_text(void *ctx, const char *text, int len)
{
    struct poslog *p = ctx;
    if (!p->rule)
        return;
    if ((size_t)len > sizeof p->text - 1 - p->text_len) {
        refuse(p, "too_large");
        return;
    }
    memcpy(p->text + p->text_len, text, (size_t)len);
    p->text_len += (size_t)len;
}

/* A document type could define entities that grow without bound; POSLog has none. */
static void XMLCALL on_doctype(void *ctx, const char *name, const char *system_id,
                               const char *public_id, int internal)
{
    (void)name, (void)system_id, (void)public_id, (void)internal;
    stop(ctx, DL_E_INPUT, "a document type is not taken");
}

static enum dl_err read_all(FILE *in, struct poslog *p)
{
    uint64_t bytes = 0;
    bool last = false;
    while (!p->err && !last) {
        void *block = XML_GetBuffer(p->parser, READ_BYTES);
        if (!block)
            return DL_E_NOMEM;
        size_t n = fread(block, 1, READ_BYTES, in);
        last = n < READ_BYTES;
        if (ferror(in))
            return DL_E_IO;
        if (XML_ParseBuffer(p->parser, (int)n, last) != XML_STATUS_OK && !p->err)
            stop(p, DL_E_INPUT, XML_ErrorString(XML_GetErrorCode(p->parser)));
        p->sink->progress(p->sink->ctx, bytes += n);
    }
    return p->err;
}

enum dl_err import_poslog(FILE *in, const struct import_defaults *defaults,
                          const struct import_sink *sink, struct dl_why *why)
{
    static const XML_Memory_Handling_Suite memory = {wipe_malloc, wipe_realloc, wipe_free};
    enum dl_err err = DL_E_NOMEM;
    struct poslog *p = secret_make(sizeof *p);
    if (!p)
        return err;
    p->parser = XML_ParserCreate_MM(NULL, &memory, NULL);
    p->defaults = defaults;
    p->sink = sink;
    p->why = why;
    if (p->parser) {
        XML_SetUserData(p->parser, p);
        XML_SetElementHandler(p->parser, on_start, on_end);
        XML_SetCharacterDataHandler(p->parser, on_text);
        XML_SetStartDoctypeDeclHandler(p->parser, on_doctype);
        err = read_all(in, p);
        XML_ParserFree(p->parser);
    }
    json_decref(p->item);
    json_decref(p->event);
    secret_free(p, sizeof *p);
    return err;
}
