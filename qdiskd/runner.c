/* Runs: their deadlines, their ends, and what they leave behind; see runner.h. */
#include "runner_spawn.h"

#include <errno.h>
#include <signal.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define SYSTEM_PATH "/usr/sbin:/usr/bin:/sbin:/bin"

/* A command that floods its output is drained at most once in so long, and at
 * most so much then: it waits for us, not we for it. */
#define DRAIN_PAUSE_MS 50u
#define DRAIN_BYTES 65536u
#define STRAYS_PAUSE_MS 100u
#define STRAYS_BYTES 4096u
#define EVENTS_MAX 16

#define KEY_TIMER UINT64_MAX
#define KEY_OUTPUT 0x100u	/* beside the slot's number; without: its pidfd */

int runner_open(struct runner *r, const char *heuristics_dir)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u64 = KEY_TIMER };
	int n, error;

	memset(r, 0, sizeof(*r));
	r->epoll_fd = r->timer_fd = -1;
	for (uint32_t i = 0; i < RUNNER_SLOTS; i++)
		r->slot[i].pid_fd = r->slot[i].output_fd = -1;
	n = snprintf(r->path, sizeof(r->path), "PATH=%s%s%s", SYSTEM_PATH,
		     heuristics_dir ? ":" : "", heuristics_dir ? heuristics_dir : "");
	if (n < 0 || (size_t)n >= sizeof(r->path))
		return -ENAMETOOLONG;
	r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (r->epoll_fd < 0)
		return -errno;
	r->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (r->timer_fd < 0)
		goto out;
	if (epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, r->timer_fd, &e) < 0)
		goto out;
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		goto out;
	return 0;
out:
	error = -errno;
	runner_close(r);
	return error;
}

/* Kill the group and keep nothing but what reaping needs. */
static void slot_kill(struct runner *r, struct runner_slot *s)
{
	(void)kill(-s->pid, SIGKILL);	/* the leader is not reaped, so the group is ours */
	runner_fd_close(&s->output_fd);
	s->state = RUNNER_DYING;
	s->done = NULL;
	s->drain_ms = 0;
	r->strays_looks = 2;	/* now, and once more when those killed are gone */
}

void runner_close(struct runner *r)
{
	for (uint32_t i = 0; i < RUNNER_SLOTS; i++) {
		struct runner_slot *s = &r->slot[i];

		if (s->state == RUNNER_RUNNING)
			slot_kill(r, s);
		runner_fd_close(&s->pid_fd);
		s->state = RUNNER_IDLE;
	}
	runner_fd_close(&r->timer_fd);
	runner_fd_close(&r->epoll_fd);
}

int runner_fd(const struct runner *r)
{
	return r->epoll_fd;
}

static void earlier(uint64_t *at_ms, uint64_t candidate_ms)
{
	if (candidate_ms && (!*at_ms || candidate_ms < *at_ms))
		*at_ms = candidate_ms;
}

/* Set the timer to whatever is due first. */
static void timer_arm(struct runner *r)
{
	struct itimerspec when = { 0 };
	uint64_t at_ms = 0;

	if (r->strays_looks)
		earlier(&at_ms, r->strays_ms);
	for (uint32_t i = 0; i < RUNNER_SLOTS; i++) {
		if (r->slot[i].state != RUNNER_RUNNING)
			continue;
		earlier(&at_ms, r->slot[i].deadline_ms);
		earlier(&at_ms, r->slot[i].drain_ms);
	}
	if (at_ms == r->armed_ms)
		return;
	when.it_value.tv_sec = (time_t)(at_ms / 1000);
	when.it_value.tv_nsec = (long)(at_ms % 1000) * 1000000;
	if (timerfd_settime(r->timer_fd, TFD_TIMER_ABSTIME, &when, NULL) == 0)
		r->armed_ms = at_ms;
}

/* ---- Starting ---- */

static int slot_find(const struct runner *r, uint32_t slot)
{
	if (slot < RUNNER_HEURISTICS)
		return r->slot[slot].state == RUNNER_IDLE ? (int)slot : -EBUSY;
	if (slot != RUNNER_ANY)
		return -EINVAL;
	for (uint32_t i = RUNNER_HEURISTICS; i < RUNNER_SLOTS; i++)
		if (r->slot[i].state == RUNNER_IDLE)
			return (int)i;
	return -ENOBUFS;
}

/* Put the descriptors of a started command into our epoll. */
static int slot_watch(struct runner *r, uint32_t i)
{
	struct runner_slot *s = &r->slot[i];
	struct epoll_event exit = { .events = EPOLLIN, .data.u64 = i };
	struct epoll_event output = { .events = EPOLLIN | EPOLLONESHOT, .data.u64 = i | KEY_OUTPUT };

	s->pid_fd = pidfd_open(s->pid, 0);
	if (s->pid_fd < 0)
		return -errno;
	if (epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, s->pid_fd, &exit) < 0)
		return -errno;
	if (s->output_fd >= 0 && epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, s->output_fd, &output) < 0)
		return -errno;
	return 0;
}

/* Process and watch. On failure nothing is left but a stray. */
static int slot_start(struct runner *r, uint32_t i, const struct runner_command *c)
{
	struct runner_slot *s = &r->slot[i];
	int ret = runner_spawn(r->path, c, &s->output_fd);

	if (ret < 0)
		return ret;
	s->pid = ret;
	ret = slot_watch(r, i);
	if (ret == 0)
		return 0;
	slot_kill(r, s);
	runner_fd_close(&s->pid_fd);
	s->state = RUNNER_IDLE;
	return ret;
}

int runner_start(struct runner *r, uint32_t slot, const struct runner_command *c,
		 uint64_t now_ms)
{
	struct runner_slot *s;
	int i, ret;

	if (!c->done || !c->deadline_ms)
		return -EINVAL;
	i = slot_find(r, slot);
	if (i < 0)
		return i;
	s = &r->slot[i];
	ret = slot_start(r, (uint32_t)i, c);
	if (ret == 0) {
		s->state = RUNNER_RUNNING;
		s->start_ms = now_ms;
		s->deadline_ms = now_ms + c->deadline_ms;
		s->drain_ms = 0;
		s->done = c->done;
		s->arg = c->arg;
		s->tail_size = 0;
		s->tail[0] = '\0';
		ret = i;
	}
	if (ret < 0)
		r->strays_ms = now_ms;
	timer_arm(r);
	return ret;
}

void runner_cancel(struct runner *r, uint32_t slot)
{
	if (slot < RUNNER_SLOTS && r->slot[slot].state == RUNNER_RUNNING)
		slot_kill(r, &r->slot[slot]);
}

bool runner_busy(const struct runner *r, uint32_t slot)
{
	return slot < RUNNER_SLOTS && r->slot[slot].state != RUNNER_IDLE;
}

/* ---- Ending ---- */

/* Keep the last RUNNER_TAIL bytes of what has been written so far. */
static void tail_append(struct runner_slot *s, const char *bytes, size_t size)
{
	size_t keep;

	if (size > RUNNER_TAIL) {
		bytes += size - RUNNER_TAIL;
		size = RUNNER_TAIL;
	}
	keep = s->tail_size + size > RUNNER_TAIL ? RUNNER_TAIL - size : s->tail_size;
	memmove(s->tail, s->tail + s->tail_size - keep, keep);
	memcpy(s->tail + keep, bytes, size);
	s->tail_size = keep + size;
	s->tail[s->tail_size] = '\0';
}

/* Take what stands in the pipe, at most DRAIN_BYTES. False: nothing will follow. */
static bool output_take(struct runner_slot *s)
{
	char bytes[4096];

	for (size_t done = 0; s->output_fd >= 0 && done < DRAIN_BYTES;) {
		ssize_t n = read(s->output_fd, bytes, sizeof(bytes));

		if (n <= 0)
			return n < 0 && (errno == EAGAIN || errno == EINTR);
		tail_append(s, bytes, (size_t)n);
		done += (size_t)n;
	}
	return s->output_fd >= 0;
}

/* Report once. The slot is no longer running when the callback starts others. */
static void slot_report(struct runner_slot *s, const struct runner_result *result)
{
	runner_done_fn done = s->done;
	char tail[RUNNER_TAIL + 1];
	struct runner_result copy = *result;

	s->done = NULL;
	if (!done)
		return;
	memcpy(tail, s->tail, s->tail_size + 1);
	copy.output = tail;
	copy.output_size = s->tail_size;
	done(s->arg, &copy);
}

/* The pidfd is readable: the command has ended; end its group, then reap it. */
static void slot_reap(struct runner *r, uint32_t i, uint64_t now_ms)
{
	struct runner_slot *s = &r->slot[i];
	struct runner_result result = { .slot = i, .took_ms = now_ms - s->start_ms,
					.now_ms = now_ms };
	siginfo_t info = { 0 };

	if (waitid(P_PIDFD, (id_t)s->pid_fd, &info, WEXITED | WNOHANG | WNOWAIT) == 0) {
		if (!info.si_pid)
			return;
		(void)kill(-s->pid, SIGKILL);
		(void)waitid(P_PIDFD, (id_t)s->pid_fd, &info, WEXITED | WNOHANG);
		result.end = info.si_code == CLD_EXITED ? RUNNER_EXITED : RUNNER_SIGNALED;
		result.code = info.si_status;
	} else {
		result.end = RUNNER_LOST;
	}
	(void)output_take(s);
	runner_fd_close(&s->output_fd);
	runner_fd_close(&s->pid_fd);
	s->state = RUNNER_IDLE;
	s->drain_ms = 0;
	r->strays_looks = 2;
	r->strays_ms = now_ms;
	slot_report(s, &result);
}

static void slot_time_out(struct runner *r, uint32_t i, uint64_t now_ms)
{
	struct runner_slot *s = &r->slot[i];
	struct runner_result result = {
		.slot = i, .end = RUNNER_TIMED_OUT, .took_ms = now_ms - s->start_ms,
		.now_ms = now_ms
	};
	runner_done_fn done = s->done;

	(void)output_take(s);
	slot_kill(r, s);
	r->strays_ms = now_ms;
	s->done = done;
	slot_report(s, &result);
}

/* One look at the output, then none for a while (EPOLLONESHOT). */
static void slot_drain(struct runner_slot *s, uint64_t now_ms)
{
	if (s->state == RUNNER_RUNNING && output_take(s))
		s->drain_ms = now_ms + DRAIN_PAUSE_MS;
	else
		runner_fd_close(&s->output_fd);
}

/* Deadlines, and outputs that may be looked at again. */
static void slots_due(struct runner *r, uint64_t now_ms)
{
	for (uint32_t i = 0; i < RUNNER_SLOTS; i++) {
		struct runner_slot *s = &r->slot[i];
		struct epoll_event e = { .events = EPOLLIN | EPOLLONESHOT,
					 .data.u64 = i | KEY_OUTPUT };

		if (s->state == RUNNER_RUNNING && now_ms >= s->deadline_ms) {
			slot_time_out(r, i, now_ms);
		} else if (s->drain_ms && now_ms >= s->drain_ms) {
			s->drain_ms = 0;
			(void)epoll_ctl(r->epoll_fd, EPOLL_CTL_MOD, s->output_fd, &e);
		}
	}
}

static void event_handle(struct runner *r, uint64_t key, uint64_t now_ms)
{
	uint32_t i = (uint32_t)(key & (KEY_OUTPUT - 1));
	uint64_t expirations;

	if (key == KEY_TIMER) {
		if (read(r->timer_fd, &expirations, sizeof(expirations)) > 0)
			r->armed_ms = 0;
	} else if (key & KEY_OUTPUT) {
		if (r->slot[i].output_fd >= 0)
			slot_drain(&r->slot[i], now_ms);
	} else if (r->slot[i].pid_fd >= 0) {
		slot_reap(r, i, now_ms);
	}
}

void runner_dispatch(struct runner *r, uint64_t now_ms)
{
	struct epoll_event events[EVENTS_MAX];
	int n = epoll_wait(r->epoll_fd, events, EVENTS_MAX, 0);

	for (int i = 0; i < n; i++)
		event_handle(r, events[i].data.u64, now_ms);
	slots_due(r, now_ms);
	if (r->strays_looks && now_ms >= r->strays_ms) {
		if (runner_reap_strays(r) > 0)
			r->strays_looks = 2;
		else
			r->strays_looks--;
		r->strays_ms = now_ms + STRAYS_PAUSE_MS;
	}
	timer_arm(r);
}

/* ---- Strays ---- */

static bool pid_known(const struct runner *r, pid_t pid)
{
	for (uint32_t i = 0; i < RUNNER_SLOTS; i++)
		if (r->slot[i].state != RUNNER_IDLE && r->slot[i].pid == pid)
			return true;
	return false;
}

/* The file lists the main thread's children, orphans that came to us included:
 * "12 34 56 ". A list cut off at the buffer's end is continued at the next look.
 * On a kernel without it strays live on, harmless to us. */
unsigned runner_reap_strays(const struct runner *r)
{
	char path[64], text[STRAYS_BYTES + 1] = "", *at = text, *end;
	pid_t own = getsid(0);
	unsigned found = 0;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	(void)close(fd);
	for (;;) {
		pid_t pid = (pid_t)strtol(at, &end, 10);

		if (end == at || *end != ' ')
			return found;
		at = end + 1;
		if (pid <= 0 || pid_known(r, pid) || getsid(pid) == own)
			continue;
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, WNOHANG);
		found++;
	}
}
