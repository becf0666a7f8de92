/* The child that writes the log file; see log_writer.h. */
#include "log_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "qd_config.h"

/* cat(1) from `input` to `output`; its process id or negative errno. */
static int writer_spawn(int input, int output)
{
	char *argv[] = { (char[]){ "cat" }, NULL }, *env[] = { NULL };
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	sigset_t stops, all;
	pid_t pid;
	int e;

	(void)sigemptyset(&stops);
	(void)sigaddset(&stops, SIGTERM);
	(void)sigaddset(&stops, SIGINT);
	(void)sigaddset(&stops, SIGHUP);
	(void)sigfillset(&all);
	if (posix_spawn_file_actions_init(&fa) != 0 || posix_spawnattr_init(&attr) != 0)
		return -ENOMEM;	/* at start, or a reload that is not repeated */
	e = posix_spawn_file_actions_adddup2(&fa, input, 0);
	if (e == 0)
		e = posix_spawn_file_actions_adddup2(&fa, output, 1);
	if (e == 0)
		e = posix_spawn_file_actions_addclosefrom_np(&fa, 3);
	if (e == 0)
		e = posix_spawnattr_setsigmask(&attr, &stops);
	if (e == 0)
		e = posix_spawnattr_setsigdefault(&attr, &all);
	/* Nothing but the end of its input ends it: whoever stops a service signals all its
	 * processes, and our last words come after that. Our session, so it is no stray. */
	if (e == 0)
		e = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP |
							    POSIX_SPAWN_SETSIGMASK |
							    POSIX_SPAWN_SETSIGDEF);
	if (e == 0)
		e = posix_spawn(&pid, "/bin/cat", &fa, &attr, argv, env);
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&fa);
	return e == 0 ? (int)pid : -e;
}

/* The log file; its descriptor or negative errno. */
static int file_open(const char *path)
{
	char dir[QD_PATH_LEN];
	char *slash;
	int fd;

	(void)snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (slash && slash != dir) {
		*slash = '\0';
		if (mkdir(dir, 0755) < 0 && errno != EEXIST)
			return -errno;
	}
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
	return fd < 0 ? -errno : fd;
}

int log_writer_begin(const char *path, pid_t *ret_pid)
{
	int ends[2], pid, fd = file_open(path);

	if (fd < 0)
		return fd;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		pid = -errno;
		(void)close(fd);
		return pid;
	}
	pid = writer_spawn(ends[1], fd);
	(void)close(ends[1]);
	(void)close(fd);
	if (pid < 0) {
		(void)close(ends[0]);
		return pid;
	}
	*ret_pid = pid;
	return ends[0];
}
