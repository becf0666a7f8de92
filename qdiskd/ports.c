/* The hands behind the engine's ports, and their news to the engine (floor 4). */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include <syslog.h>

#include "daemon.h"

/* ---- Time and chance ---- */

static void port_clock(void *ctx, uint64_t *ret_now_ms, uint64_t *ret_wall_s)
{
	(void)ctx;
	*ret_now_ms = daemon_now_ms();
	*ret_wall_s = (uint64_t)time(NULL);
}

static uint64_t port_random(void *ctx)
{
	uint64_t value = 0;

	(void)ctx;
	while (value == 0) {
		if (getrandom(&value, sizeof(value), 0) != sizeof(value))
			value = daemon_now_ms() << 20 ^ (uint64_t)getpid();
	}
	return value;
}

static void port_alarm(void *ctx, uint64_t at_ms)
{
	struct daemon *d = ctx;
	struct itimerspec at = { .it_value = { .tv_sec = (time_t)(at_ms / 1000),
					       .tv_nsec = (long)(at_ms % 1000) * 1000000 } };

	if (at_ms == 0)
		at.it_value.tv_nsec = 1;	/* 0 would disarm */
	(void)timerfd_settime(d->alarm_fd, TFD_TIMER_ABSTIME, &at, NULL);
}

/* ---- Corosync ---- */

static void port_corosync(void *ctx, uint64_t now_ms, struct qd_corosync *cs)
{
	struct daemon *d = ctx;
	struct cs_snapshot *s = &d->seen;

	cs_look(d->cs, now_ms, s);
	*cs = (struct qd_corosync){
		.connected = s->connected, .ended = s->ended, .stalled = s->stalled, .ring = s->ring,
		.members = s->members, .in_sync = s->in_sync, .quorate = s->quorate, .view = s->view,
		.quorum = s->quorum, .registered = s->registered, .polled_seq = s->polled_seq,
		.polled_accepted = s->polled_accepted, .polled_cast = s->polled_cast,
		.polled_ring = s->polled_ring, .polled_quorate = s->polled_quorate,
		.stale_one = s->stale_one, .stale_late = s->stale_late, .stale_past = s->stale_past, .unheard = s->unheard,
		.unheard_one = s->unheard_one, .unheard_late = s->unheard_late, .lun_dead = s->lun_dead, .lun_dead_ms = s->lun_dead_ms,
	};
}

static void port_vote(void *ctx, uint64_t seq, struct qd_ring ring, bool cast,
		      uint64_t good_until_ms)
{
	struct daemon *d = ctx;

	cs_vote(d->cs, &(struct cs_vote){ .seq = seq, .ring = ring, .cast = cast,
					  .good_until_ms = good_until_ms });
}

static void port_unregister(void *ctx)
{
	struct daemon *d = ctx;

	log_line(LOG_NOTICE, "Unregistering quorum device.");
	cs_unregister(d->cs);
}

static void port_end_corosync(void *ctx)
{
	struct daemon *d = ctx;

	(void)cs_end(d->cs);	/* an error: it is dead, or was never there */
}

static void port_kill(void *ctx, uint32_t node_id)
{
	struct daemon *d = ctx;

	cs_kill(d->cs, node_id, "evicted by qdiskd");
}

static void port_say(void *ctx, bool lun_dead)
{
	struct daemon *d = ctx;

	cs_say(d->cs, d->params.node_id, lun_dead);
}

static int on_corosync(int fd, int revents, void *data)
{
	struct daemon *d = data;

	(void)fd;
	(void)revents;
	cs_event_clear(d->cs);
	qd_engine_ring(&d->engine);
	if (d->seen.error_changes != d->cs_errors) {
		d->cs_errors = d->seen.error_changes;
		log_line(LOG_ERR, "corosync: %s", d->seen.error);
	}
	if (d->seen.facts_changes != d->facts_changes) {
		d->facts_changes = d->seen.facts_changes;
		reload_facts(d);
	}
	return 0;
}

/* ---- Words, status, ends ---- */

static void port_note(void *ctx, const struct qd_note *note)
{
	char text[256];

	(void)ctx;
	(void)qd_note_format(note, text, sizeof(text));
	log_line(qd_note_level(note), "%s", text);
}

static void port_publish(void *ctx, const struct qd_state *state)
{
	snapshot_take(ctx, state);
	ports_fence_watch(ctx, state);
}

static void port_self_fence(void *ctx, enum qd_self_fence reason)
{
	self_fence_now(ctx, reason);
}

static void port_exit(void *ctx, int status)
{
	struct daemon *d = ctx;

	if (status != EXIT_OK)	/* not by a clean stop: the vote is withdrawn here */
		cs_unregister(d->cs);
	if (qd_vote_outlives(&d->engine.state)) {
		/* It may count us later, with nobody left to tell it. */
		log_line(LOG_CRIT, "corosync %s and may still count the quorum device, ending it",
			 d->seen.stalled ? "does not answer" : "has a vote on its way");
		(void)cs_end(d->cs);
	}
	ports_watchdog_leave(d, qd_has_left(&d->engine.state));
	daemon_exit(d, status);
}

static int on_status(int fd, int revents, void *data)
{
	struct daemon *d = data;

	(void)fd;
	(void)revents;
	status_dispatch(d->status, &d->snapshot, daemon_now_ms());
	return 0;
}

/* ---- Open, close ---- */

void ports_status_file(struct daemon *d)
{
	int rc;

	status_file_close(&d->status_file);
	if (d->config.status_file[0] == '\0')
		return;
	rc = status_file_open(d->config.status_file, &d->status_file);
	if (rc != 0)
		log_line(LOG_ERR, "status_file %s: %s; it is not written", d->config.status_file,
			 strerror(-rc));
}

static int hand_add(struct daemon *d, enum qb_loop_priority prio, int fd, qb_loop_poll_dispatch_fn fn)
{
	return fd < 0 ? -EBADF : qb_loop_poll_add(d->loop, prio, fd, POLLIN, d, fn);
}

/* Slots that are read: up to the highest of these nodes. */
static uint32_t slot_count(qd_mask nodes)
{
	uint32_t highest = 0;

	for (uint32_t id = 1; id <= QD_NODE_MAX; id++) {
		if (qd_has(nodes, id))
			highest = id;
	}
	return highest;
}

static int hands_open(struct daemon *d)
{
	const struct qd_device *dev = &d->lun.device;
	int rc;

	d->status_file.fd = -1;
	d->watchdog.fd = -1;
	rc = aio_open(dev->fd, slot_count(d->params.nodes), dev->slot_size, dev->sector_size, &d->aio);

	if (rc == 0)
		rc = runner_open(&d->runner, QD_HEURISTICSDIR);
	if (rc == 0)
		rc = fence_open(&d->fence, &d->runner, ports_on_fenced, ports_on_fence_note, d);
	if (rc == 0)
		rc = status_open(STATUS_SOCKET, &d->status);
	if (rc == 0)
		rc = privileges_drop();	/* before there is a second thread, which would keep its own */
	if (rc == 0)
		status_on_request(d->status, ports_on_request, d);
	if (rc == 0)
		rc = cs_start(start_device_name(d), d->params.t.interval_ms, &d->cs);
	if (rc != 0)
		return rc;
	fence_configure(&d->fence, &d->config);
	ports_agents(d);
	ports_status_file(d);
	return 0;
}

static int hands_add(struct daemon *d)
{
	int rc = hand_add(d, QB_LOOP_HIGH, aio_fd(d->aio), ports_on_aio);

	if (rc == 0)
		rc = hand_add(d, QB_LOOP_HIGH, cs_fd(d->cs), on_corosync);
	if (rc == 0)
		rc = hand_add(d, QB_LOOP_MED, runner_fd(&d->runner), ports_on_runner);
	if (rc == 0)
		rc = hand_add(d, QB_LOOP_MED, fence_fd(&d->fence), ports_on_fence);
	if (rc == 0)
		rc = hand_add(d, QB_LOOP_LOW, status_fd(d->status), on_status);
	return rc;
}

int ports_open(struct daemon *d)
{
	int rc = hands_open(d);

	if (rc == 0)
		rc = hands_add(d);
	if (rc != 0)
		return rc;
	d->ports = (struct qd_ports){
		.ctx = d, .clock = port_clock, .random = port_random, .read = ports_read,
		.write = ports_write, .corosync = port_corosync, .vote = port_vote,
		.unregister = port_unregister, .end_corosync = port_end_corosync, .kill = port_kill, .fence = ports_fence,
		.score = ports_score, .pet = ports_pet, .say = port_say, .self_fence = port_self_fence, .exit = port_exit,
		.note = port_note, .alarm = port_alarm, .publish = port_publish,
	};
	d->start_ms = daemon_now_ms();
	qd_score_init(&d->score, &d->config, &d->params.t, d->start_ms);
	qd_engine_init(&d->engine, &d->ports, &d->params, &d->lun.label, d->lun.device.sector_size,
		       slot_count(d->params.nodes));
	snapshot_take(d, &d->engine.state);
	return 0;
}

bool ports_idle(const struct daemon *d)
{
	return qd_engine_idle(&d->engine) && aio_busy(d->aio) == 0;
}

/* Who is read by one read has one buffer: another one for more. */
int ports_grow(struct daemon *d, qd_mask nodes)
{
	const struct qd_device *dev = &d->lun.device;
	struct aio *more;
	int rc;

	if (slot_count(nodes) <= d->engine.slot_count)
		return 0;
	assert(ports_idle(d));
	rc = aio_open(dev->fd, slot_count(nodes), dev->slot_size, dev->sector_size, &more);
	if (rc == 0) {
		rc = hand_add(d, QB_LOOP_HIGH, aio_fd(more), ports_on_aio);
		if (rc != 0)
			(void)aio_close(more);
	}
	if (rc != 0)
		return rc;
	aio_learn_from(more, d->aio);
	(void)qb_loop_poll_del(d->loop, aio_fd(d->aio));
	(void)aio_close(d->aio); /* idle: there is nothing that it could wait for */
	d->aio = more;
	qd_engine_grow(&d->engine, slot_count(nodes));
	return 0;
}

void ports_close(struct daemon *d)
{
	status_close(d->status);
	status_file_close(&d->status_file);
	fence_close(&d->fence);
	runner_close(&d->runner);
	(void)aio_close(d->aio);	/* busy: the kernel waits for it, we do not */
}
