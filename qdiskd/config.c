/* The configuration file as the daemon sees it: the near end of qdisk-readconf. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"

#ifndef QD_LIBEXECDIR
#define QD_LIBEXECDIR "/usr/libexec/qdisk"
#endif

#define REAP_MS 100		/* while the cycle runs */
#define REAP_WAITING_MS 2000	/* where waiting is all there is to do */

/* DIR/NAME; false when it does not fit. */
static bool join(char ret_path[QD_PATH_LEN], const char *dir, size_t dir_length, const char *name)
{
	int n = snprintf(ret_path, QD_PATH_LEN, "%.*s/%s", (int)dir_length, dir, name);

	return n > 0 && n < QD_PATH_LEN;
}

bool config_program(const char *name, char ret_path[QD_PATH_LEN])
{
	const char *dir = secure_getenv("QDISK_LIBEXECDIR");
	char self[QD_PATH_LEN];
	ssize_t n;

	if (dir && dir[0] == '/')
		return join(ret_path, dir, strnlen(dir, QD_PATH_LEN), name);
	n = readlink("/proc/self/exe", self, sizeof(self));
	while (n > 0 && self[n - 1] != '/')
		n--;
	if (n > 1 && join(ret_path, self, (size_t)n - 1, name) && access(ret_path, X_OK) == 0)
		return true;
	return join(ret_path, QD_LIBEXECDIR, strlen(QD_LIBEXECDIR), name);
}

/* The file's name as an absolute path. 0 or negative errno. */
static int absolute(const char *path, char ret_path[QD_PATH_LEN])
{
	char dir[QD_PATH_LEN] = "";
	int n;

	if (path[0] != '/' && !getcwd(dir, sizeof(dir)))
		return -errno;
	n = snprintf(ret_path, QD_PATH_LEN, "%s%s%s", dir, path[0] == '/' ? "" : "/", path);
	return n > 0 && n < QD_PATH_LEN ? 0 : -ENAMETOOLONG;
}

/* The child: own process group, no signal blocked or ignored, a small
 * environment, stdin from nowhere, stdout our pipe. 0 or an errno value. */
static int spawn(const char *program, char *file, int out, pid_t *ret_pid)
{
	char name[] = CONFIG_READER, path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char locale[] = "LC_ALL=C";
	char *const argv[] = { name, file, NULL };
	char *const envp[] = { path, locale, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int error;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	error = posix_spawn_file_actions_init(&actions);
	if (error)
		return error;
	error = posix_spawnattr_init(&attr);
	if (error)
		goto out;
	error = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
							POSIX_SPAWN_SETSIGDEF);
	if (!error)
		error = posix_spawnattr_setsigmask(&attr, &none);
	if (!error)
		error = posix_spawnattr_setsigdefault(&attr, &all);
	if (!error)
		error = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	if (!error)
		error = posix_spawn_file_actions_adddup2(&actions, out, 1);
	if (!error)
		error = posix_spawn(ret_pid, program, &actions, &attr, argv, envp);
	(void)posix_spawnattr_destroy(&attr);	/* cannot fail */
out:
	(void)posix_spawn_file_actions_destroy(&actions);	/* cannot fail */
	return error;
}

/* A pipe whose near end never blocks and that no other child inherits. */
static int open_pipe(int ret_fd[2])
{
	if (pipe2(ret_fd, O_CLOEXEC) < 0)
		return -errno;
	if (fcntl(ret_fd[0], F_SETFL, O_NONBLOCK) == 0)
		return 0;
	(void)close(ret_fd[0]);	/* nothing was written */
	(void)close(ret_fd[1]);
	return -EIO;
}

int config_start(struct config_reader *ret_reader, const char *path, char *error,
		 size_t error_size)
{
	struct config_reader *r = ret_reader;
	char program[QD_PATH_LEN];
	int ends[2], status;

	memset(r, 0, sizeof(*r));
	status = absolute(path, r->file);
	if (status < 0) {
		(void)snprintf(error, error_size, "%.200s: the path is refused: %s; allowed: at most "
			       "%d bytes", path, strerror(-status), QD_PATH_LEN - 1);
		return status;
	}
	if (!config_program(CONFIG_READER, program)) {
		(void)snprintf(error, error_size, "the path of " CONFIG_READER " is too long");
		return -ENAMETOOLONG;
	}
	status = open_pipe(ends);
	if (status == 0) {
		status = -spawn(program, r->file, ends[1], &r->pid);
		(void)close(ends[1]);	/* the child's */
		if (status < 0)
			(void)close(ends[0]);	/* nothing was written */
	}
	if (status < 0) {
		r->pid = 0;
		(void)snprintf(error, error_size, "cannot run %s: %s", program, strerror(-status));
		return status;
	}
	r->fd = ends[0];
	r->pidfd = pidfd_open(r->pid, 0);
	if (r->pidfd >= 0)
		return 0;
	status = -errno;
	(void)snprintf(error, error_size, "cannot watch %s: %s", program, strerror(-status));
	config_stop(r);
	return status;
}

int config_fd(const struct config_reader *reader)
{
	return reader->fd;
}

/* The reader lied or died. */
static int misbehaved(const struct config_reader *r, const char *what, char *error,
		      size_t error_size)
{
	(void)snprintf(error, error_size, "%s: not read: " CONFIG_READER " %s", r->file, what);
	return -EPROTO;
}

static bool head_is_good(const struct config_wire *h)
{
	if (h->magic != CONFIG_WIRE_MAGIC || h->config_size != sizeof(struct qd_config))
		return false;
	if (h->status == 0)
		return h->length == sizeof(struct qd_config);
	return h->status < 0 && h->status >= -4095 && h->status != -EAGAIN && h->length > 0 &&
	       h->length < CONFIG_ERROR_LEN;
}

/* Where the next bytes go, and how many are wanted; 0: all is there. */
static size_t wanted(struct config_reader *r, char **ret_at)
{
	size_t behind = r->received - sizeof(r->head);

	if (r->received < sizeof(r->head)) {
		*ret_at = (char *)&r->head + r->received;
		return sizeof(r->head) - r->received;
	}
	*ret_at = (char *)&r->body + behind;
	return r->head.length - behind;
}

/* All has come: judge it. */
static int finish(struct config_reader *r, struct qd_config *ret, char *error, size_t error_size)
{
	const char *wrong;

	if (r->head.status < 0) {
		for (uint32_t i = 0; i < r->head.length; i++) {
			unsigned char c = (unsigned char)r->body.text[i];

			if (c < ' ' || c == 0x7f)
				r->body.text[i] = ' ';
		}
		r->body.text[r->head.length] = '\0';
		(void)snprintf(error, error_size, "%s", r->body.text);
		return r->head.status;
	}
	memcpy(r->body.config.file, r->file, sizeof(r->file));
	wrong = config_invalid(&r->body.config);
	if (wrong) {
		(void)snprintf(error, error_size, "%s: not read: " CONFIG_READER " sent an invalid %s",
			       r->file, wrong);
		return -EPROTO;
	}
	*ret = r->body.config;
	return 0;
}

int config_receive(struct config_reader *reader, struct qd_config *ret, char *error,
		   size_t error_size)
{
	char *at;
	size_t want;

	while ((want = wanted(reader, &at)) > 0) {
		ssize_t n = read(reader->fd, at, want);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return -EAGAIN;
		if (n < 0)
			return misbehaved(reader, strerror(errno), error, error_size);
		if (n == 0)
			return misbehaved(reader, "ended without an answer (killed, or the file is "
					  "too much for its limits of time and memory)", error,
					  error_size);
		reader->received += (size_t)n;
		if (reader->received == sizeof(reader->head) && !head_is_good(&reader->head))
			return misbehaved(reader, "is of another build than this program", error,
					  error_size);
	}
	return finish(reader, ret, error, error_size);
}

static void stop_within(struct config_reader *reader, int wait_ms)
{
	struct pollfd dead = { .fd = reader->pidfd, .events = POLLIN };
	siginfo_t info;

	if (reader->pid <= 0)
		return;
	if (reader->pidfd >= 0) {
		(void)pidfd_send_signal(reader->pidfd, SIGKILL, NULL, 0);	/* or dead already */
		/* A reader that a dead file system holds cannot die: it is left behind. */
		(void)poll(&dead, 1, wait_ms);
		(void)waitid(P_PIDFD, (id_t)reader->pidfd, &info, WEXITED | WNOHANG);
		(void)close(reader->pidfd);
	} else {
		(void)kill(reader->pid, SIGKILL);
		(void)waitpid(reader->pid, NULL, WNOHANG);
	}
	(void)close(reader->fd);	/* only read from */
	reader->pid = 0;
	reader->fd = reader->pidfd = -1;
}

void config_stop(struct config_reader *reader)
{
	stop_within(reader, REAP_MS);
}

/* A timer of its own, so that no clock is read here. */
static int open_timer(int deadline_ms)
{
	const struct itimerspec in = {
		.it_value = { .tv_sec = deadline_ms / 1000,
			      .tv_nsec = (long)(deadline_ms % 1000) * 1000000 + 1 },
	};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);

	if (fd >= 0 && timerfd_settime(fd, 0, &in, NULL) == 0)
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return -errno;
}

static int receive_within(struct config_reader *r, int timer, struct qd_config *ret, char *error,
			  size_t error_size)
{
	struct pollfd fds[2] = {
		{ .fd = r->fd, .events = POLLIN },
		{ .fd = timer, .events = POLLIN },
	};

	for (;;) {
		int status = config_receive(r, ret, error, error_size);

		if (status != -EAGAIN)
			return status;
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return misbehaved(r, strerror(errno), error, error_size);
		if (fds[1].revents)
			return -ETIMEDOUT;
	}
}

int config_load_within(const char *path, int deadline_ms, struct qd_config *ret, char *error,
		       size_t error_size)
{
	struct config_reader *r = malloc(sizeof(*r));
	int timer = open_timer(deadline_ms);
	int status = -ENOMEM;

	if (!r || timer < 0) {
		(void)snprintf(error, error_size, "%.200s: cannot read: no memory or timer", path);
		goto out;
	}
	status = config_start(r, path, error, error_size);
	if (status < 0)
		goto out;
	status = receive_within(r, timer, ret, error, error_size);
	if (status == -ETIMEDOUT)
		(void)snprintf(error, error_size, "%s: not read: " CONFIG_READER
			       " has not answered within %d ms", r->file, deadline_ms);
	stop_within(r, REAP_WAITING_MS);
out:
	free(r);
	if (timer >= 0)
		(void)close(timer);
	return status;
}

int config_load(const char *path, struct qd_config *ret, char *error, size_t error_size)
{
	return config_load_within(path, CONFIG_DEADLINE_MS, ret, error, error_size);
}
