#include "hub/roster_file.h"

#include "hub/roster_csv.h"
#include "hub/roster_pretix.h"
#include "hub/roster_text.h"

#include <string.h>

bool roster_format_of(const char *name, enum roster_format *ret)
{
    bool csv = strcmp(name, "csv") == 0;
    *ret = csv ? ROSTER_FORMAT_CSV : ROSTER_FORMAT_PRETIX;
    return csv || strcmp(name, "pretix-json") == 0;
}

enum dl_err roster_file_read(struct roster_draft *draft, enum roster_format format,
                             const char *bytes, size_t len, int64_t now_ms, struct dl_why *why)
{
    return format == ROSTER_FORMAT_CSV ? roster_csv_read(draft, bytes, len, why)
                                       : roster_pretix_read(draft, bytes, len, now_ms, why);
}

enum dl_err roster_file_lists(struct roster_draft *draft, const char *bytes, size_t len,
                              struct dl_why *why)
{
    json_t *from = NULL, *lists = NULL;
    enum dl_err err = json_parse(&from, bytes, len, NULL, why);
    if (!err)
        err = roster_lists_read(from, &draft->zone, true, &lists, why);
    if (!err && json_object_set(draft->head, "lists", lists) != 0)
        err = DL_E_NOMEM;
    json_decref(lists);
    json_decref(from);
    return err;
}
