/* enrol.h - a bundle becomes a device: keys, certificate, and a burnt bundle.
 *
 * Steps can be repeated after a crash: files are made or made again until
 * enrolment.json, which is written last. What cannot be repeated is the secret's
 * use: if the hub took it and its answer was lost, the words say so.
 */
#ifndef DUNLIN_ENROL_H
#define DUNLIN_ENROL_H

#include "agent/settings.h"
#include "platform/err.h"

#include <stdbool.h>

struct enrol_options {
    const char *bundle_path; /* burnt in the end */
    const char *dir;
    const struct settings *settings;
    bool replace; /* the folder is enrolled already, and that is known */
    bool keep_bundle;
};

/* DL_E_EXISTS: enrolled already. DL_E_AUTH: the hub refuses the secret. DL_E_NET:
 * the hub is not there; nothing is spoilt. DL_E_INPUT: not a bundle. DL_E_BUSY: an
 * agent runs on the folder, or events of the old enrolment still wait. */
DL_MUST_CHECK enum dl_err enrol(const struct enrol_options *opt, struct dl_why *why);

#endif
