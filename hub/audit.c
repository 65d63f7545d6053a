#include "hub/audit.h"

#include "platform/clock.h"

static enum dl_err append(void *ctx, const struct store_audit *line)
{
    json_t *list = ctx;
    char time[CLOCK_TEXT_BYTES];
    clock_text(line->at_ms, time);
    json_t *row = json_pack("{s:I, s:s, s:s, s:s, s:s?, s:s?}", "no", (json_int_t)line->no,
                            "time", time, "who", line->who, "what", line->what, "object",
                            line->object, "detail", line->detail);
    return row && json_array_append_new(list, row) == 0 ? DL_OK : DL_E_NOMEM;
}

enum dl_err audit_list(struct store *st, int64_t after, int64_t limit, json_t **ret)
{
    json_t *list = json_array();
    if (!list)
        return DL_E_NOMEM;
    enum dl_err err = st->begin(st, STORE_READ);
    if (!err) {
        err = st->audit_each(st, after, limit, append, list);
        st->rollback(st);
    }
    if (err)
        json_decref(list);
    else
        *ret = list;
    return err;
}
