/* One instance per LUN and node, and how to start beside one that is dead (floor 4).
 *
 * The lock ends with the process that holds it; but a process that was killed while
 * its I/O hangs is dead for everybody but the kernel, which keeps its descriptors,
 * and with them the lock, until the LUN answers. So the lock file names its holder,
 * and one that is already exiting is no obstacle: its file is left to it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <syslog.h>
#include <unistd.h>

#include "daemon.h"

#define PROCESS_EXITING 0x4u	/* PF_EXITING in the flags of /proc/PID/stat */

static void lock_path(const struct daemon *d, char *ret_path, size_t size)
{
	(void)snprintf(ret_path, size, RUN_DIR "/%u:%u.lock", major(d->lun.device.rdev),
		       minor(d->lun.device.rdev));
}

/* Its pid; 0 when the file does not say, or not yet. */
static int holder_pid(int fd)
{
	char text[16];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	long pid;

	if (n <= 0)
		return 0;
	text[n] = '\0';
	pid = strtol(text, NULL, 10);
	return pid > 0 && pid <= INT_MAX ? (int)pid : 0;
}

/* Has this process begun to die? One that cannot be seen counts as alive. */
static bool process_exits(int pid)
{
	char path[32], text[512];
	const char *end;
	unsigned flags;
	char state;
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	end = strrchr(text, ')');	/* the name before it may hold anything */
	return end && sscanf(end + 1, " %c %*d %*d %*d %*d %*d %u", &state, &flags) == 2 &&
	       (state == 'Z' || state == 'X' || (flags & PROCESS_EXITING));
}

static int lock_open(const char *path)
{
	return open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

/* 0 locked; -EWOULDBLOCK: another one runs. */
static int lock_take(const char *path, int *ret_fd)
{
	int fd = lock_open(path);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && process_exits(holder_pid(fd))) {
		(void)close(fd);
		(void)unlink(path);	/* it keeps its lock, on a file without a name */
		fd = lock_open(path);
	}
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		int error = -errno;

		(void)close(fd);
		return error;
	}
	*ret_fd = fd;
	return 0;
}

int instance_lock(struct daemon *d)
{
	char path[64];
	int error, dir_fd;

	(void)mkdir(RUN_DIR, 0755);	/* there already is fine; else open() says why */
	lock_path(d, path, sizeof(path));
	dir_fd = open(RUN_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd >= 0)
		(void)flock(dir_fd, LOCK_EX);	/* one after the other: a file may be replaced */
	error = lock_take(path, &d->lun.lock_fd);
	if (dir_fd >= 0)
		(void)close(dir_fd);
	if (error == 0)
		return EXIT_OK;
	if (error != -EWOULDBLOCK) {
		fprintf(stderr, "qdiskd: %s: %s\n", path, strerror(-error));
		return EXIT_DEVICE;
	}
	puts("QDisk services already running");
	(void)fflush(stdout);
	exit(EXIT_OK);
}

void instance_name(const struct daemon *d)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	/* without it a corpse is taken for alive, as ever */
	if (ftruncate(d->lun.lock_fd, 0) != 0 || pwrite(d->lun.lock_fd, text, (size_t)n, 0) != n)
		log_line(LOG_WARNING, "lock file in " RUN_DIR ": %m");
}

void instance_unlock(const struct daemon *d)
{
	(void)flock(d->lun.lock_fd, LOCK_UN);	/* the descriptor may outlive us in the kernel */
}
