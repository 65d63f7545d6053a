/* route.h - the table of what the hub answers, and who may ask.
 *
 * Reading route.c is reading the API: method, path, who, how long a body, and
 * the function of api.h that answers. Docs: docs/HUB_API.md, docs/hub-openapi.yaml.
 */
#ifndef DUNLIN_HUB_ROUTE_H
#define DUNLIN_HUB_ROUTE_H

#include "hub/request.h"

#include <stdbool.h>
#include <stddef.h>

struct api;

enum access {
    ACCESS_OPEN,   /* anybody who reaches the port */
    ACCESS_DEVICE, /* a device's certificate: active, not revoked */
    ACCESS_BEARER, /* a token with one of the route's roles */
};

struct route {
    const char *method;
    const char *path; /* "{}" stands for one part of 1 to REQUEST_PARAM_BYTES - 1 bytes */
    enum access access;
    unsigned roles; /* mask of ROLE_*; admin always may */
    size_t body_max;
    void (*handle)(struct api *api, struct request *req);
};

extern const struct route route_table[]; /* ends with a NULL method */

enum route_found { ROUTE_FOUND, ROUTE_NO_PATH, ROUTE_NO_METHOD };

/* HEAD finds what GET does. `ret_param` keeps what it had when there is no {}. With
 * ROUTE_NO_METHOD *ret is the route whose method the path does have. */
enum route_found route_find(const char *method, const char *path, const struct route **ret,
                            char ret_param[static REQUEST_PARAM_BYTES]);

#endif
