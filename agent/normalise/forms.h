/* forms.h - the canonical forms themselves, one function a type. Only
 * normalise.c calls them. */
#ifndef DUNLIN_NORMALISE_FORMS_H
#define DUNLIN_NORMALISE_FORMS_H

#include "agent/normalise/normalise.h"

struct form_input {
    const char *value;
    size_t len;
    char region[3]; /* ISO 3166 in capitals, or "" */
    enum normalise_date_order date_order;
};

struct form_output {
    char *bytes;
    size_t cap;
    size_t len;
    enum normalise_reason doubt; /* why the form may be another person's as well */
};

/* The site's region in capitals; UK is GB; what has not two letters is none. */
void form_region(const struct normalise_site *site, char ret[static 3]);

/* Trimmed, NFC, lower case; domain as IDNA A-labels; for gmail.com and
 * googlemail.com, which deliver to one mailbox, dots and +suffix of the local
 * part fall away and the domain is gmail.com. No quoted local parts, comments,
 * address literals or single-label domains. */
enum normalise_reason form_email(const struct form_input *in, struct form_output *out);

/* E.164: "+" and digits. Doubtful: extensions and letters. */
enum normalise_reason form_phone(const struct form_input *in, struct form_output *out);

/* Ids: trimmed and NFKC (full-width digits are digits). Leading zeros stay:
 * "0042" and "42" are two customers. loyalty_id is upper-cased and loses inner
 * spaces, since people type it from a card; account_id, payment_ref and ticket
 * are made by programs, may tell case apart, and keep it. */
enum normalise_reason form_loyalty_id(const struct form_input *in, struct form_output *out);
enum normalise_reason form_account_id(const struct form_input *in, struct form_output *out);
enum normalise_reason form_payment_ref(const struct form_input *in, struct form_output *out);
enum normalise_reason form_ticket(const struct form_input *in, struct form_output *out);

/* Names: words.h's folding, words apart by one space. Titles and degrees fall away
 * at both ends, and so do Jr and III: father and son have two birth dates, and
 * tills write the suffix one day and not the next. A surname's particles stand
 * in front and cling to it: "van der Berg", "Berg, van der", "Vanderberg". */
enum normalise_reason form_given_name(const struct form_input *in, struct form_output *out);
enum normalise_reason form_surname(const struct form_input *in, struct form_output *out);

/* "hauptstr 12a": the name with its usual words shortened, then the house number. */
enum normalise_reason form_street(const struct form_input *in, struct form_output *out);
enum normalise_reason form_city(const struct form_input *in, struct form_output *out);

/* "1990-12-31", from years first or last, eight digits, or a month's name in English,
 * German, French or Spanish. */
enum normalise_reason form_date_of_birth(const struct form_input *in, struct form_output *out);

/* Upper-case letters and digits alone, without a country's sign ("D-10115"). Held
 * against the region's format where it is known; a US ZIP+4 is its first five digits,
 * Argentina's long code the four that its short one has. */
enum normalise_reason form_postcode(const struct form_input *in, struct form_output *out);

/* ISO 3166 alpha-2, from alpha-2, alpha-3, the number or an English name. */
enum normalise_reason form_country(const struct form_input *in, struct form_output *out);

/* m, f or x. */
enum normalise_reason form_sex(const struct form_input *in, struct form_output *out);

/* Upper-case letters and digits alone; the check digits of the region's scheme
 * where they are well known. */
enum normalise_reason form_national_id(const struct form_input *in, struct form_output *out);

/* Made by programs: case kept. */
enum normalise_reason form_cookie_id(const struct form_input *in, struct form_output *out);
/* An advertising id (UUID in any case, with or without hyphens or braces) as a
 * lower-case UUID; the all-zero one is nobody. Other ids keep their case. */
enum normalise_reason form_device_id(const struct form_input *in, struct form_output *out);
/* RFC 5952; an IPv4 address inside IPv6 is the IPv4 address. */
enum normalise_reason form_ip(const struct form_input *in, struct form_output *out);

#endif
