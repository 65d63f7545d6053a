/* portrait.h - profiles as a person at head office reads them, from their JSON. */
#ifndef DUNLIN_HUB_PORTRAIT_H
#define DUNLIN_HUB_PORTRAIT_H

#include "platform/json.h"

/* Prints what query_profile() answered. */
void portrait_print(const json_t *profile);
/* The same on one line. */
void portrait_print_line(const json_t *profile);
/* Prints what query_timeline() answered. */
void portrait_print_timeline(const json_t *timeline);

#endif
