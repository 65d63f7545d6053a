/* local.h - how a command reaches the agent of a folder.
 *
 * If one runs there, over DIR/dunlin.sock (or the address in DIR/listen, with the
 * folder's key, where there is no such socket); else by taking the folder itself
 * and calling the API as a function. Either way the same answers come back.
 */
#ifndef DUNLIN_LOCAL_H
#define DUNLIN_LOCAL_H

#include "agent/api.h"

struct local;

struct local_options {
    const char *dir;
    const char *config; /* --config, or NULL */
    bool with_sync;     /* opened here, it talks to the hub: for flush */
};

/* DL_E_BUSY: the folder is held by one who does not answer. Else as agent_open. */
DL_MUST_CHECK enum dl_err local_open(struct local **ret, const struct local_options *opt,
                                     struct dl_why *why);
/* The running agent alone; DL_E_NOT_FOUND: none answers. */
DL_MUST_CHECK enum dl_err local_find(struct local **ret, const char *dir);
void local_close(struct local *l);

/* As api_dispatch; api_response_done releases the answer. DL_E_NET: the agent went
 * away meanwhile. wait_s: how long the request itself may take, beside time-outs. */
DL_MUST_CHECK enum dl_err local_send(struct local *l, const struct api_request *req,
                                     int64_t wait_s, struct api_response *ret,
                                     struct dl_why *why);

/* Prints a problem document's words and errors on stderr, `what` before them;
 * lines count from first_line. Gives the exit code that goes with it. */
int local_complain(const char *what, const struct api_response *r, size_t first_line);

#endif
