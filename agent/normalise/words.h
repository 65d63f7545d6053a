/* words.h - what people write about themselves, folded to plain words.
 *
 * NFKC, lower case, no diacritics (Latin, Greek and Cyrillic: é is e, ё is е, й is
 * и, ά is α), ligatures and crossed letters spelt out (ß is ss, æ ae, ø o, ł l,
 * þ th), the final ς a plain σ. Apostrophes vanish, other punctuation parts
 * words, one space stands between them. Digits of every script are ASCII's.
 *
 * Nothing is transliterated: Cyrillic and Greek have several romanisations each,
 * and picking one would be a guess; nor is German ue made u, since Bauer has one.
 * Other scripts keep their marks, which are letters there.
 */
#ifndef DUNLIN_NORMALISE_WORDS_H
#define DUNLIN_NORMALISE_WORDS_H

#include "agent/normalise/forms.h"

#include <stdbool.h>

#define WORDS_MAX 64

struct word {
    const char *s;
    size_t len;
};

/* `keep`: ASCII characters that stay when they stand between digits or letters. */
enum normalise_reason words_fold(const struct form_input *in, const char *keep,
                                 struct form_output *out);

/* At most WORDS_MAX; what is beyond stays one with the last. */
size_t words_split(const char *text, size_t len, struct word ret[static WORDS_MAX]);

bool word_is(struct word w, const char *text);
bool word_ends(struct word w, const char *suffix);
/* Whether `list`, words parted by single spaces, has it. */
bool word_in(struct word w, const char *list);

/* Appends a word, after a space unless `glued` or first. False: no room. */
bool words_add(struct form_output *out, struct word w, bool glued);

/* Makes a form of its own form until that changes nothing, so that the form of a
 * form is itself; what does not come to rest has none. */
typedef enum normalise_reason words_form(const struct form_input *in, struct form_output *out);
enum normalise_reason words_settle(const struct form_input *in, words_form *once,
                                   struct form_output *out);

bool words_have_letter(const char *text, size_t len);

#endif
