/* An LD_PRELOAD library that counts a process's heap allocations.
 *
 *	BENCH_MALLOC_FILE=/dev/shm/count LD_PRELOAD=bench_malloc.so PROGRAM...
 *
 * The file holds two u64 in host order that follow the process while it runs: calls
 * that allocate, calls of free() with memory. Nothing is written, it is mapped. Only
 * the first program counts: what it starts does not inherit the library. glibc only. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct counts {
	_Atomic uint64_t allocations, frees;
};

/* Until the file is mapped, the process counts for itself. */
static struct counts at_start;
static struct counts *counts = &at_start;

/* glibc's own, under the names by which a replacement may call them. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

static void counted(void)
{
	atomic_fetch_add_explicit(&counts->allocations, 1, memory_order_relaxed);
}

void *malloc(size_t size)
{
	counted();
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	counted();
	return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
	counted();
	return __libc_realloc(memory, size);
}

void *reallocarray(void *memory, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(memory, bytes);
}

void *memalign(size_t alignment, size_t size)
{
	counted();
	return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

int posix_memalign(void **ret_memory, size_t alignment, size_t size)
{
	void *memory;

	if (alignment % sizeof(void *) || !alignment || (alignment & (alignment - 1)))
		return EINVAL;
	memory = memalign(alignment, size);
	if (!memory)
		return ENOMEM;
	*ret_memory = memory;
	return 0;
}

void free(void *memory)
{
	if (memory)
		atomic_fetch_add_explicit(&counts->frees, 1, memory_order_relaxed);
	__libc_free(memory);
}

static void __attribute__((constructor)) counts_map(void)
{
	const char *path = getenv("BENCH_MALLOC_FILE");
	int fd = path ? open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : -1;
	struct counts *mapped = MAP_FAILED;

	if (fd >= 0 && ftruncate(fd, sizeof(*mapped)) == 0)
		mapped = mmap(NULL, sizeof(*mapped), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mapped == MAP_FAILED) {
		perror("bench_malloc: BENCH_MALLOC_FILE");
		_exit(99);	/* a count of nothing would look like a good one */
	}
	(void)close(fd);	/* the mapping stays */
	atomic_store(&mapped->allocations, atomic_load(&at_start.allocations));
	atomic_store(&mapped->frees, atomic_load(&at_start.frees));
	counts = mapped;
	(void)unsetenv("LD_PRELOAD");
}
