/* portrait.h - a profile as a person at head office reads it, from its JSON. */
#ifndef DUNLIN_HUB_PORTRAIT_H
#define DUNLIN_HUB_PORTRAIT_H

#include "platform/json.h"

/* Prints what query_profile() answered. */
void portrait_print(const json_t *profile);

#endif
