/* problem.h - answers that say no, as RFC 9457 problem documents.
 *
 * `type` is "urn:dunlin:problem:" and a code from a closed list (docs/API.md).
 * Words are ours: nothing here quotes what came in.
 */
#ifndef DUNLIN_PROBLEM_H
#define DUNLIN_PROBLEM_H

#include "agent/api.h"

#define PROBLEM_TYPE_PREFIX  "urn:dunlin:problem:"
#define PROBLEM_CONTENT_TYPE "application/problem+json"

/* Replaces the answer. `code` names title and status in the table of problem.c;
 * `detail` may be NULL. */
void problem_set(struct api_response *r, const char *code, const char *detail);

/* The same with "errors": takes the reference to the array. */
void problem_set_errors(struct api_response *r, const char *code, const char *detail,
                        json_t *errors);

/* For what accept.h, writer.h and the disk answer other than DL_E_INPUT. */
void problem_set_err(struct api_response *r, enum dl_err err);

#endif
