// SPDX-License-Identifier: BSD-3-Clause
/* faultlun_loop: the process that attaches the loop devices of faultlun and keeps
 * them. It is another one than that which serves them: who serves must never wait for
 * I/O of his own, and opening, configuring and closing a loop device may. */
#include "faultlun.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define LOOP_MAJOR 7
#define TRIES 100	/* others take loop devices at the same time */

/* Open loop device `number`, also where nobody makes device nodes. */
static int loop_node_open(int number)
{
	char path[32];
	int fd;

	(void)snprintf(path, sizeof(path), "/dev/loop%d", number);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (mknod(path, S_IFBLK | 0600, makedev(LOOP_MAJOR, (unsigned)number)) < 0)
		return -1;
	return open(path, O_RDWR | O_CLOEXEC);
}

/* Attach a free loop device to a file; its number. The descriptor stays open. */
static int loop_attach(const char *file, unsigned sector_bytes)
{
	struct loop_config config = {
		.block_size = sector_bytes,
		.info = { .lo_flags = LO_FLAGS_DIRECT_IO | LO_FLAGS_AUTOCLEAR },
	};
	int file_fd = open(file, O_RDWR | O_CLOEXEC | O_DIRECT);
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);

	if (file_fd < 0 || control < 0)
		return -1;
	config.fd = (unsigned)file_fd;
	for (int i = 0; i < TRIES; i++) {
		int number = ioctl(control, LOOP_CTL_GET_FREE);
		int fd = number < 0 ? -1 : loop_node_open(number);

		if (fd >= 0 && ioctl(fd, LOOP_CONFIGURE, &config) == 0) {
			(void)close(file_fd);	/* the loop device has its own */
			(void)close(control);
			return number;
		}
		if (fd >= 0)
			(void)close(fd);
		(void)usleep(10000);
	}
	return -1;
}

/* Attach all, then show the list in one step. */
static int loops_attach(const char *mount, unsigned path_count, unsigned sector_bytes,
			const char *list)
{
	char new_list[4096], file[4096];
	FILE *f;

	(void)snprintf(new_list, sizeof(new_list), "%s.new", list);
	f = fopen(new_list, "we");
	if (!f)
		return -1;
	for (unsigned p = 1; p <= path_count; p++) {
		int number;

		(void)snprintf(file, sizeof(file), "%s/p%u", mount, p);
		number = loop_attach(file, sector_bytes);
		if (number < 0) {
			fprintf(stderr, "faultlun: no loop device for %s: %m\n", file);
			(void)fclose(f);
			return -1;
		}
		fprintf(f, "/dev/loop%d\n", number);
	}
	return fclose(f) == 0 && rename(new_list, list) == 0 ? 0 : -1;
}

int loops_fork(const char *mount, unsigned path_count, unsigned sector_bytes, const char *list)
{
	int ready[2];
	pid_t parent = getpid(), child;
	char go;

	if (pipe2(ready, O_CLOEXEC) != 0 || (child = fork()) < 0) {
		perror("faultlun");
		return -1;
	}
	if (child > 0) {
		(void)close(ready[0]);
		return ready[1];
	}
	(void)close(ready[1]);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent ||
	    read(ready[0], &go, 1) != 1 ||
	    loops_attach(mount, path_count, sector_bytes, list) != 0)
		_exit(1);
	for (;;)
		(void)pause();
}
