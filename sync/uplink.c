#include "sync/uplink.h"

#include <stdlib.h>

void uplink_answer_done(struct uplink_answer *answer)
{
    if (!answer)
        return;
    free(answer->body);
    answer->body = NULL;
    answer->body_len = 0;
}

const char *uplink_state_name(enum uplink_state state)
{
    static const char *const names[] = {
        [UPLINK_ONLINE] = "online", [UPLINK_OFFLINE] = "offline", [UPLINK_DNS] = "dns",
        [UPLINK_PROXY] = "proxy",   [UPLINK_TLS] = "tls",         [UPLINK_PORTAL] = "portal",
    };
    return (size_t)state < sizeof names / sizeof names[0] ? names[state] : "unknown";
}
