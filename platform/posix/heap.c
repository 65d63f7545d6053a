#include "platform/heap.h"

#include <stdlib.h> /* tells by __GLIBC__ whose allocator it is */

#ifdef __GLIBC__
#include <malloc.h>
#endif

void heap_give_back(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}
