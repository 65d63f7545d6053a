/* phone_table.h - the facts about telephone numbers, as packaging/phone-table wrote
 * them: about 60 kB of constants, relocation-free, the same on every machine.
 *
 * phone_automaton: states of a minimal acyclic automaton over digits, one after
 * another; a state's name is its place. First word: bit 15 says whether a number may
 * end here, the rest how many edges follow. An edge is two words: a mask of ten
 * digits and the state they lead to. No edge for a digit: not in the set.
 *
 * phone_programs: expressions whose alternatives are tried in order, as words
 * `operation << 12 | operand`. Jumps only go forward, so every program ends.
 */
#ifndef DUNLIN_PHONE_TABLE_H
#define DUNLIN_PHONE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define PHONE_NONE            0xFFFF /* no program, no state */
#define PHONE_GROUPS_MAX      2      /* of a program */
#define PHONE_WAITING_MAX     8      /* alternatives that wait while a program runs */
#define PHONE_TRANSFORM_BYTES 8

enum phone_operation {
    PHONE_DIGIT, /* takes a digit of the mask */
    PHONE_SPLIT, /* goes on here; if that fails, at the operand's word */
    PHONE_JUMP,
    PHONE_SAVE, /* 2n: group n starts here; 2n + 1: it ends */
    PHONE_END,  /* no digit may follow */
    PHONE_MATCH,
};

/* How one region, or one code that belongs to no region, writes its numbers. */
struct phone_plan {
    char region[3];    /* ISO 3166, or "" */
    uint16_t code;     /* country calling code */
    uint16_t abroad;   /* program: dialled here before a country calling code */
    uint16_t trunk;    /* program: dialled here before an area code, and what looks like it */
    uint8_t groups;    /* of `trunk` */
    uint8_t transform; /* what replaces a match whose last group took part; 0: nothing */
    uint16_t general;  /* state: what may be a number at all */
    uint32_t lengths;  /* bit n: complete numbers of n digits exist */
    uint32_t local;    /* bit n: n digits can only be dialled within an area */
};

struct phone_code {
    uint16_t code;
    uint16_t plan;  /* of the region that stands for all that share the code */
    uint16_t valid; /* state: valid national numbers of any of them */
};

extern const struct phone_plan phone_plans[]; /* sorted by region, then those without */
extern const size_t phone_plan_count, phone_region_count;
extern const struct phone_code phone_codes[]; /* sorted */
extern const size_t phone_code_count;
extern const char phone_transforms[][PHONE_TRANSFORM_BYTES]; /* digits, and $n for group n */
extern const uint16_t phone_programs[];
extern const uint16_t phone_automaton[];

/* The zeros of Unicode's decimal digits, sorted: each has nine digits after it. */
extern const uint32_t phone_zeros[];
extern const size_t phone_zero_count;

#endif
