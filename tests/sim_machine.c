/* What can happen to a machine and to its daemon. */
#include "sim.h"

/* A machine whose daemon stands still or is dead for K*I is reset: the
 * assumption of the safety argument. */
static void guard_update(struct sim_world *w, struct sim_node *n)
{
	bool bad = n->on && (n->frozen || (n->running ? n->paused : n->killed));

	n->stirred_at = w->now;
	if (bad == n->guarded)
		return;
	n->guarded = bad;
	n->guard_gen++;
	if (bad && w->setup.guard)
		sim_push(w, w->now + 1000u * qd_law_dead_ms(&n->params.t), SIM_EV_GUARD, n->index, 0, n->guard_gen);
}

/* ---- Power ---- */

void sim_boot(struct sim_world *w, struct sim_node *n)
{
	n->power++;
	n->on = true;
	n->frozen = n->paused = false;
	n->base_sim = w->now;
	n->base_local = sim_dice(w, 2000000, 20000000);
	n->armed = false;
	sim_say(w, n->id, "boots", 0, 0, 0);
	sim_corosync_start(w, n);
	sim_push(w, w->now + 1000 * sim_dice(w, w->setup.daemon_min_ms, w->setup.daemon_max_ms),
		 SIM_EV_DAEMON, n->index, 0, n->power);
}

void sim_power_off(struct sim_world *w, struct sim_node *n, const char *why)
{
	if (!n->on)
		return;
	sim_say(w, n->id, why, 0, 0, 0);
	if (n->running)
		sim_daemon_gone(w, n);
	n->on = n->frozen = n->paused = n->killed = n->armed = false;
	n->power++;
	n->pause_gen++;
	n->agree_at = 0;
	if (n->hang_until == SIM_NEVER)
		n->hang_until = 0;	/* a path of its own: the next boot makes another */
	guard_update(w, n);
	if (n->co.up)
		sim_corosync_stop(w, n, /* clean */ false);
	if (w->setup.boot_max_ms && n->boot_ms)
		sim_push(w, w->now + 1000 * sim_dice(w, w->setup.boot_min_ms, w->setup.boot_max_ms),
			 SIM_EV_BOOT, n->index, 0, n->power);
	w->check.dirty = true;
}

/* ---- The watchdog ---- */

void sim_pet(struct sim_world *w, struct sim_node *n)
{
	n->armed = true;
	n->watchdog_at = w->now + 1000u * qd_law_dead_ms(&n->params.t);
	if (n->watchdog_event)
		return;
	n->watchdog_event = true;
	sim_push(w, n->watchdog_at, SIM_EV_WATCHDOG, n->index, 0, 0);
}

/* The event is moved only when it goes off too early. */
void sim_watchdog(struct sim_world *w, struct sim_node *n)
{
	n->watchdog_event = false;
	if (!n->armed)
		return;
	if (w->now >= n->watchdog_at) {
		sim_power_off(w, n, "is reset by its watchdog");
		return;
	}
	n->watchdog_event = true;
	sim_push(w, n->watchdog_at, SIM_EV_WATCHDOG, n->index, 0, 0);
}

/* ---- The daemon ---- */

/* A sum that changes when any other node writes. */
static uint64_t others_beats(const struct sim_world *w, const struct sim_node *n)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		uint32_t slot = w->node[i].id;

		if (slot != n->id)
			sum += w->lun.beat[slot] * 31 + w->lun.incarnation[slot];
	}
	return sum;
}

/* The timings are the cluster's: with others than the label's a node starts only
 * where nobody beats, looked at twice, max(3 s, 2*I) apart, and then writes its own
 * into the label. As qdiskd asks at its start; false: not now, or not at all. */
static bool agreed(struct sim_world *w, struct sim_node *n, const struct qd_label *label)
{
	uint64_t apart = 2 * (uint64_t)label->timings.interval_ms;

	if (!label->has_ext || memcmp(&label->timings, &n->params.t, sizeof(n->params.t)) == 0) {
		n->agree_at = 0;
		return true;
	}
	if (n->agree_at == 0) {
		n->agree_at = w->now + 1000 * (apart > 3000 ? apart : 3000);
		n->agree_beats = others_beats(w, n);
		sim_push(w, n->agree_at, SIM_EV_DAEMON, n->index, 0, n->power);
		return false;
	}
	if (w->now < n->agree_at)
		return false;
	n->agree_at = 0;
	if (others_beats(w, n) != n->agree_beats) {
		sim_say(w, n->id, "is refused: its timings differ from those in use", 0, 0, 0);
		return false;
	}
	sim_say(w, n->id, "nobody beats: writes its timings into the label", 0, 0, 0);
	w->agreed = n->params.t;
	sim_lun_format(w, w->relabelled, /* wipe */ false);
	return true;
}

void sim_daemon_start(struct sim_world *w, struct sim_node *n)
{
	struct qd_label label;
	uint32_t highest = 0;

	assert(!n->running);
	if (qd_label_decode(w->lun.image, SIM_SECTOR, &label) != QD_FINE)
		assert(false);	/* the label */
	if (!n->old && !agreed(w, n, &label))
		return;
	if (qd_label_decode(w->lun.image, SIM_SECTOR, &label) != QD_FINE)	/* as it is now */
		assert(false);
	n->life++;
	n->running = true;
	n->paused = n->exited = n->killed = n->self_fenced = false;
	guard_update(w, n);
	n->parked_tick = false;
	n->parked_count = 0;
	n->landed_start = n->answered_at = n->back_at = 0;
	n->life_power = n->power;
	w->check.asked &= ~qd_bit(n->id);
	memset(n->fencing, 0, sizeof(n->fencing));
	for (uint32_t i = 0; i < w->setup.nodes; i++)
		highest = w->node[i].id > highest ? w->node[i].id : highest;
	sim_say(w, n->id, "qdiskd starts", 0, 0, 0);
	if (n->old) {
		sim_old_start(w, n);
		return;
	}
	qd_engine_init(&n->engine, &n->ports, &n->params, &label, label.sector_size, highest);
	sim_hand_start(w, n);
	n->tick_local = sim_local(n, w->now);
	sim_push(w, w->now, SIM_EV_TICK, n->index, 0, n->life);
	w->check.dirty = true;
	sim_goal_started(w);
}

/* The process has ended, whatever the reason. */
void sim_daemon_gone(struct sim_world *w, struct sim_node *n)
{
	n->engine.ended = true;
	sim_lun_orphan(w, n);
	n->running = n->paused = false;
	n->life++;
	n->pause_gen++;
	w->check.dirty = true;
}

void sim_daemon_kill(struct sim_world *w, struct sim_node *n)
{
	if (!n->running)
		return;
	sim_say(w, n->id, "qdiskd is killed", 0, 0, 0);
	sim_daemon_gone(w, n);
	n->killed = true;
	guard_update(w, n);
}

void sim_daemon_stop(struct sim_world *w, struct sim_node *n)
{
	if (!sim_awake(n))
		return;
	sim_say(w, n->id, "qdiskd is asked to stop", 0, 0, 0);
	if (n->old)
		sim_old_stop(w, n);
	else
		qd_engine_stop(&n->engine);
}

void sim_daemon_pause(struct sim_world *w, struct sim_node *n)
{
	if (!n->running || n->paused)
		return;
	sim_say(w, n->id, "qdiskd stands still", 0, 0, 0);
	n->paused = true;
	n->pause_gen++;
	guard_update(w, n);
}

/* What has come meanwhile is heard now, in any order. */
static void parked_release(struct sim_world *w, struct sim_node *n)
{
	for (uint32_t i = 0; i < n->parked_count; i++) {
		const struct sim_event *e = &n->parked[i];

		sim_push(w, w->now + sim_dice(w, 1, 300), (enum sim_event_kind)e->kind, e->node, e->arg,
			 e->gen);
	}
	n->parked_count = 0;
	n->parked_tick = false;
}

void sim_daemon_resume(struct sim_world *w, struct sim_node *n)
{
	if (!n->running || !n->paused)
		return;
	sim_say(w, n->id, "qdiskd goes on", 0, 0, 0);
	n->paused = false;
	n->pause_gen++;
	guard_update(w, n);
	if (!n->frozen)
		parked_release(w, n);
}

void sim_freeze(struct sim_world *w, struct sim_node *n)
{
	if (!n->on || n->frozen)
		return;
	sim_say(w, n->id, "the whole node stands still", 0, 0, 0);
	n->frozen = true;
	n->pause_gen++;
	guard_update(w, n);
	sim_totem_change(w, /* clean */ false);
}

void sim_thaw(struct sim_world *w, struct sim_node *n)
{
	if (!n->on || !n->frozen)
		return;
	sim_say(w, n->id, "the whole node goes on", 0, 0, 0);
	n->frozen = false;
	n->pause_gen++;
	guard_update(w, n);
	if (n->running && !n->paused)
		parked_release(w, n);
	sim_vote_timer(w, n);
	sim_hand_go(w, n);
	sim_totem_change(w, /* clean */ false);
}

void sim_park(struct sim_node *n, const struct sim_event *event)
{
	if (event->kind == SIM_EV_ALARM && event->arg != (n->alarm_gen & 0xFFFF))
		return;
	if (event->kind == SIM_EV_TICK) {
		if (n->parked_tick)
			return;
		n->parked_tick = true;
	}
	assert(n->parked_count < SIM_PARKED);
	n->parked[n->parked_count++] = *event;
}

/* An absolute timer: late, it says how many ticks it has missed. */
void sim_tick(struct sim_world *w, struct sim_node *n, const struct sim_event *event)
{
	uint64_t interval = 1000u * (uint64_t)n->params.t.interval_ms;
	uint64_t local = sim_local(n, w->now);
	uint64_t missed = (local - n->tick_local) / interval;

	(void)event;
	if (n->old) {
		sim_old_cycle(w, n);
		return;
	}
	n->tick_local += (missed + 1) * interval;
	sim_push(w, sim_local_to_sim(n, n->tick_local), SIM_EV_TICK, n->index, 0, n->life);
	qd_engine_tick(&n->engine, (uint32_t)missed);
	sim_check_lives(w, n);
}
