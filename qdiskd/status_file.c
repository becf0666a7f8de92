/* status_file: legacy's text, written by a child. */
#include "status.h"
#include "status_put.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHILD_FD 3
#define TEMPORARY ".new"

/* ---- The text ---- */

static void put_set(struct out *o, const char *name, qd_mask mask)
{
	put(o, "%s: {", name);
	for (; mask; mask &= mask - 1)
		put(o, " %u", qd_lowest(mask));
	put(o, " }\n");
}

/* With -d legacy dumped its tables here, in no format that anyone could rely on. */
static void put_nodes(struct out *o, const struct status_snapshot *s)
{
	for (uint32_t i = 0; i < s->node_count && i < QD_NODE_MAX; i++) {
		const struct status_node *n = &s->node[i];

		put(o, "node_info_t [node %u] {\n    name = %.63s\n    state = %s\n", n->id, n->name,
		    qd_state_text(n->state));
		put(o, "    up = %d, voting = %d, evicted = %d, missed = %u\n}\n", n->up, n->voting,
		    n->evicted, n->missed);
	}
}

size_t status_text(const struct status_snapshot *snapshot, char *ret_text, size_t size)
{
	const struct status_snapshot *s = snapshot;
	struct out o = { .text = ret_text, .size = size };
	time_t wall = (time_t)s->wall_s;
	char when[32] = "";
	struct tm tm;

	assert(size >= STATUS_TEXT_MAX);
	if (localtime_r(&wall, &tm))
		(void)strftime(when, sizeof(when), "%a %b %e %H:%M:%S %Y", &tm);	/* ctime's */
	put(&o, "Time Stamp: %s\nNode ID: %u\n", when, s->node_id);
	put(&o, "Score: %u/%u (Minimum required = %u)\n", s->score, s->score_max,
	    s->score_required);
	put(&o, "Current state: %s\n", qd_state_text(s->state));
	put_set(&o, "Initializing Set", s->initialising);
	put_set(&o, "Visible Set", s->visible);
	if (s->state != QD_STATE_INIT && s->master)
		put(&o, "Master Node ID: %u\n", s->master);
	else if (s->state != QD_STATE_INIT)
		put(&o, "Master Node ID: (none)\n");
	if (s->state != QD_STATE_INIT && s->master)
		put_set(&o, "Quorate Set", s->quorate_set);
	if (s->debug)
		put_nodes(&o, s);
	put(&o, "\n");
	return o.used;
}

/* ---- The child ---- */

static void write_all(int fd, const char *text, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, text, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;	/* a status that nobody takes is worth nothing */
		text += n;
		size -= (size_t)n;
	}
}

static void file_replace(const char *path, const char *temporary, const char *text, size_t size)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	int fd = open(temporary, flags, 0644);

	if (fd < 0 && errno == EEXIST && unlink(temporary) == 0)	/* of an earlier life */
		fd = open(temporary, flags, 0644);
	if (fd < 0)
		return;
	write_all(fd, text, size);
	if (close(fd) < 0 || rename(temporary, path) < 0)
		(void)unlink(temporary);
}

static void fifo_write(const char *path, const char *text, size_t size)
{
	int fd = open(path, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return;	/* nobody reads */
	if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode))
		write_all(fd, text, size);
	(void)close(fd);
}

/* Write one text to wherever `path` leads by now. */
static void child_write(const char *path, const char *temporary, const char *text, size_t size)
{
	struct stat st;

	if (strcmp(path, "-") == 0)
		write_all(STDOUT_FILENO, text, size);
	else if (lstat(path, &st) < 0 ? errno == ENOENT : S_ISREG(st.st_mode))
		file_replace(path, temporary, text, size);
	else if (S_ISFIFO(st.st_mode))
		fifo_write(path, text, size);
}

__attribute__((noreturn)) static void child_run(const char *path, const char *temporary)
{
	char text[STATUS_TEXT_MAX];
	ssize_t n, more;

	do {
		n = recv(CHILD_FD, text, sizeof(text), 0);
		if (n <= 0)
			_exit(0);
		/* We are behind: only the newest counts. */
		while ((more = recv(CHILD_FD, text, sizeof(text), MSG_DONTWAIT)) > 0)
			n = more;
		child_write(path, temporary, text, (size_t)n);
	} while (more < 0);
	_exit(0);
}

/* In the child of a fork: leave behind all that is the daemon's. All signals stay
 * blocked: only the end of its input ends it, not what stops a whole service. */
__attribute__((noreturn)) static void child_begin(int fd, const char *path, const char *temporary)
{
	(void)signal(SIGPIPE, SIG_IGN);	/* synchronous, but blocked: EPIPE either way */
	(void)prctl(PR_SET_NAME, "qdiskd-status", 0, 0, 0);
	if (dup2(fd, CHILD_FD) < 0)
		_exit(1);
	(void)close_range(CHILD_FD + 1, ~0u, 0);
	child_run(path, temporary);
}

/* ---- The daemon's side ---- */

static int path_check(const char *path)
{
	char dir[QD_PATH_LEN];
	struct stat st;
	char *slash;

	if (strcmp(path, "-") == 0)
		return 0;
	if (lstat(path, &st) == 0)
		return S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode) ? 0 : -EINVAL;
	if (errno != ENOENT)
		return -errno;
	(void)snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (!slash)
		return 0;
	slash[slash == dir ? 1 : 0] = '\0';
	return access(dir, W_OK | X_OK) < 0 ? -errno : 0;
}

int status_file_open(const char *path, struct status_file *f)
{
	char temporary[QD_PATH_LEN + sizeof(TEMPORARY)];
	sigset_t all, old;
	int ends[2], r;
	pid_t pid;

	if (!path[0] || strlen(path) >= QD_PATH_LEN)
		return -EINVAL;
	r = path_check(path);
	if (r < 0)
		return r;
	(void)snprintf(temporary, sizeof(temporary), "%s" TEMPORARY, path);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &old);
	pid = fork();
	if (pid == 0)
		child_begin(ends[1], path, temporary);
	r = pid < 0 ? -errno : 0;
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	(void)close(ends[1]);
	if (r < 0) {
		(void)close(ends[0]);
		return r;
	}
	f->fd = ends[0];
	f->pid = pid;
	return 0;
}

int status_file_publish(const struct status_file *f, const struct status_snapshot *snapshot)
{
	char text[STATUS_TEXT_MAX];
	size_t size = status_text(snapshot, text, sizeof(text));

	if (send(f->fd, text, size, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return 0;
	return errno == EAGAIN || errno == ENOBUFS ? -EAGAIN : -errno;
}

void status_file_close(struct status_file *f)
{
	if (f->old_pid && waitpid(f->old_pid, NULL, WNOHANG) == 0) {
		(void)kill(f->old_pid, SIGKILL);
		(void)waitpid(f->old_pid, NULL, WNOHANG);
	}
	f->old_pid = 0;
	if (!f->pid)
		return;
	(void)close(f->fd);
	f->fd = -1;
	if (waitpid(f->pid, NULL, WNOHANG) == 0)
		f->old_pid = f->pid;
	f->pid = 0;
}
