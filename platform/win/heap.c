#include "platform/heap.h"

#include <malloc.h>

void heap_give_back(void)
{
    _heapmin();
}
