/* api_internal.h - the routes of api.c that have a file of their own. */
#ifndef DUNLIN_API_INTERNAL_H
#define DUNLIN_API_INTERNAL_H

#include "agent/api.h"

#include <stdbool.h>
#include <stddef.h>

#define API_CHECKINS "/v1/checkins/" /* a scan's id follows */

/* POST /v1/events, every content type of it. */
void api_events(struct agent *a, const struct api_request *req, struct api_response *r);
/* POST /v1/checkins, what is asked of scans, and GET /v1/rosters. */
void api_checkins(struct agent *a, const struct api_request *req, struct api_response *r);
void api_annul(struct agent *a, const struct api_request *req, struct api_response *r);
void api_search(struct agent *a, const struct api_request *req, struct api_response *r);
void api_checkin_stats(struct agent *a, const struct api_request *req, struct api_response *r);
void api_rosters(struct agent *a, const struct api_request *req, struct api_response *r);
void api_rosters_refresh(struct agent *a, const struct api_request *req,
                         struct api_response *r);
/* POST /v1/forget: a body that becomes one event. */
void api_forget(struct agent *a, const struct api_request *req, struct api_response *r);

enum api_body {
    API_BODY_JSON,
    API_BODY_NDJSON,
    API_BODY_CLOUDEVENT,
    API_BODY_CLOUDEVENT_BATCH,
    API_BODY_OTHER, /* none, unknown, or not in UTF-8 */
};
enum api_body api_body_of(const char *content_type);

/* The one member a route's query may have, a whole number from 0 to max; *ret
 * keeps its value without a query. False: answered 400. */
bool api_query(const struct api_request *req, const char *name, int64_t max, int64_t *ret,
               struct api_response *r);

/* A member of the query as text, its %XX undone; "" where it is not there. False:
 * answered 400, for it does not fit in `cap` bytes. */
bool api_query_text(const struct api_request *req, const char *name, char *ret, size_t cap,
                    struct api_response *r);

/* False: answered 400, for the query has a member of another name. */
bool api_query_known(const struct api_request *req, const char *const *names, size_t count,
                     struct api_response *r);

/* A route with a shape of its own calls places by other names: /data -> "". */
struct api_rename {
    const char *from; /* whole members; NULL ends the list */
    const char *to;
};

/* A body that is an event's members under shorter names. */
struct api_shape {
    const char *type;        /* of the event */
    const char *id;          /* the member that is its id */
    const char *const *kept; /* members that an event has under the same name; NULL ends */
    const char *identifier;  /* the member that is an identifier; NULL: none */
    const struct api_rename *renames;
};

/* Where the events of a call stood, for answers that name the place. */
struct api_events {
    json_t **events; /* owned */
    size_t *lines;   /* 1-based; NULL: not by line */
    size_t count, cap;
    bool by_index;                    /* an array: pointers begin with the index */
    const struct api_rename *renames; /* NULL: none */
};

/* False: no memory, `event` was released. Takes the reference. */
bool api_events_add(struct api_events *list, json_t *event, size_t line);
void api_events_done(struct api_events *list);

/* Gives the events to accept.h and tells *r how it went. `dry`: stores nothing.
 * `single`: the answer is one object. */
void api_take(struct agent *a, const struct api_events *list, bool single, bool dry,
              struct api_response *r);

/* 422 with what accept.h held against the events. */
void api_refuse(const struct api_events *list, const struct accept_answer *answer,
                struct api_response *r);
/* 422 for one member of a body. */
void api_refuse_member(const char *pointer, const char *code, const char *detail,
                       struct api_response *r);
/* The warnings of an item as its member `warnings`; nothing where there are none. */
void api_add_warnings(json_t *to, const struct api_events *events, size_t index,
                      const struct accept_item *item);

/* The event of such a body as the only one of *list; false: *r has the problem. */
bool api_shape_take(const struct api_request *req, const struct api_shape *shape,
                    struct api_events *list, struct api_response *r);

/* A body of application/json that must be one object; false: *r has the problem. */
bool api_parse_json(const struct api_request *req, json_t **ret, struct api_response *r);
/* Parses a body that must be one JSON object; false: *r has the problem. */
bool api_parse_object(const struct api_request *req, json_t **ret, struct api_response *r);

#endif
