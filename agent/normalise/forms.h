/* forms.h - the canonical forms themselves, one function a type. Only
 * normalise.c calls them. */
#ifndef DUNLIN_NORMALISE_FORMS_H
#define DUNLIN_NORMALISE_FORMS_H

#include "agent/normalise/normalise.h"

struct form_input {
    const char *value;
    size_t len;
    const char *region;
};

struct form_output {
    char *bytes;
    size_t cap;
    size_t len;
};

/* Trimmed, NFC, lower case; domain as IDNA A-labels; for gmail.com and
 * googlemail.com, which deliver to one mailbox, dots and +suffix of the local
 * part fall away and the domain is gmail.com. No quoted local parts, comments,
 * address literals or single-label domains. */
enum normalise_reason form_email(const struct form_input *in, struct form_output *out);

/* E.164: "+" and digits. */
enum normalise_reason form_phone(const struct form_input *in, struct form_output *out);

/* Ids: trimmed and NFKC (full-width digits are digits). Leading zeros stay:
 * "0042" and "42" are two customers. loyalty_id is upper-cased and loses inner
 * spaces, since people type it from a card; account_id, payment_ref and ticket
 * are made by programs, may tell case apart, and keep it. */
enum normalise_reason form_loyalty_id(const struct form_input *in, struct form_output *out);
enum normalise_reason form_account_id(const struct form_input *in, struct form_output *out);
enum normalise_reason form_payment_ref(const struct form_input *in, struct form_output *out);
enum normalise_reason form_ticket(const struct form_input *in, struct form_output *out);

#endif
