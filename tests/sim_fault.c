/* What each fault does, how long it lasts, and how everything is healed. */
#include "sim.h"

const char *sim_fault_text(enum sim_fault fault)
{
	static const char *const text[SIM_F_COUNT] = {
		[SIM_F_NODE_DIES] = "node dies",
		[SIM_F_DAEMON_KILLED] = "daemon killed",
		[SIM_F_DAEMON_PAUSED] = "daemon paused",
		[SIM_F_NODE_PAUSED] = "node paused",
		[SIM_F_COROSYNC_PAUSED] = "corosync paused",
		[SIM_F_COROSYNC_KILLED] = "corosync killed",
		[SIM_F_SPLIT] = "split",
		[SIM_F_ONE_WAY] = "one-way cut",
		[SIM_F_MERGE] = "merge",
		[SIM_F_RING_FLAPS] = "ring flaps",
		[SIM_F_LUN_SLOW] = "slow LUN",
		[SIM_F_LUN_HANGS] = "hung LUN",
		[SIM_F_LUN_ERRORS] = "LUN errors",
		[SIM_F_LUN_HANGS_ALL] = "LUN hung for all",
		[SIM_F_SLOT_BAD] = "unreadable slot",
		[SIM_F_SCORE] = "score falls",
		[SIM_F_STOP] = "clean stop",
		[SIM_F_WALL_STEP] = "wall clock steps",
		[SIM_F_FENCING] = "fencing changes",
		[SIM_F_RECONFIG] = "reload",
	};

	return text[fault];
}

static uint64_t dice(struct sim_world *w, uint64_t low, uint64_t high)
{
	return sim_rng_range(&w->plan, low, high);
}

/* A time from a fraction of an interval to three times what kills: short and
 * long ones alike often. */
static uint64_t duration(struct sim_world *w)
{
	uint64_t dead = sim_cycles(w, w->setup.t.tko);

	switch (dice(w, 0, 3)) {
	case 0:
		return dice(w, w->interval_us / 10, w->interval_us * 2);
	case 1:
		return dice(w, dead - 2 * w->interval_us, dead + 2 * w->interval_us);
	case 2:
		return dice(w, w->interval_us, dead);
	default:
		return dice(w, dead, 3 * dead);
	}
}

static struct sim_node *target(struct sim_world *w)
{
	struct sim_node *master = sim_master(w);

	if (master && sim_rng_chance(&w->plan, 400))
		return master;
	return &w->node[dice(w, 0, w->setup.nodes - 1)];
}

static void later(struct sim_world *w, struct sim_node *n, enum sim_fault fault, uint64_t after)
{
	sim_push(w, w->now + after, SIM_EV_UNDO, n->index, fault, 0);
}

/* ---- The network ---- */

static void split(struct sim_world *w, struct sim_node *n)
{
	uint32_t groups = (uint32_t)dice(w, 2, 3);

	(void)n;
	for (uint32_t i = 0; i < w->setup.nodes; i++)
		w->node[i].group = (uint32_t)dice(w, 0, groups - 1);
	sim_say(w, 0, "the network splits", 0, 0, 0);
	sim_totem_change(w, /* clean */ false);
}

static void merge(struct sim_world *w, struct sim_node *n)
{
	(void)n;
	for (uint32_t i = 0; i < w->setup.nodes; i++)
		w->node[i].group = 0;
	sim_say(w, 0, "the network is whole", 0, 0, 0);
	sim_totem_change(w, /* clean */ false);
}

/* It hears and is not heard: both sides drop it; or it forms no ring at all. */
static void one_way(struct sim_world *w, struct sim_node *n)
{
	uint64_t takes = duration(w) * 2;

	sim_say(w, n->id, "is cut one way", 0, 0, 0);
	n->mute_until = w->now + takes;
	if (sim_rng_chance(&w->plan, 500))
		n->stuck_until = w->now + takes;
	sim_totem_change(w, /* clean */ false);
	later(w, n, SIM_F_ONE_WAY, takes);
}

static void ring_flaps(struct sim_world *w, struct sim_node *n)
{
	uint64_t at = 0;

	(void)n;
	for (uint64_t i = dice(w, 2, 7); i > 0; i--) {
		at += dice(w, w->interval_us / 2, 1000u * (uint64_t)w->setup.token_ms * 2);
		later(w, &w->node[dice(w, 0, w->setup.nodes - 1)], SIM_F_RING_FLAPS, at);
	}
}

/* ---- The LUN ---- */

static void lun_slow(struct sim_world *w, struct sim_node *n)
{
	sim_say(w, n->id, "its LUN gets slow", 0, 0, 0);
	n->slow_per_mille = (uint32_t)dice(w, 50, 900);
	n->slow_us = (uint32_t)dice(w, w->interval_us / 3, 4 * w->interval_us);
	later(w, n, SIM_F_LUN_SLOW, duration(w) * 2);
}

static void hang(struct sim_world *w, struct sim_node *n, uint64_t takes)
{
	sim_say(w, n->id, "its LUN hangs for %llu ms", takes / 1000, 0, 0);
	n->hang_until = w->now + takes;
}

static void lun_hangs(struct sim_world *w, struct sim_node *n)
{
	hang(w, n, duration(w));
}

static void lun_hangs_all(struct sim_world *w, struct sim_node *n)
{
	uint64_t takes = duration(w);

	(void)n;
	for (uint32_t i = 0; i < w->setup.nodes; i++)
		hang(w, &w->node[i], takes + dice(w, 0, w->interval_us));
}

static void lun_errors(struct sim_world *w, struct sim_node *n)
{
	sim_say(w, n->id, "its LUN gives errors", 0, 0, 0);
	n->error_per_mille = (uint32_t)dice(w, 100, 1000);
	later(w, n, SIM_F_LUN_ERRORS, duration(w));
}

static void slot_bad(struct sim_world *w, struct sim_node *n)
{
	sim_lun_bad(w, n->id, w->now);
	later(w, n, SIM_F_SLOT_BAD, duration(w));
}

/* ---- Machines ---- */

static void stop_clean(struct sim_world *w, struct sim_node *n)
{
	sim_daemon_stop(w, n);
	sim_push(w, w->now + dice(w, sim_cycles(w, 2), sim_cycles(w, 8)), SIM_EV_UNDO, n->index, SIM_F_STOP,
		 sim_rng_chance(&w->plan, 500));
	sim_push(w, w->now + dice(w, sim_cycles(w, 10), sim_cycles(w, 60)), SIM_EV_DAEMON, n->index, 0,
		 n->power);
}

static void score_falls(struct sim_world *w, struct sim_node *n)
{
	if (!w->setup.heuristics)
		return;
	sim_say(w, n->id, "its score falls", 0, 0, 0);
	n->score = (uint32_t)dice(w, 0, 5);
	later(w, n, SIM_F_SCORE, duration(w));
}

static void daemon_killed(struct sim_world *w, struct sim_node *n)
{
	sim_daemon_kill(w, n);
	sim_push(w, w->now + duration(w), SIM_EV_DAEMON, n->index, 0, n->power);
}

static void wall_steps(struct sim_world *w, struct sim_node *n)
{
	sim_say(w, n->id, "its wall clock steps", 0, 0, 0);
	n->wall_s += (int64_t)dice(w, 0, 200000) - 100000;
}

static void node_dies(struct sim_world *w, struct sim_node *n)
{
	sim_power_off(w, n, "dies");
}

static void daemon_paused(struct sim_world *w, struct sim_node *n)
{
	sim_daemon_pause(w, n);
	sim_push(w, w->now + duration(w), SIM_EV_RESUME, n->index, 0, n->pause_gen);
}

static void node_paused(struct sim_world *w, struct sim_node *n)
{
	sim_freeze(w, n);
	sim_push(w, w->now + duration(w), SIM_EV_THAW, n->index, 0, n->pause_gen);
}

static void corosync_paused(struct sim_world *w, struct sim_node *n)
{
	sim_corosync_freeze(w, n);
	sim_push(w, w->now + duration(w), SIM_EV_COROSYNC_GO, n->index, 0, n->power);
}

static void corosync_killed(struct sim_world *w, struct sim_node *n)
{
	sim_corosync_stop(w, n, /* clean */ sim_rng_chance(&w->plan, 300));
	sim_push(w, w->now + duration(w), SIM_EV_COROSYNC, n->index, 0, n->power);
}

/* From now on it works always, never, or every second time. */
static void fencing_changes(struct sim_world *w, struct sim_node *n)
{
	(void)n;
	w->setup.fence_ok_per_mille = (uint32_t)dice(w, 0, 2) * 500;
}

static void reload(struct sim_world *w, struct sim_node *n)
{
	(void)w;
	if (sim_awake(n))
		qd_engine_reconfig(&n->engine, &n->params);
}

void sim_fault(struct sim_world *w, const struct sim_planned *planned)
{
	static void (*const happens[SIM_F_COUNT])(struct sim_world *w, struct sim_node *n) = {
		[SIM_F_NODE_DIES] = node_dies,
		[SIM_F_DAEMON_KILLED] = daemon_killed,
		[SIM_F_DAEMON_PAUSED] = daemon_paused,
		[SIM_F_NODE_PAUSED] = node_paused,
		[SIM_F_COROSYNC_PAUSED] = corosync_paused,
		[SIM_F_COROSYNC_KILLED] = corosync_killed,
		[SIM_F_SPLIT] = split,
		[SIM_F_ONE_WAY] = one_way,
		[SIM_F_MERGE] = merge,
		[SIM_F_RING_FLAPS] = ring_flaps,
		[SIM_F_LUN_SLOW] = lun_slow,
		[SIM_F_LUN_HANGS] = lun_hangs,
		[SIM_F_LUN_ERRORS] = lun_errors,
		[SIM_F_LUN_HANGS_ALL] = lun_hangs_all,
		[SIM_F_SLOT_BAD] = slot_bad,
		[SIM_F_SCORE] = score_falls,
		[SIM_F_STOP] = stop_clean,
		[SIM_F_WALL_STEP] = wall_steps,
		[SIM_F_FENCING] = fencing_changes,
		[SIM_F_RECONFIG] = reload,
	};
	struct sim_node *n;

	sim_rng_seed(&w->plan, (w->setup.seed ^ 0x6661756C74u) +
				       ((uint64_t)planned->dice + 1) * 0xD1B54A32D192ED03u);
	n = target(w);
	w->stats.fault[planned->fault]++;
	happens[planned->fault](w, n);
}

/* ---- And back ---- */

void sim_undo(struct sim_world *w, const struct sim_event *event)
{
	struct sim_node *n = &w->node[event->node];

	switch (event->arg) {
	case SIM_F_ONE_WAY:
		sim_totem_change(w, /* clean */ false);
		break;
	case SIM_F_RING_FLAPS:
		if (w->goal.settled_by)	/* healed meanwhile */
			break;
		n->group ^= 1;
		sim_say(w, n->id, "is plugged into network %llu", n->group, 0, 0);
		sim_totem_change(w, /* clean */ false);
		break;
	case SIM_F_LUN_SLOW:
		n->slow_per_mille = 0;
		break;
	case SIM_F_LUN_ERRORS:
		n->error_per_mille = 0;
		break;
	case SIM_F_SLOT_BAD:
		sim_lun_bad(w, n->id, 0);
		break;
	case SIM_F_SCORE:
		n->score = n->score_max;
		break;
	case SIM_F_STOP:
		if (event->gen && n->exited && n->co.up) {
			sim_corosync_stop(w, n, /* clean */ true);
			sim_push(w, w->now + sim_cycles(w, 15), SIM_EV_COROSYNC, n->index, 0, n->power);
		}
		break;
	default:
		assert(false);	/* an undo */
	}
}

static void heal_node(struct sim_world *w, struct sim_node *n)
{
	n->group = 0;
	n->mute_until = n->stuck_until = n->hang_until = 0;
	n->slow_per_mille = n->error_per_mille = n->stale_per_mille = 0;
	n->score = n->score_max;
	n->boot_ms = w->setup.boot_max_ms;
	sim_lun_bad(w, n->id, 0);
	sim_daemon_resume(w, n);
	sim_thaw(w, n);
	sim_corosync_go(w, n);
	if (!n->on)
		sim_boot(w, n);
	if (!n->co.up)
		sim_corosync_start(w, n);
	if (!n->running)
		sim_push(w, w->now + 1, SIM_EV_DAEMON, n->index, 0, n->power);
}

void sim_heal(struct sim_world *w)
{
	sim_say(w, 0, "everything is healed", 0, 0, 0);
	w->wild = false;
	w->setup.fence_ok_per_mille = 1000;
	for (uint32_t i = 0; i < w->setup.nodes; i++)
		heal_node(w, &w->node[i]);
	sim_totem_change(w, /* clean */ false);
}
