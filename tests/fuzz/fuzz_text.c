/* The small parsers of single values: times, days, decimals, hosts and origins. What the
 * agent takes for a time the hub reads as the same moment. */
#include "agent/http_guard.h"
#include "agent/money.h"
#include "crypto/pki.h"
#include "hub/clockfix.h"
#include "platform/time_text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void times(const char *text)
{
    int64_t agent_ms = 0, hub_ms = 0, days = 0, again = 0;
    char printed[TIME_TEXT_BYTES];
    (void)time_text_parse_date(text, &days);
    if (!time_text_parse(text, &agent_ms)) {
        (void)clockfix_parse(text, &hub_ms);
        return;
    }
    time_text_print(agent_ms, printed);
    if (agent_ms >= 0 && agent_ms < INT64_C(253402300800000) &&
        (!time_text_parse(printed, &again) || again != agent_ms ||
         clockfix_parse(printed, &hub_ms) || hub_ms != agent_ms))
        abort();
}

static void decimals(const char *text)
{
    struct money_decimal d;
    int64_t minor = 0;
    if (!money_decimal_parse(text, &d))
        return;
    if (d.scale < 0 || d.scale > MONEY_DECIMAL_SCALE_MAX)
        abort();
    for (int exponent = 0; exponent <= 4; exponent++)
        (void)money_product_is(d, d, exponent, MONEY_MINOR_MAX, &minor);
}

static void guard(const char *text)
{
    struct http_guard g = {.listen = "127.0.0.1:8787",
                           .asked = "till.local:8787",
                           .origins = "https://kiosk.example https://b.example"};
    memset(g.key, 'a', HTTP_GUARD_KEY_CHARS);
    struct http_guard_request req = {.over_tcp = true, .host = text, .authorization = text};
    if (!http_guard_check(&g, &req) && !strchr("1l[tLT", *text))
        abort();
    req = (struct http_guard_request){
        .over_tcp = true, .needs_key = true, .host = "127.0.0.1:8787", .authorization = text};
    if (!http_guard_check(&g, &req) && !strstr(text, g.key))
        abort();
    req = (struct http_guard_request){.origin = text};
    if (!http_guard_check(&g, &req) && strncasecmp(text, "https://", 8) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *text = malloc(len + 1);
    if (!text)
        abort();
    memcpy(text, bytes, len);
    text[len] = '\0';
    times(text);
    decimals(text);
    guard(text);
    (void)pki_name_ok(text);
    free(text);
    return 0;
}
