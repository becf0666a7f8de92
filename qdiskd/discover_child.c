/* One question to a device, asked in a child: see discover_child.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

#include "discover_child.h"
#include "privileges.h"

#define ANSWER_FD 3		/* in the child */
#define REAP_ROUNDS 20
#define REAP_PAUSE_MS 5

int child_set_open(struct child_set *set)
{
	int fds[2];

	*set = (struct child_set){ .answers = -1, .asked = -1, .timer = -1 };
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	set->answers = fds[0];
	set->asked = fds[1];
	set->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	return set->timer < 0 ? -errno : 0;
}

/* The child of a daemon must keep none of its sockets, locks and watchdogs, of
 * a tool none of its pipes: it may be stuck in the kernel for hours. And no
 * privilege but to read: libblkid will read whatever is on the device. */
static void child_settle(int fd, pid_t parent)
{
	sigset_t none;
	int null;

	if (privileges_drop_to_reading() < 0)
		_exit(1);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	(void)sigemptyset(&none);	/* cannot fail */
	(void)signal(SIGPIPE, SIG_DFL);	/* nobody listens: gone */
	(void)signal(SIGTERM, SIG_DFL);
	(void)signal(SIGALRM, SIG_DFL);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		_exit(1);
	if (fd != ANSWER_FD && dup2(fd, ANSWER_FD) < 0)
		_exit(1);
	if (close_range(ANSWER_FD + 1, ~0U, 0) < 0)
		_exit(1);
	null = open("/dev/null", O_RDWR);
	for (int i = 0; i < 3; i++) {
		if (null < 0 ? close(i) < 0 && errno != EBADF : dup2(null, i) < 0)
			_exit(1);
	}
	if (null > ANSWER_FD)
		(void)close(null);	/* its copies stay */
}

int child_set_ask(struct child_set *set, child_fn *fn, const void *arg)
{
	pid_t parent = getpid(), pid;

	if (set->count == DISCOVER_CANDIDATES_MAX)
		return -EAGAIN;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		child_settle(set->asked, parent);
		fn(ANSWER_FD, arg);
		_exit(0);
	}
	set->pid[set->count++] = pid;
	return 0;
}

int child_set_start(struct child_set *set, unsigned deadline_ms)
{
	struct itimerspec when = {
		.it_value = { .tv_sec = deadline_ms / 1000,
			      .tv_nsec = (long)(deadline_ms % 1000) * 1000000 },
	};

	(void)close(set->asked);	/* so that the last child's end is the end */
	set->asked = -1;
	return timerfd_settime(set->timer, 0, &when, NULL) < 0 ? -errno : 0;
}

ssize_t child_set_read(struct child_set *set, void *ret_bytes, size_t size)
{
	struct pollfd fds[2] = {
		{ .fd = set->answers, .events = POLLIN },
		{ .fd = set->timer, .events = POLLIN },
	};
	ssize_t n;

	do
		n = poll(fds, 2, -1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (fds[0].revents == 0)
		return -ETIMEDOUT;
	do
		n = read(set->answers, ret_bytes, size);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* How many are still there. */
static unsigned reap(struct child_set *set)
{
	unsigned left = 0;

	for (unsigned i = 0; i < set->count; i++) {
		if (set->pid[i] == 0)
			continue;
		if (waitpid(set->pid[i], NULL, WNOHANG) == 0)
			left++;
		else
			set->pid[i] = 0;
	}
	return left;
}

void child_set_close(struct child_set *set)
{
	int fds[3] = { set->answers, set->asked, set->timer };

	if (reap(set) > 0) {
		for (unsigned i = 0; i < set->count; i++) {
			if (set->pid[i] != 0)
				(void)kill(set->pid[i], SIGKILL);	/* it may just have gone */
		}
	}
	for (int i = 0; i < 3; i++) {
		if (fds[i] >= 0)
			(void)close(fds[i]);	/* nothing of ours is in it */
	}
	for (unsigned i = 0; i < REAP_ROUNDS && reap(set) > 0; i++)
		(void)poll(NULL, 0, REAP_PAUSE_MS);	/* a pause, no more */
}

void child_answer(int fd, const void *bytes, size_t size)
{
	const char *p = bytes;

	while (size > 0) {
		ssize_t n = write(fd, p, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		p += n;
		size -= (size_t)n;
	}
}
