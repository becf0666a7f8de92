/* From a command to a process with nothing of the daemon's; see runner_spawn.h. */
#include "runner_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* Of its own line, so that the command reads as if /bin/sh -c had got it alone. */
#define PROLOGUE "echo 0 2>/dev/null >/proc/self/oom_score_adj\n"

void runner_fd_close(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

/* What a child gets: descriptors. -1 for /dev/null. */
struct spawn_fds {
	int input, output;
};

static int actions_fill(posix_spawn_file_actions_t *fa, struct spawn_fds fds)
{
	int e = fds.input >= 0 ? posix_spawn_file_actions_adddup2(fa, fds.input, 0)
			       : posix_spawn_file_actions_addopen(fa, 0, "/dev/null", O_RDONLY, 0);

	if (e == 0)
		e = fds.output >= 0
			    ? posix_spawn_file_actions_adddup2(fa, fds.output, 1)
			    : posix_spawn_file_actions_addopen(fa, 1, "/dev/null", O_WRONLY, 0);
	if (e == 0)
		e = posix_spawn_file_actions_adddup2(fa, 1, 2);
	if (e == 0)
		e = posix_spawn_file_actions_addclosefrom_np(fa, 3);
	if (e == 0)
		e = posix_spawn_file_actions_addchdir_np(fa, "/");
	return -e;
}

static int attributes_fill(posix_spawnattr_t *attr)
{
	const struct sched_param other = { .sched_priority = 0 };
	sigset_t none, all;
	int e;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	e = posix_spawnattr_setsigmask(attr, &none);
	if (e == 0)
		e = posix_spawnattr_setsigdefault(attr, &all);
	if (e == 0)
		e = posix_spawnattr_setschedpolicy(attr, SCHED_OTHER);
	if (e == 0)
		e = posix_spawnattr_setschedparam(attr, &other);
	if (e == 0)
		e = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
							   POSIX_SPAWN_SETSCHEDULER |
							   POSIX_SPAWN_SETSID);
	return -e;
}

/* Run argv with env; the new process id, or negative errno. */
static int spawn(char *const argv[], char *const env[], struct spawn_fds fds)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	pid_t pid = 0;
	int r;

	if (posix_spawn_file_actions_init(&fa) != 0)
		return -ENOMEM;
	if (posix_spawnattr_init(&attr) != 0) {
		(void)posix_spawn_file_actions_destroy(&fa);
		return -ENOMEM;
	}
	r = actions_fill(&fa, fds);
	if (r == 0)
		r = attributes_fill(&attr);
	if (r == 0)
		r = -posix_spawn(&pid, argv[0], &fa, &attr, argv, env);
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&fa);
	if (r < 0)
		return r;
	(void)setpriority(PRIO_PGRP, (id_t)pid, 0);	/* a daemon's nice value, if it has one */
	return pid;
}

/* The command line: our prologue, then the command. */
static int command_spawn(const char *path, const struct runner_command *c,
			 struct spawn_fds fds)
{
	char script[sizeof(PROLOGUE) + RUNNER_SHELL_MAX], agent[RUNNER_SHELL_MAX];
	char *argv[] = { (char[]){ "/bin/sh" }, (char[]){ "-c" }, script, agent, NULL };
	const char *env[RUNNER_ENV_MAX + 2] = { path };
	int n = snprintf(script, sizeof(script), PROLOGUE "%s",
			 c->shell ? c->shell : "exec \"$0\"");

	if (n < 0 || (size_t)n >= sizeof(script))
		return -E2BIG;
	n = snprintf(agent, sizeof(agent), "%s", c->shell ? "sh" : c->agent);
	if (n < 0 || (size_t)n >= sizeof(agent))
		return -E2BIG;
	for (uint32_t i = 0; c->env && c->env[i]; i++) {
		if (i == RUNNER_ENV_MAX)
			return -E2BIG;
		env[1 + i] = c->env[i];
	}
	return spawn(argv, (char *const *)env, fds);
}

/* A memory file holding `text`, positioned at its start; it cannot block. */
static int input_make(const char *text)
{
	size_t size = strlen(text), done = 0;
	int error, fd = memfd_create("qdiskd-input", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	while (done < size) {
		ssize_t n = write(fd, text + done, size - done);

		if (n <= 0)
			goto out;
		done += (size_t)n;
	}
	if (lseek(fd, 0, SEEK_SET) == 0)
		return fd;
out:
	error = errno ? -errno : -EIO;
	(void)close(fd);
	return error;
}

static int output_make(int *ret_read, int *ret_write)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0) {
		int r = -errno;

		(void)close(ends[0]);
		(void)close(ends[1]);
		return r;
	}
	*ret_read = ends[0];
	*ret_write = ends[1];
	return 0;
}

pid_t runner_spawn(const char *path, const struct runner_command *c, int *ret_output)
{
	struct spawn_fds fds = { .input = -1, .output = -1 };
	int ret = 0;

	*ret_output = -1;
	if (!c->shell == !c->agent)
		return -EINVAL;
	if (c->agent && (!c->agent[0] || c->agent[0] == '-'))
		return -EINVAL;	/* the shell would take it for an option */
	if (c->input)
		ret = fds.input = input_make(c->input);
	if (ret >= 0 && c->keep_output)
		ret = output_make(ret_output, &fds.output);
	if (ret >= 0)
		ret = command_spawn(path, c, fds);
	runner_fd_close(&fds.input);
	runner_fd_close(&fds.output);
	if (ret < 0)
		runner_fd_close(ret_output);
	return ret;
}
