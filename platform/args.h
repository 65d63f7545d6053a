/* args.h - the command line as UTF-8, as every path and text of ours is. */
#ifndef DUNLIN_ARGS_H
#define DUNLIN_ARGS_H

/* main's own argv, or on Windows, where that is in an old code page, the same
 * words anew: they live as long as the process. Another argv is given back. */
char **args_utf8(int argc, char **argv);

#endif
