/* /proc/partitions and a device mapper's name, as the kernel's texts for whatever is plugged
 * in: no line of them leads out of /dev or beyond the list. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The reading is the hand's own: from within. */
#include "../../qdiskd/discover.c"

static struct discover_roots roots = { .dev = "/dev", .sys = "sys" };
static char partitions_path[32];
static int partitions_fd = -1;

/* sys/dev/block/1:1/dm/name is the input's; one more device has none. */
static void roots_make(void)
{
	MUST(system("mkdir -p sys/dev/block/1:1/dm") == 0);
	partitions_fd = memfd_create("partitions", MFD_CLOEXEC);
	MUST(partitions_fd >= 0);
	(void)snprintf(partitions_path, sizeof(partitions_path), "/proc/self/fd/%d", partitions_fd);
	roots.partitions = partitions_path;
}

static void file_set(int fd, const void *bytes, size_t size)
{
	MUST(ftruncate(fd, 0) == 0);
	MUST(pwrite(fd, bytes, size, 0) == (ssize_t)size);
}

static void mapper_name_set(const char *name)
{
	FILE *f = fopen("sys/dev/block/1:1/dm/name", "we");

	MUST(f);
	(void)fputs(name, f);
	MUST(fclose(f) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct candidate candidates[DISCOVER_CANDIDATES_MAX];
	struct fuzz f = { data, size };
	unsigned count = 77, more = 77;
	char mapper[200];

	if (partitions_fd < 0)
		roots_make();
	fuzz_line(&f, mapper, sizeof(mapper));
	mapper_name_set(mapper);
	file_set(partitions_fd, f.at, f.left);
	MUST(candidates_read(&roots, candidates, &count, &more) == 0);
	MUST(count <= DISCOVER_CANDIDATES_MAX);
	for (unsigned i = 0; i < count; i++) {
		const char *path = candidates[i].path;

		MUST(strnlen(path, DISCOVER_PATH_MAX) < DISCOVER_PATH_MAX);
		MUST(strncmp(path, "/dev/", 5) == 0);
	}
	return 0;
}
