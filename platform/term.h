/* term.h - what stands behind stderr and stdout: a person at a terminal, or a file. */
#ifndef DUNLIN_TERM_H
#define DUNLIN_TERM_H

#include <stdbool.h>

/* True when escape sequences on stderr reach a screen. NO_COLOR and a dumb
 * terminal are respected by term_has_colour. */
bool term_is_interactive(void);
bool term_has_colour(void);

/* Width of that screen; 80 when nobody tells. */
unsigned term_columns(void);

/* True when stdout is a screen, dumb or not: where a secret must not be shown. */
bool term_stdout_is_screen(void);

/* Before a secret goes there: a file that a shell opened for stdout becomes its
 * owner's alone (0600). Windows: its folder's access list decides. */
void term_stdout_make_private(void);

#endif
