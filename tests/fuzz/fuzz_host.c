/* What qdisk-tool check, mkqdisk and qdiskd read of this machine: /sys, /proc, multipath.conf
 * and Pacemaker's CIB. Any text in any of them.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int host_open(const char *path);

/* The readings are the programs' own: from within, with a machine that is the input. */
#define open(path, ...) host_open(path)
#define fopen(path, mode) fdopen(host_open(path), "r")
#include "../../mkqdisk/mk_use.c"
#include "../../qdiskd/tool_check_host.c"
#include "../../qdiskd/watchdog.c"
#undef open
#undef fopen

enum { FILES = 4, FILE_MAX = 2000 };

static struct {
	uint8_t bytes[FILE_MAX];
	size_t size;
} file[FILES];
static unsigned opened;

/* The files of the input in turn, whatever the name. */
static int host_open(const char *path)
{
	unsigned i = opened++ % FILES;
	int fd = memfd_create("host", MFD_CLOEXEC);

	MUST(strlen(path) < 200);
	MUST(fd >= 0);
	MUST(write(fd, file[i].bytes, file[i].size) == (ssize_t)file[i].size);
	MUST(lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

void mk_say(const char *format, ...)
{
	(void)format;
}

void mk_clean(char *text)
{
	(void)text;
}

static void check_queue(void)
{
	struct check_lun lun = { .queue = CHECK_QUEUE_NO };

	read_multipath(makedev(253, 1), &lun);
	MUST(lun.queue != CHECK_QUEUE_FOR || lun.queue_ms >= 1000);	/* one look a second at least */
	MUST(lun.queue == CHECK_QUEUE_FOR || lun.queue_ms == 0);
	read_scheduler(makedev(8, 0), lun.scheduler, sizeof(lun.scheduler));
	MUST(strnlen(lun.scheduler, sizeof(lun.scheduler)) < sizeof(lun.scheduler));
	MUST(!strpbrk(lun.scheduler, "]\n"));
}

static void check_watchdog(void)
{
	char error[WATCHDOG_ERROR_LEN] = "";
	int rc = watchdog_check("/dev/null", 10, false, error, sizeof(error));

	MUST(rc == 0 || rc == -EBUSY || rc == -ERANGE);
	MUST((rc == 0) == (error[0] == '\0'));
	MUST(fuzz_one_line(error));
}

static void check_use(void)
{
	char text[MK_USE_MAX] = "";

	MUST(!use_mounted(makedev(8, 1), text) || strnlen(text, sizeof(text)) < sizeof(text));
	(void)use_swap(makedev(8, 1), text);
	MUST(strnlen(text, sizeof(text)) < sizeof(text));
}

/* The kernel's texts have no NUL in them: one ends each file. */
static void file_take(struct fuzz *f, unsigned i)
{
	const uint8_t *end = f->left ? memchr(f->at, 0, f->left) : NULL;
	size_t n = end ? (size_t)(end - f->at) : f->left;
	struct fuzz part = { f->at, n };

	file[i].size = fuzz_bytes(&part, file[i].bytes, FILE_MAX);
	n += end != NULL;
	f->at += n;
	f->left -= n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct check_facts facts;
	struct fuzz f = { data, size };

	for (unsigned i = 0; i < FILES; i++)
		file_take(&f, i);
	opened = 0;
	check_queue();
	opened = 0;
	check_watchdog();
	check_use();
	memset(&facts, 0, sizeof(facts));
	tool_check_pacemaker(&facts);
	MUST(facts.pacemaker);
	return 0;
}
