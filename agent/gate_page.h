/* gate_page.h - the gate screen: the files of the page at /gate, as they lie in the program.
 *
 * They come from agent/web/ at build time (packaging/embed-web) and ask for no key:
 * there is nothing in them that the sources do not show. What the page then asks of
 * the API takes the gate's key (http_guard.h), which `dunlin gate` hands over in the
 * address's fragment, the part that a browser sends nowhere.
 *
 * Any thread; nothing is allocated but the answer.
 */
#ifndef DUNLIN_GATE_PAGE_H
#define DUNLIN_GATE_PAGE_H

#include "agent/api.h"

#include <stdbool.h>

#define GATE_PAGE_PATH "/gate"

/* Whether the path is one of the page's files. */
bool gate_page_has(const char *path);
/* Whether the gate's key is enough for it: what the page calls, and no more. */
bool gate_page_calls(const char *path);
/* Answers a path that gate_page_has. */
void gate_page_answer(const struct api_request *req, struct api_response *r);

#endif
