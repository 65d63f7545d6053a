/* gate_page.h - the gate screen: the files of the page at /gate, as they lie in the program.
 *
 * They come from agent/web/ at build time (packaging/embed-web) and ask for no key:
 * there is nothing in them that the sources do not show. What the page then asks of
 * the API takes the gate's key (http_guard.h), which `dunlin gate` hands over in the
 * address's fragment, the part that a browser sends nowhere.
 *
 * The decoder that reads codes out of a camera's pictures is larger than the rest of
 * the agent can bear, and lies beside it: three files of a folder, served as they are.
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
/* Answers a path that gate_page_has. `decoder`: folder of the camera's decoder; "":
 * where it is installed. Where it is not, its files are answered 404. */
void gate_page_answer(const char *decoder, const struct api_request *req,
                      struct api_response *r);

#endif
