/* normalize_lines.h - `dunlin normalize -`: many identifiers in one run, for a list
 * that is to be checked and for tests.
 *
 * Reads lines TYPE<TAB>VALUE[<TAB>REGION] from standard input and answers each with
 * one line, in order: the canonical form, or ! and the reason there is none.
 */
#ifndef DUNLIN_NORMALIZE_LINES_H
#define DUNLIN_NORMALIZE_LINES_H

/* `region` stands in where a line has none. Gives an exit code: a reason is an answer
 * and no failure. */
int normalize_lines(const char *region);

#endif
