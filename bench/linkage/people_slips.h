/* people_slips.h - what goes wrong between a person and a record. */
#ifndef DUNLIN_BENCH_PEOPLE_SLIPS_H
#define DUNLIN_BENCH_PEOPLE_SLIPS_H

#include "bench/linkage/people_chance.h"
#include "bench/linkage/people_names.h"
#include "bench/linkage/people_places.h"
#include "bench/linkage/people_rates.h"

/* What a slip may put in place of the truth. */
struct slip_context {
    struct chance *chance;
    const struct names *names;
    const struct places *places;
    const struct address *address; /* the one that is written */
    enum culture culture;
    bool woman;
    const char *second_given; /* "": none */
};

/* Does it to f[field], which is not empty, or leaves all as it was: false. */
bool slip_apply(const struct slip_context *s, enum people_slip slip, enum people_field field,
                char f[static PEOPLE_FIELDS][PEOPLE_FIELD_BYTES]);

/* ---- on any text (people_slips_text.c) -------------------------------------------- */

/* False: too short for it. UTF-8 stays whole: only ASCII letters and digits are hit. */
bool text_insert(struct chance *c, char *text, size_t cap);
bool text_delete(struct chance *c, char *text);
bool text_substitute(struct chance *c, char *text);
bool text_transpose(struct chance *c, char *text);
bool text_double(struct chance *c, char *text, size_t cap);
bool text_ocr(struct chance *c, char *text, size_t cap);
bool text_phonetic(struct chance *c, char *text, size_t cap);
bool text_space(struct chance *c, char *text, size_t cap);
bool text_wrong_digit(struct chance *c, char *text);
bool text_abbreviate(struct chance *c, char *text);
bool text_lose_word(struct chance *c, char *text);
bool text_move_words(struct chance *c, char *text, size_t cap);
bool text_truncate(struct chance *c, char *text);

/* ---- hands: how a field looks (people_slips_text.c) ------------------------------- */

/* Takes a letter away that was cut in two by the end of a field. */
void text_end_whole(char *text);
/* É is E; with `spelt_out`, Ä is Ae and ß ss. */
void text_to_ascii(char *text, size_t cap, bool spelt_out);
/* Latin letters, also those of two bytes. */
void text_change_case(char *text, bool upper);
void text_widen(struct chance *c, char *text, size_t cap);

#endif
