/* A look at the LUN to which a reload wants to move (floor 4). As a start would, in a
 * child: a LUN may hang, and the cycle may not. The child also marks the label there:
 * a node whose configuration is new, but which has not moved with the others, must not
 * begin on it alone. */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "daemon.h"

/* Only one on which nobody has beaten yet: what lies in an old one could be taken for
 * somebody who still counts. */
static int judge_new(const struct daemon *d)
{
	const struct qd_label *label = &d->lun.label;

	if (label->has_ext && label->timings.interval_ms == 0)
		return EXIT_OK;
	fprintf(stderr, "qdiskd: %s: %s; to move to it label it anew with mkqdisk -c\n", d->lun.path,
		label->has_ext ? "has been a quorum disk" : "was labelled by the Cluster Suite");
	return EXIT_CONFIG;
}

static int look(struct daemon *d, const struct qd_config *next, const struct qd_params *params,
		struct lun_look_result *result)
{
	const struct qd_label before = d->lun.label;
	int rc;

	d->config = *next;
	d->params = *params;
	rc = start_lun(d);
	if (rc == EXIT_OK && memcmp(before.uuid, d->lun.label.uuid, QD_UUID_LEN) != 0) {
		rc = judge_new(d);
		if (rc == EXIT_OK && !d->lun.label.reserved && start_reserve(d) != 0) {
			fprintf(stderr, "qdiskd: %s: its label cannot be written\n", d->lun.path);
			rc = EXIT_DEVICE;
		}
	}
	result->label = d->lun.label;
	result->good = rc == EXIT_OK;
	return rc;
}

/* Nothing of the daemon's stays open in it: it may hang in the kernel for hours. */
static void child(struct daemon *d, const struct qd_config *next, const struct qd_params *params, int fd)
	__attribute__((noreturn));
static void child(struct daemon *d, const struct qd_config *next, const struct qd_params *params, int fd)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);	/* cannot fail: a valid signal */
	if (dup2(fd, STDERR_FILENO) < 0)
		_exit(EXIT_DEVICE);
	(void)close_range(STDERR_FILENO + 1, ~0u, 0);
	_exit(look(d, next, params, d->instep.look.result));
}

void look_reap(struct daemon *d)
{
	struct lun_look *l = &d->instep.look;

	if (l->old_pid && waitpid(l->old_pid, NULL, WNOHANG) != 0)
		l->old_pid = 0;
}

/* It has nothing to say any more, or nobody listens. It is reaped when it has died: one
 * that hangs in the kernel is not waited for. */
static void look_close(struct lun_look *l)
{
	(void)close(l->fd);
	(void)kill(l->pid, SIGKILL);
	l->old_pid = l->pid;
	l->pid = 0;
}

void look_end(struct daemon *d)
{
	struct lun_look *l = &d->instep.look;

	if (l->pid == 0)
		return;
	(void)qb_loop_poll_del(d->loop, l->fd);
	look_close(l);
	(void)munmap(l->result, sizeof(*l->result));
	l->result = NULL;
}

static int on_look(int fd, int revents, void *data)
{
	struct daemon *d = data;
	struct lun_look *l = &d->instep.look;
	ssize_t n = read(fd, l->text + l->used, sizeof(l->text) - 1 - l->used);
	struct lun_look_result result;

	(void)revents;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n > 0) {
		l->used += (size_t)n;
		if (l->used < sizeof(l->text) - 1)
			return 0;
	}
	l->text[l->used] = '\0';
	l->text[strcspn(l->text, "\n")] = '\0';
	result = *l->result;
	look_end(d);
	instep_looked(d, &result, l->text);
	return 0;
}

int look_begin(struct daemon *d, const struct qd_config *next, const struct qd_params *params)
{
	struct lun_look *l = &d->instep.look;
	int fds[2], rc;

	l->used = 0;
	l->result = mmap(NULL, sizeof(*l->result), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (l->result == MAP_FAILED)
		return -errno;
	l->result->good = false;
	rc = pipe2(fds, O_CLOEXEC) == 0 ? 0 : -errno;
	l->pid = rc == 0 ? fork() : -1;
	if (l->pid == 0)
		child(d, next, params, fds[1]);
	if (rc == 0)
		(void)close(fds[1]);
	if (rc == 0 && l->pid < 0) {
		rc = -EAGAIN;
		(void)close(fds[0]);
	}
	if (rc != 0) {
		l->pid = 0;
		(void)munmap(l->result, sizeof(*l->result));
		return rc;
	}
	l->fd = fds[0];
	(void)fcntl(l->fd, F_SETFL, O_NONBLOCK);	/* cannot fail on a pipe of ours */
	rc = qb_loop_poll_add(d->loop, QB_LOOP_LOW, l->fd, POLLIN, d, on_look);
	if (rc != 0) {
		look_close(l);
		(void)munmap(l->result, sizeof(*l->result));
	}
	return rc;
}
