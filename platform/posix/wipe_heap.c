/* Every free() of the process wipes first, those inside libraries too.
 *
 * A parser, an HTTP library or SQLite copies personal data into buffers that it
 * frees without a thought. mallopt(M_PERTURB) was the obvious way, but glibc
 * 2.36 keeps freed chunks of up to 1,032 bytes in a per-thread cache that it
 * does not overwrite (tried: a freed 100-byte string was still whole). So free
 * and realloc are replaced, as the C library allows: the programs' symbols win
 * over libc's. It costs one memset a free, some 20 ns a small chunk.
 *
 * Sanitizers bring an allocator of their own; other C libraries do not export
 * the functions behind: there this file is empty.
 */
#define _GNU_SOURCE /* explicit_bzero */
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OWN_ALLOCATOR 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OWN_ALLOCATOR 1
#endif
#endif

#if defined(__GLIBC__) && !defined(OWN_ALLOCATOR)

void __libc_free(void *p);

void free(void *p)
{
    if (!p)
        return;
    explicit_bzero(p, malloc_usable_size(p));
    __libc_free(p);
}

void *realloc(void *old, size_t len)
{
    if (!old)
        return malloc(len);
    if (len == 0) { /* glibc's own answer */
        free(old);
        return NULL;
    }
    size_t had = malloc_usable_size(old);
    if (len <= had && len > had / 2) {
        explicit_bzero((char *)old + len, had - len);
        return old;
    }
    void *new = malloc(len);
    if (!new)
        return NULL;
    memcpy(new, old, len < had ? len : had);
    free(old);
    return new;
}

#else
typedef int wipe_heap_is_empty_here; /* ISO C wants a declaration in every file */
#endif
