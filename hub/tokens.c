#include "hub/tokens.h"

#include "crypto/pki.h"
#include "hub/devices.h"
#include "platform/clock.h"

#include <stdio.h>

bool tokens_name_ok(const char *name)
{
    return pki_name_ok(name);
}

enum dl_err tokens_create(struct store *st, const char *name, enum store_role role,
                          const char *who, int64_t now_ms,
                          char ret_token[static ROLE_TOKEN_CHARS + 1])
{
    struct store_token token = {.role = role, .added_ms = now_ms};
    snprintf(token.name, sizeof token.name, "%s", name);
    role_token_draw(ret_token, token.hash);
    enum dl_err err = st->begin(st, STORE_WRITE);
    if (err)
        return err;
    err = st->token_add(st, &token);
    if (!err)
        err = devices_audit(st, who, "token.create", name, store_role_name(role), now_ms);
    if (!err)
        return st->commit(st);
    st->rollback(st);
    return err;
}

enum dl_err tokens_revoke(struct store *st, const char *name, const char *who, int64_t now_ms)
{
    enum dl_err err = st->begin(st, STORE_WRITE);
    if (err)
        return err;
    err = st->token_remove(st, name);
    if (!err)
        err = devices_audit(st, who, "token.revoke", name, NULL, now_ms);
    if (!err)
        return st->commit(st);
    st->rollback(st);
    return err;
}

static enum dl_err append(void *ctx, const struct store_token *token)
{
    json_t *list = ctx;
    char added[CLOCK_TEXT_BYTES];
    clock_text(token->added_ms, added);
    json_t *row = json_pack("{s:s, s:s, s:s}", "name", token->name, "role",
                            store_role_name(token->role), "added_at", added);
    return row && json_array_append_new(list, row) == 0 ? DL_OK : DL_E_NOMEM;
}

enum dl_err tokens_list(struct store *st, json_t **ret)
{
    json_t *list = json_array();
    if (!list)
        return DL_E_NOMEM;
    enum dl_err err = st->begin(st, STORE_READ);
    if (!err) {
        err = st->token_each(st, append, list);
        st->rollback(st);
    }
    if (err)
        json_decref(list);
    else
        *ret = list;
    return err;
}
