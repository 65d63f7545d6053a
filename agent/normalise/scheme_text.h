/* scheme_text.h - the few things that platforms do to a text, as flags. Inside
 * the schemes only. */
#ifndef DUNLIN_NORMALISE_SCHEME_TEXT_H
#define DUNLIN_NORMALISE_SCHEME_TEXT_H

#include "agent/normalise/forms.h"

enum scheme_text {
    SCHEME_TRIM_BLANKS = 1, /* U+0020 alone, at both ends */
    SCHEME_TRIM = 2,        /* white space of Unicode, at both ends */
    SCHEME_DROP_SPACE = 4,  /* white space everywhere */
    SCHEME_LOWER_ASCII = 8,
    SCHEME_LOWER = 16,
    SCHEME_UPPER = 32,
    SCHEME_DROP_PUNCT = 64,  /* ASCII's */
    SCHEME_ONLY_ALNUM = 128, /* a-z, 0-9 */
    SCHEME_ONLY_ALPHA = 256, /* a-z */
    SCHEME_ONLY_DIGITS = 512,
};

/* NORMALISE_EMPTY: nothing is left. */
enum normalise_reason scheme_text(const struct form_input *in, unsigned flags,
                                  struct form_output *out);

/* One function a rule. */
enum normalise_reason scheme_uid2_email(const struct form_input *in, struct form_output *out);
enum normalise_reason scheme_google_email(const struct form_input *in, struct form_output *out);
enum normalise_reason scheme_lower_email(const struct form_input *in, struct form_output *out);
enum normalise_reason scheme_tiktok_email(const struct form_input *in, struct form_output *out);
enum normalise_reason scheme_uid2_phone(const struct form_input *in, struct form_output *out);
enum normalise_reason scheme_as_is_phone(const struct form_input *in, struct form_output *out);
enum normalise_reason scheme_plus_phone(const struct form_input *in, struct form_output *out);
enum normalise_reason scheme_bare_phone(const struct form_input *in, struct form_output *out);
enum normalise_reason scheme_google_name(const struct form_input *in, struct form_output *out);
enum normalise_reason scheme_meta_name(const struct form_input *in, struct form_output *out);
enum normalise_reason scheme_snap_name(const struct form_input *in, struct form_output *out);
enum normalise_reason scheme_birth_date(const struct form_input *in, struct form_output *out);
enum normalise_reason scheme_gender(const struct form_input *in, struct form_output *out);
enum normalise_reason scheme_meta_city(const struct form_input *in, struct form_output *out);
enum normalise_reason scheme_lower_text(const struct form_input *in, struct form_output *out);
enum normalise_reason scheme_clear_text(const struct form_input *in, struct form_output *out);
enum normalise_reason scheme_state(const struct form_input *in, struct form_output *out);
enum normalise_reason scheme_meta_postcode(const struct form_input *in,
                                           struct form_output *out);
enum normalise_reason scheme_zip(const struct form_input *in, struct form_output *out);
enum normalise_reason scheme_country(const struct form_input *in, struct form_output *out);
enum normalise_reason scheme_google_country(const struct form_input *in,
                                            struct form_output *out);
enum normalise_reason scheme_meta_id(const struct form_input *in, struct form_output *out);

#endif
