/* access.h - who asks, and whether the route is for them. */
#ifndef DUNLIN_HUB_ACCESS_H
#define DUNLIN_HUB_ACCESS_H

#include "hub/api.h"
#include "hub/request.h"

/* Fills req->device and req->actor, or answers 401 or 403. Asked anew with each
 * request, so that revoking works at once. */
void access_check(struct api *api, struct request *req);

#endif
