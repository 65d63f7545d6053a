/* fact_internal.h - what fact.c and fact_purchase.c share. */
#ifndef DUNLIN_HUB_FACT_INTERNAL_H
#define DUNLIN_HUB_FACT_INTERNAL_H

#include "hub/fact.h"
#include "platform/json.h"

/* Copies as many whole characters as fit; NULL is the empty text. */
void fact_copy_text(char *ret, size_t cap, const char *text, size_t len);

/* What a purchase's data says of money, goods and receipts. */
void fact_read_purchase(struct fact *f, const json_t *data, const struct id_key *key);

#endif
