// SPDX-License-Identifier: BSD-3-Clause
/* lunprobe: one O_DIRECT request through libaio, as the daemon makes them.
 *
 *	lunprobe DEVICE read OFFSET BYTES LIMIT_MS
 *	lunprobe DEVICE write OFFSET BYTES LIMIT_MS HEX_BYTE [COUNT]
 *
 * Prints one line: "ok MS ms CONTENT" (of a read, run by run: aa*256 00*256), an
 * errno's name, or "hung" after LIMIT_MS, and then a second line, "late ...", when the
 * request ends after all. COUNT writes go out at once, with as many bytes between
 * them, so that they are not joined; the line is that of the last one to end. */
#include <errno.h>
#include <fcntl.h>
#include <libaio.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define COUNT_MAX 64
#define RUNS_MAX 8

static long now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);	/* cannot fail */
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void content_print(const uint8_t *bytes, size_t size)
{
	size_t from = 0;

	for (int runs = 0; from < size; runs++) {
		size_t to = from;

		if (runs == RUNS_MAX) {
			printf(" ...");
			return;
		}
		while (to < size && bytes[to] == bytes[from])
			to++;
		printf(" %02x*%zu", bytes[from], to - from);
		from = to;
	}
}

static void end_print(const struct io_event *e, const struct iocb *iocb, long took_ms)
{
	long result = (long)e->res;

	if (result < 0) {
		printf("%s\n", strerrorname_np((int)-result));
		return;
	}
	printf("ok %ld ms", took_ms);
	if (iocb->aio_lio_opcode == IO_CMD_PREAD)
		content_print(iocb->u.c.buf, (size_t)result);
	printf("\n");
}

/* Submit them all and wait for all; the process cannot end before, anyway. */
static int probe(struct iocb *iocbs, int count, long limit_ms)
{
	struct iocb *list[COUNT_MAX];
	struct timespec limit = { .tv_sec = limit_ms / 1000, .tv_nsec = limit_ms % 1000 * 1000000 };
	struct io_event events[COUNT_MAX];
	io_context_t context = NULL;
	long start = now_ms();
	int n;

	for (int i = 0; i < count; i++)
		list[i] = &iocbs[i];
	if (io_setup(COUNT_MAX, &context) != 0 || io_submit(context, count, list) != count) {
		fputs("lunprobe: cannot submit\n", stderr);
		return 1;
	}
	n = io_getevents(context, count, count, events, &limit);
	if (n < count) {
		printf("hung\n");
		(void)fflush(stdout);
		n += io_getevents(context, count - n, count - n, events + n, NULL);
		printf("late ");
	}
	end_print(&events[count - 1], events[count - 1].obj, now_ms() - start);
	return 0;
}

int main(int argc, char **argv)
{
	static struct iocb iocbs[COUNT_MAX];
	int write = argc > 2 && strcmp(argv[2], "write") == 0;
	int count = argc > 7 ? atoi(argv[7]) : 1, fd;
	size_t size;
	uint8_t *bytes;

	if (argc < 6 + write || count < 1 || count > COUNT_MAX) {
		fputs("usage: see the head of lunprobe.c\n", stderr);
		return 2;
	}
	(void)setvbuf(stdout, NULL, _IOFBF, 0);
	size = (size_t)atol(argv[4]);
	fd = open(argv[1], O_RDWR | O_DIRECT | O_CLOEXEC);
	if (fd < 0 || posix_memalign((void **)&bytes, 4096, size * (size_t)count) != 0) {
		perror(argv[1]);
		return 1;
	}
	for (int i = 0; i < count; i++) {
		long long offset = atoll(argv[3]) + 2 * (long long)size * i;

		if (write) {
			memset(bytes, (int)strtol(argv[6], NULL, 16), size);
			io_prep_pwrite(&iocbs[i], fd, bytes, size, offset);
		} else {
			io_prep_pread(&iocbs[i], fd, bytes, size, offset);
		}
	}
	return probe(iocbs, count, atol(argv[5]));
}
