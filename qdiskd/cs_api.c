/* The caller's side of the corosync hand: it never waits; see cs.h. */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cs_inner.h"

/* One dispatch of corosync's libraries holds 1 MB on the stack. */
#define CS_STACK_BYTES ((size_t)2 << 20)

static void cs_free(struct cs *cs)
{
	const int fds[] = { cs->event_fd, cs->bell_fd, cs->exit_fd, cs->epoll_fd, cs->pid_fd };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (fds[i] >= 0)
			(void)close(fds[i]); /* nothing to lose in any of them */
	}
	(void)pthread_mutex_destroy(&cs->lock);
	free(cs);
}

/* A new thread loses the caller's real-time policy to SCHED_RESET_ON_FORK unless
 * it is given one by name. 0, or errno. */
static int attr_inherit_realtime(pthread_attr_t *attr)
{
	struct sched_param param;
	int policy = sched_getscheduler(0);
	int rc;

	if (policy < 0 || sched_getparam(0, &param) < 0)
		return errno;
	policy &= ~SCHED_RESET_ON_FORK;
	if (policy != SCHED_RR && policy != SCHED_FIFO)
		return 0;
	rc = pthread_attr_setschedpolicy(attr, policy);
	if (!rc)
		rc = pthread_attr_setschedparam(attr, &param);
	if (!rc)
		rc = pthread_attr_setinheritsched(attr, PTHREAD_EXPLICIT_SCHED);
	return rc;
}

int cs_thread_begin(void *(*begin)(void *arg), void *arg, pthread_t *ret_thread)
{
	sigset_t all, before;
	pthread_attr_t attr;
	int rc = pthread_attr_init(&attr);

	if (rc)
		return -rc;
	rc = pthread_attr_setstacksize(&attr, CS_STACK_BYTES);
	if (!rc)
		rc = attr_inherit_realtime(&attr);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before); /* cannot fail: valid arguments */
	if (!rc)
		rc = pthread_create(ret_thread, &attr, begin, arg);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attr);
	return -rc;
}

/* 0, or negative errno. */
static int cs_fds_open(struct cs *cs)
{
	struct epoll_event bell = { .events = EPOLLIN | EPOLLET, .data = { .u32 = CS_EV_BELL } };

	cs->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	cs->bell_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	cs->exit_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	cs->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (cs->event_fd < 0 || cs->bell_fd < 0 || cs->exit_fd < 0 || cs->epoll_fd < 0)
		return -errno;
	return epoll_ctl(cs->epoll_fd, EPOLL_CTL_ADD, cs->bell_fd, &bell) < 0 ? -errno : 0;
}

int cs_start(const char *device_name, uint32_t interval_ms, struct cs **ret_cs)
{
	size_t len = strlen(device_name);
	struct cs *cs;
	int rc;

	if (len < 1 || len > CS_NAME_MAX)
		return -EINVAL;
	cs = calloc(1, sizeof(*cs));
	if (!cs)
		return -ENOMEM;
	memcpy(cs->name, device_name, len);
	cs->pid_fd = -1;
	cs->votequorum_fd = -1;
	cs->quorum_fd = -1;
	cs->cpg_fd = -1;
	if (getrandom(&cs->sender, sizeof(cs->sender), 0) != sizeof(cs->sender))
		cs->sender = (uint64_t)getpid() << 32 ^ cs_now_ms();
	atomic_store(&cs->interval_ms, interval_ms);
	(void)pthread_mutex_init(&cs->lock, NULL); /* cannot fail without attributes */
	rc = cs_fds_open(cs);
	if (rc == 0)
		rc = cs_thread_begin(cs_thread_main, cs, &cs->thread);
	if (rc < 0) {
		cs_free(cs);
		return rc;
	}
	*ret_cs = cs;
	return 0;
}

/* Put something into the slot: between these two. */
static struct cs_mail *mail_open(struct cs *cs)
{
	(void)pthread_mutex_lock(&cs->lock);
	return &cs->mail;
}

static void mail_send(struct cs *cs)
{
	(void)pthread_mutex_unlock(&cs->lock);
	cs_bell_ring(cs->bell_fd);
}

int cs_stop(struct cs *cs, uint32_t wait_ms)
{
	struct pollfd ended;
	int rc;

	if (!cs)
		return 0;
	mail_open(cs)->stop = true;
	mail_send(cs);
	ended = (struct pollfd){ .fd = cs->exit_fd, .events = POLLIN };
	do {
		rc = poll(&ended, 1, wait_ms > INT32_MAX ? INT32_MAX : (int)wait_ms);
	} while (rc < 0 && errno == EINTR);
	if (rc < 1) {
		(void)pthread_detach(cs->thread); /* it is ours and has not been joined */
		return -ETIMEDOUT;
	}
	(void)pthread_join(cs->thread, NULL);
	cs_free(cs);
	return 0;
}

int cs_fd(const struct cs *cs)
{
	return cs->event_fd;
}

void cs_event_clear(struct cs *cs)
{
	uint64_t count;

	/* Fails only when there was no event: nothing to clear. */
	if (read(cs->event_fd, &count, sizeof(count)) < 0)
		return;
}

void cs_look(struct cs *cs, uint64_t now_ms, struct cs_snapshot *ret_snapshot)
{
	uint64_t since_ms = atomic_load(&cs->call.since_ms);

	(void)pthread_mutex_lock(&cs->lock);
	*ret_snapshot = cs->shown;
	(void)pthread_mutex_unlock(&cs->lock);
	ret_snapshot->stalled =
		since_ms && now_ms > since_ms && now_ms - since_ms > atomic_load(&cs->interval_ms);
}

void cs_set_interval(struct cs *cs, uint32_t interval_ms)
{
	atomic_store(&cs->interval_ms, interval_ms);
}

void cs_vote(struct cs *cs, const struct cs_vote *vote)
{
	struct cs_mail *mail = mail_open(cs);

	mail->vote = *vote;
	mail->vote_waits = true;
	mail_send(cs);
}

void cs_unregister(struct cs *cs)
{
	mail_open(cs)->unregister = true;
	mail_send(cs);
}

void cs_kill(struct cs *cs, uint32_t node_id, const char *reason)
{
	struct cs_mail *mail = mail_open(cs);

	mail->kill |= qd_bit(node_id);
	(void)snprintf(mail->reason, sizeof(mail->reason), "%s", reason); /* cut: still a reason */
	mail_send(cs);
}

void cs_say(struct cs *cs, uint32_t node_id, bool lun_dead)
{
	struct cs_mail *mail = mail_open(cs);

	mail->word_waits = true;
	mail->lun_dead = lun_dead;
	mail->node_id = node_id;
	mail_send(cs);
}

void cs_leave(struct cs *cs)
{
	mail_open(cs)->leave = true;
	mail_send(cs);
}

int cs_end(struct cs *cs)
{
	int rc = -ENOTCONN;

	(void)pthread_mutex_lock(&cs->lock);
	if (cs->pid_fd >= 0)
		rc = syscall(SYS_pidfd_send_signal, cs->pid_fd, SIGKILL, NULL, 0) < 0 ? -errno : 0;
	(void)pthread_mutex_unlock(&cs->lock);
	return rc == -ESRCH ? 0 : rc;
}

bool cs_native(struct cs *cs, struct qd_native *ret_native)
{
	bool known;

	(void)pthread_mutex_lock(&cs->lock);
	known = cs->facts.known;
	if (known)
		cs_native_copy(ret_native, &cs->native);
	(void)pthread_mutex_unlock(&cs->lock);
	return known;
}

bool cs_facts(struct cs *cs, struct qd_facts *ret_facts)
{
	bool known;

	(void)pthread_mutex_lock(&cs->lock);
	known = cs->facts.known;
	if (known)
		*ret_facts = cs->facts;
	(void)pthread_mutex_unlock(&cs->lock);
	return known;
}
