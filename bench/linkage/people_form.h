/* people_form.h - records as the agent would read them.
 *
 * Links the agent's normalisers, so that whoever feeds records to the hub's linker
 * without an agent gives it the same canonical forms. */
#ifndef DUNLIN_BENCH_PEOPLE_FORM_H
#define DUNLIN_BENCH_PEOPLE_FORM_H

#include "bench/linkage/people.h"

/* Each field in its canonical form, in place; one without is emptied. Returns how
 * many were. */
unsigned people_canonical(struct people_record *r);

#endif
