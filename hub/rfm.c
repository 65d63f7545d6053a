#include "hub/rfm.h"

#include "hub/clockfix.h"
#include "platform/currency.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS (INT64_C(24) * 3600 * 1000)

enum dl_err rfm_edges_parse(const char *text, int64_t ret[static RFM_EDGES])
{
    int64_t edges[RFM_EDGES];
    for (size_t i = 0; i < RFM_EDGES; i++) {
        size_t len = strspn(text, "0123456789");
        if (len == 0 || len > 12 || text[len] != (i + 1 < RFM_EDGES ? ',' : '\0'))
            return DL_E_INPUT;
        edges[i] = strtoll(text, NULL, 10);
        if (i > 0 && edges[i] <= edges[i - 1])
            return DL_E_INPUT;
        text += len + 1;
    }
    memcpy(ret, edges, sizeof edges);
    return DL_OK;
}

static int64_t reached(int64_t value, const int64_t edges[static RFM_EDGES])
{
    int64_t score = 1;
    for (size_t i = 0; i < RFM_EDGES; i++)
        score += value >= edges[i];
    return score;
}

static int64_t whole_units(const char *code, int64_t minor)
{
    int exponent = 2;
    (void)currency_exponent(code, &exponent);
    for (int i = 0; i < exponent; i++)
        minor /= 10;
    return minor;
}

enum dl_err rfm_score(json_t *profile, const struct rfm_rules *rules, int64_t now_ms)
{
    int64_t last_ms = 0;
    const char *last = json_get_str(profile, "last_seen");
    const char *code;
    json_t *of;
    if (!last || clockfix_parse(last, &last_ms))
        return DL_OK;
    int64_t days = now_ms > last_ms ? (now_ms - last_ms) / DAY_MS : 0;
    int64_t passed = 6 - reached(days, rules->recency_days);
    json_t *rfm = json_pack(
        "{s:I, s:I, s:I}", "recency_days", (json_int_t)days, "r", (json_int_t)passed, "f",
        (json_int_t)reached(json_get_int(profile, "purchases", 0), rules->frequency));
    bool ok = rfm && json_object_set_new(profile, "rfm", rfm) == 0;
    json_object_foreach(json_object_get(profile, "value"), code, of)
    {
        int64_t units = whole_units(code, json_get_int(of, "lifetime_minor", 0));
        ok &= json_object_set_new(of, "m", json_integer(reached(units, rules->monetary))) == 0;
    }
    return ok ? DL_OK : DL_E_NOMEM;
}
