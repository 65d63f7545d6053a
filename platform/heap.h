/* heap.h - freed memory back to the machine.
 *
 * An allocator keeps what a busy hour needed for the next one. On a till that
 * hour is lunch, and the machine has other things to run.
 */
#ifndef DUNLIN_HEAP_H
#define DUNLIN_HEAP_H

/* Costs a walk over the heap: for the moment when work has stopped. Pages that are
 * locked into memory stay, but for the heap's end. */
void heap_give_back(void);

#endif
