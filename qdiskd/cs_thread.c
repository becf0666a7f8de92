/* The helper thread: its life, the slot, the snapshot, reconnecting; see cs.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "cs_inner.h"

#define CS_CONNECT_MS 1000 /* between two tries to connect */
#define CS_INFO_MAX   4	   /* looks in a row: each may bring callbacks that ask for another */
#define CS_ECHO_MS    5	   /* between two tries to send a message */

uint64_t cs_now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_BOOTTIME, &ts); /* cannot fail for this clock */
	return (uint64_t)ts.tv_sec * 1000u + (uint64_t)ts.tv_nsec / 1000000u;
}

void cs_call_out(struct cs_call *call)
{
	atomic_store(&call->since_ms, cs_now_ms());
}

int cs_call_back(struct cs_call *call, int rc)
{
	atomic_store(&call->since_ms, 0);
	return rc;
}

void cs_bell_ring(int fd)
{
	const uint64_t one = 1;

	/* Fails only when its counter is full: then it is readable already. */
	if (write(fd, &one, sizeof(one)) < 0)
		return;
}

/* ---- The helper's side ---- */

static void cs_publish(struct cs *cs)
{
	bool wake = cs_state_differs(&cs->now, &cs->shown); /* only this thread writes it */

	if (!wake && cs->now.polled_seq == cs->shown.polled_seq && cs->now.lun_dead_ms == cs->shown.lun_dead_ms)
		return;
	(void)pthread_mutex_lock(&cs->lock);
	cs->shown = cs->now;
	(void)pthread_mutex_unlock(&cs->lock);
	if (wake)
		cs_bell_ring(cs->event_fd);
}

/* Give `pid_fd` (or -1) to whoever calls cs_end(). */
static void cs_pid_fd_set(struct cs *cs, int pid_fd)
{
	int old;

	(void)pthread_mutex_lock(&cs->lock);
	old = cs->pid_fd;
	cs->pid_fd = pid_fd;
	(void)pthread_mutex_unlock(&cs->lock);
	if (old >= 0)
		(void)close(old); /* a pidfd has nothing to lose */
}

/* A pidfd of the corosync behind a connection: the one that listens. -1: none. */
static int cs_pid_fd_open(int fd)
{
	struct ucred peer = { .pid = 0 };
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 || peer.pid <= 0)
		return -1;
	return (int)syscall(SYS_pidfd_open, peer.pid, 0);
}

static void cs_disconnect(struct cs *cs)
{
	if (cs->now.connected)
		cs_state_error(&cs->now, "connection to corosync lost");
	cs_state_reset(&cs->now);
	cs_publish(cs); /* first the news: closing may take a moment */
	cs_cmap_close(&cs->cmap);
	cs_cpg_close(cs);
	cs_quorum_close(cs);
	cs->lost = false;
	cs->info_wanted = false;
	cs->kill = 0;
	cs->retry_ms = cs_now_ms() + CS_CONNECT_MS;
}

static int cs_watch(struct cs *cs, int fd, uint32_t what, uint32_t events)
{
	struct epoll_event event = { .events = events, .data = { .u32 = what } };

	return epoll_ctl(cs->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static void cs_facts_update(struct cs *cs)
{
	char error[CS_ERROR_LEN];
	int rc = cs_cmap_read(&cs->cmap, &cs->facts_new, &cs->native_new, error, sizeof(error));

	if (rc < 0) {
		cs->lost = cs->lost || rc == -ENOTCONN;
		cs_state_error(&cs->now, "%s", error);
		return;
	}
	(void)pthread_mutex_lock(&cs->lock);
	cs->facts = cs->facts_new;
	cs_native_copy(&cs->native, &cs->native_new);
	(void)pthread_mutex_unlock(&cs->lock);
	cs->now.facts_changes++;
	cs->info_wanted = true;
}

static void cs_connect(struct cs *cs)
{
	char error[CS_ERROR_LEN];

	cs->retry_ms = cs_now_ms() + CS_CONNECT_MS;
	if (cs_quorum_open(cs) < 0) {
		cs_quorum_close(cs);
		cs->lost = false;
		cs_state_reset(&cs->now);
		return;
	}
	if (cs_cmap_open(&cs->cmap, &cs->call, error, sizeof(error)) < 0) {
		cs_state_error(&cs->now, "%s", error);
		cs->lost = true;
		return;
	}
	if (cs_cpg_open(cs) < 0) {
		cs->lost = true;
		return;
	}
	if (cs_watch(cs, cs->cpg_fd, CS_EV_CPG, EPOLLIN) < 0 ||
	    cs_watch(cs, cs->votequorum_fd, CS_EV_VOTEQUORUM, EPOLLIN) < 0 ||
	    cs_watch(cs, cs->quorum_fd, CS_EV_QUORUM, EPOLLIN) < 0 ||
	    cs_watch(cs, cs->cmap.fd, CS_EV_CMAP, EPOLLIN) < 0) {
		cs->lost = true;
		return;
	}
	/* Without a pidfd nobody learns that it has ended, nothing else is lost. */
	cs_pid_fd_set(cs, cs_pid_fd_open(cs->votequorum_fd));
	if (cs->pid_fd >= 0)
		(void)cs_watch(cs, cs->pid_fd, CS_EV_ENDED, EPOLLIN | EPOLLONESHOT);
	cs->now.ended = false;
	cs->now.connected = true;
	cs->now.error[0] = '\0'; /* the same refusal later is news again */
	cs->retry_ms = 0;	 /* register at once */
	cs->info_wanted = true;
	cs_publish(cs); /* registering may take as long as totem does */
	cs_facts_update(cs);
}

static void cs_vote_take(struct cs *cs, const struct cs_mail *mail)
{
	bool proven = cs->vote_proven;

	cs->vote_proven = false;
	if (!mail->vote_waits && proven)
		cs_poll(cs, &cs->proof.vote);
	else if (!mail->vote_waits && cs->proof.again && cs_vote_due(&cs->proof.last, cs_now_ms()))
		cs_poll(cs, &cs->proof.last);
	if (!mail->vote_waits)
		return;
	if (cs_proof_vote(&cs->proof, &mail->vote, proven || cs->now.in_sync,
			  cs->facts_new.device_timeout_ms, cs_now_ms()))
		cs_poll(cs, &mail->vote);
	else if (cs_proof_keeps(&cs->proof, cs->facts_new.device_timeout_ms, cs_now_ms()))
		cs_keep_alive(cs, mail->vote.ring);
}

/* After an echo only, for the message is not bound to this ring. */
static void cs_kill_take(struct cs *cs, const struct cs_mail *mail)
{
	if (mail->kill) {
		cs->kill |= mail->kill;
		cs->kill_after = cs_proof_next(&cs->proof);
		memcpy(cs->kill_reason, mail->reason, sizeof(cs->kill_reason));
		cs->proof.want = true;
	}
	if (!cs->kill || cs->proof.back < cs->kill_after)
		return;
	cs_kill_nodes(cs, cs->kill, cs->kill_reason);
	cs->kill = 0;
}

/* What the members say of their LUNs. One whose id no mask has room for is not heard:
 * then nobody is. */
static void cs_words_show(struct cs *cs)
{
	cs->now.lun_dead = cs_word_dead(&cs->word, cs->now.members, &cs->now.lun_dead_ms);
	if (cs->now.members_dropped)
		cs->now.lun_dead = 0;
}

static bool cs_word_due(const struct cs *cs)
{
	return cs->word_waits || (cs->says_dead && cs_now_ms() >= cs->word_ms);
}

static void cs_word_mail(struct cs *cs, const struct cs_mail *mail)
{
	if (!mail->word_waits)
		return;
	cs->word_waits = true;
	cs->says_dead = mail->lun_dead;
	cs->node_id = mail->node_id;
}

/* What the thread does when it has been woken, whatever woke it. */
static void cs_work(struct cs *cs, struct cs_mail *mail)
{
	if (!cs->votequorum && cs_now_ms() >= cs->retry_ms)
		cs_connect(cs);
	if (mail->unregister)
		cs->unregistered = true;
	cs_word_mail(cs, mail);
	if (cs->votequorum && !cs->lost && !cs->now.registered && !cs->unregistered &&
	    cs_now_ms() >= cs->retry_ms)
		cs_register(cs);
	if (cs->votequorum && !cs->lost)
		cs_vote_take(cs, mail);
	if (cs->votequorum && !cs->lost && mail->unregister)
		cs_drop_device(cs);
	for (unsigned i = 0; i < CS_INFO_MAX && cs->votequorum && !cs->lost && cs->info_wanted; i++)
		cs_info(cs);
	cs->now.stale_one = cs->proof.stale_one;
	cs->now.stale_late = cs->proof.stale_late;
	cs->now.stale_past = cs->proof.stale_past;
	cs->now.unheard = cs_proof_unheard(&cs->proof);
	cs->now.unheard_one = cs_proof_unheard_one(&cs->proof);
	cs->now.unheard_late = cs->proof.unheard_late;
	cs_words_show(cs);
	cs_publish(cs);
	if (cs->votequorum && !cs->lost)
		cs_kill_take(cs, mail);
	if (cs->votequorum && !cs->lost && cs->proof.want && !cs->now.in_sync)
		cs_cpg_echo(cs);
	if (cs->votequorum && !cs->lost && cs_word_due(cs) && !cs->now.in_sync)
		cs_cpg_word(cs);
	if (cs->votequorum && !cs->lost && mail->leave)
		cs_shutdown(cs);
	if (cs->lost)
		cs_disconnect(cs);
	cs_publish(cs);
}

static void cs_mail_take(struct cs *cs, struct cs_mail *ret_mail)
{
	(void)pthread_mutex_lock(&cs->lock);
	*ret_mail = cs->mail;
	memset(&cs->mail, 0, sizeof(cs->mail));
	(void)pthread_mutex_unlock(&cs->lock);
}

static int cs_until(uint64_t at_ms)
{
	uint64_t now_ms = cs_now_ms();

	return at_ms > now_ms ? (int)(at_ms - now_ms) : 0;
}

/* How long to sleep: until the next try, or until something happens (-1). */
static int cs_timeout(const struct cs *cs)
{
	if (cs->votequorum && (cs->proof.want || cs->word_waits) && !cs->now.in_sync)
		return CS_ECHO_MS;
	if (cs->votequorum && cs->says_dead && !cs->now.in_sync)
		return cs_until(cs->word_ms);
	if (cs->votequorum && (cs->now.registered || cs->unregistered))
		return -1;
	return cs_until(cs->retry_ms);
}

static void cs_dispatch(struct cs *cs, const struct epoll_event *events, int count)
{
	bool quorum = false, cmap = false, cpg = false, hangup = false;

	for (int i = 0; i < count; i++) {
		if (events[i].data.u32 == CS_EV_ENDED)
			cs->now.ended = hangup = true;
		quorum = quorum || events[i].data.u32 == CS_EV_VOTEQUORUM ||
			 events[i].data.u32 == CS_EV_QUORUM;
		cmap = cmap || events[i].data.u32 == CS_EV_CMAP;
		cpg = cpg || events[i].data.u32 == CS_EV_CPG;
		hangup = hangup || (events[i].events & (EPOLLHUP | EPOLLERR));
	}
	if (!cs->votequorum)
		return;
	if (quorum)
		cs_quorum_dispatch(cs);
	if (cmap && cs_cmap_dispatch(&cs->cmap) < 0)
		cs->lost = true;
	if (cpg)
		cs_cpg_dispatch(cs);
	cs->lost = cs->lost || hangup;
	if (!cs->lost && cs->cmap.changed)
		cs_facts_update(cs);
}

void *cs_thread_main(void *arg)
{
	struct cs *cs = arg;
	struct epoll_event events[CS_EV_COUNT];
	struct cs_mail mail;

	for (;;) {
		int count = epoll_wait(cs->epoll_fd, events, CS_EV_COUNT, cs_timeout(cs));

		cs_dispatch(cs, events, count);
		cs_mail_take(cs, &mail);
		if (mail.stop)
			break;
		cs_work(cs, &mail);
	}
	cs_cmap_close(&cs->cmap);
	cs_cpg_close(cs);
	cs_quorum_close(cs);
	cs_bell_ring(cs->exit_fd);
	return NULL;
}
