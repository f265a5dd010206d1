/* Counts what a process allocates, for whoever looks at the file that $ALLOCATION_COUNTS names; to be preloaded.

   The file holds, as 64-bit numbers: allocations, frees, bytes that live (as the allocator rounds them). A realloc is
   one allocation; of something that lived it is one free, too. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* The allocator's own names for its functions: dlsym would allocate. */
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);

struct counts {
    _Atomic uint64_t allocations;
    _Atomic uint64_t frees;
    _Atomic int64_t live_bytes;
};

static struct counts early;
static struct counts *_Atomic counts = &early;

__attribute__((constructor)) static void open_counts(void) {
    const char *path = getenv("ALLOCATION_COUNTS");
    if (path == NULL) return;
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0 || ftruncate(file, sizeof(struct counts)) != 0) abort();
    void *shared = mmap(NULL, sizeof(struct counts), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (shared == MAP_FAILED) abort();
    close(file);
    /* A child process would count into the same file. */
    unsetenv("LD_PRELOAD");
    struct counts *live = shared;
    live->allocations = early.allocations;
    live->frees = early.frees;
    live->live_bytes = early.live_bytes;
    counts = live;
}

static inline struct counts *now(void) { return atomic_load_explicit(&counts, memory_order_relaxed); }

static void *allocated(void *pointer) {
    if (pointer != NULL) {
        struct counts *c = now();
        atomic_fetch_add_explicit(&c->allocations, 1, memory_order_relaxed);
        atomic_fetch_add_explicit(&c->live_bytes, (int64_t)malloc_usable_size(pointer), memory_order_relaxed);
    }
    return pointer;
}

static void freed(void *pointer) {
    if (pointer != NULL) {
        struct counts *c = now();
        atomic_fetch_add_explicit(&c->frees, 1, memory_order_relaxed);
        atomic_fetch_sub_explicit(&c->live_bytes, (int64_t)malloc_usable_size(pointer), memory_order_relaxed);
    }
}

void *malloc(size_t size) { return allocated(__libc_malloc(size)); }

void *calloc(size_t count, size_t size) { return allocated(__libc_calloc(count, size)); }

void *realloc(void *old, size_t size) {
    int64_t before = old != NULL ? (int64_t)malloc_usable_size(old) : 0;
    void *new = __libc_realloc(old, size);
    if (new == NULL && size != 0) return NULL; /* It failed, and the old one is still there. */
    if (old != NULL) {
        struct counts *c = now();
        atomic_fetch_add_explicit(&c->frees, 1, memory_order_relaxed);
        atomic_fetch_sub_explicit(&c->live_bytes, before, memory_order_relaxed);
    }
    return allocated(new);
}

void *reallocarray(void *old, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(old, bytes);
}

void free(void *pointer) {
    freed(pointer);
    __libc_free(pointer);
}

void *memalign(size_t alignment, size_t size) { return allocated(__libc_memalign(alignment, size)); }

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **result, size_t alignment, size_t size) {
    if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0) return EINVAL;
    void *pointer = memalign(alignment, size);
    if (pointer == NULL) return ENOMEM;
    *result = pointer;
    return 0;
}

void *valloc(size_t size) { return memalign((size_t)sysconf(_SC_PAGESIZE), size); }
