/* What each fault does to cables and machines, how long it lasts, and how
 * everything is healed. */
#include "sim.h"

static const struct sim_fault_row *row_of(enum sim_fault fault)
{
	if (sim_faults[fault].text)
		return &sim_faults[fault];
	return sim_lun_faults[fault].text ? &sim_lun_faults[fault] : &sim_admin_faults[fault];
}

const char *sim_fault_text(enum sim_fault fault)
{
	return row_of(fault)->text;
}

uint64_t sim_plan_dice(struct sim_world *w, uint64_t low, uint64_t high)
{
	return sim_rng_range(&w->plan, low, high);
}

/* A time from a fraction of an interval to three times what kills: short and
 * long ones alike often. */
uint64_t sim_fault_duration(struct sim_world *w)
{
	uint64_t dead = sim_cycles(w, w->setup.t.tko);

	switch (sim_plan_dice(w, 0, 3)) {
	case 0:
		return sim_plan_dice(w, w->interval_us / 10, w->interval_us * 2);
	case 1:
		return sim_plan_dice(w, dead - 2 * w->interval_us, dead + 2 * w->interval_us);
	case 2:
		return sim_plan_dice(w, w->interval_us, dead);
	default:
		return sim_plan_dice(w, dead, 3 * dead);
	}
}

static struct sim_node *target(struct sim_world *w)
{
	struct sim_node *master = sim_master(w);

	if (master && sim_rng_chance(&w->plan, 400))
		return master;
	return &w->node[sim_plan_dice(w, 0, sim_regular(w) - 1)];
}

void sim_fault_later(struct sim_world *w, struct sim_node *n, enum sim_fault fault, uint64_t after)
{
	sim_push(w, w->now + after, SIM_EV_UNDO, n->index, fault, 0);
}

/* ---- The network ---- */

static void split(struct sim_world *w, struct sim_node *n)
{
	uint32_t groups = (uint32_t)sim_plan_dice(w, 2, 3);

	(void)n;
	for (uint32_t i = 0; i < sim_regular(w); i++)
		w->node[i].group = (uint32_t)sim_plan_dice(w, 0, groups - 1);
	sim_say(w, 0, "the network splits", 0, 0, 0);
	sim_totem_change(w, /* clean */ false);
}

static void merge(struct sim_world *w, struct sim_node *n)
{
	(void)n;
	for (uint32_t i = 0; i < sim_regular(w); i++)
		w->node[i].group = 0;
	sim_say(w, 0, "the network is whole", 0, 0, 0);
	sim_totem_change(w, /* clean */ false);
}

/* It hears and is not heard: both sides drop it; or it forms no ring at all. */
static void one_way(struct sim_world *w, struct sim_node *n)
{
	uint64_t takes = sim_fault_duration(w) * 2;
	struct sim_node *other = &w->node[sim_rng_range(&w->plan, 0, w->setup.nodes - 1)];

	if (other != n && sim_rng_chance(&w->plan, 500)) {
		sim_say(w, n->id, "does not hear node %llu, nor that one it", other->id, 0, 0);
		sim_totem_link(w, n, other, /* whole */ false);
		sim_fault_later(w, n, SIM_F_ONE_WAY, takes);
		return;
	}
	sim_say(w, n->id, "is cut one way", 0, 0, 0);
	n->mute_until = w->now + takes;
	if (sim_rng_chance(&w->plan, 500))
		n->stuck_until = w->now + takes;
	sim_totem_change(w, /* clean */ false);
	sim_fault_later(w, n, SIM_F_ONE_WAY, takes);
}

static void ring_flaps(struct sim_world *w, struct sim_node *n)
{
	uint64_t at = 0;

	(void)n;
	for (uint64_t i = sim_plan_dice(w, 2, 7); i > 0; i--) {
		at += sim_plan_dice(w, w->interval_us / 2, 1000u * (uint64_t)w->setup.token_ms * 2);
		sim_fault_later(w, &w->node[sim_plan_dice(w, 0, sim_regular(w) - 1)], SIM_F_RING_FLAPS, at);
	}
}

/* ---- Machines ---- */

static void daemon_killed(struct sim_world *w, struct sim_node *n)
{
	sim_daemon_kill(w, n);
	sim_push(w, w->now + sim_fault_duration(w), SIM_EV_DAEMON, n->index, 0, n->power);
}

static void wall_steps(struct sim_world *w, struct sim_node *n)
{
	sim_say(w, n->id, "its wall clock steps", 0, 0, 0);
	n->wall_s += (int64_t)sim_plan_dice(w, 0, 200000) - 100000;
}

static void node_dies(struct sim_world *w, struct sim_node *n)
{
	sim_power_off(w, n, "dies");
}

static void daemon_paused(struct sim_world *w, struct sim_node *n)
{
	sim_daemon_pause(w, n);
	sim_push(w, w->now + sim_fault_duration(w), SIM_EV_RESUME, n->index, 0, n->pause_gen);
}

static void node_paused(struct sim_world *w, struct sim_node *n)
{
	sim_freeze(w, n);
	sim_push(w, w->now + sim_fault_duration(w), SIM_EV_THAW, n->index, 0, n->pause_gen);
}

static void corosync_paused(struct sim_world *w, struct sim_node *n)
{
	sim_corosync_freeze(w, n);
	sim_push(w, w->now + sim_fault_duration(w), SIM_EV_COROSYNC_GO, n->index, 0, n->power);
}

static void corosync_killed(struct sim_world *w, struct sim_node *n)
{
	sim_corosync_stop(w, n, /* clean */ sim_rng_chance(&w->plan, 300));
	sim_push(w, w->now + sim_fault_duration(w), SIM_EV_COROSYNC, n->index, 0, n->power);
}

/* ---- And back ---- */

static void one_way_ends(struct sim_world *w, struct sim_node *n, const struct sim_event *event)
{
	(void)event;
	sim_totem_hear(w, n);
	sim_totem_change(w, /* clean */ false);
}

static void ring_flaps_on(struct sim_world *w, struct sim_node *n, const struct sim_event *event)
{
	(void)event;
	n->group ^= 1;
	sim_say(w, n->id, "is plugged into network %llu", n->group, 0, 0);
	sim_totem_change(w, /* clean */ false);
}

const struct sim_fault_row sim_faults[SIM_F_COUNT] = {
	[SIM_F_NODE_DIES] = { "node dies", node_dies, NULL },
	[SIM_F_DAEMON_KILLED] = { "daemon killed", daemon_killed, NULL },
	[SIM_F_DAEMON_PAUSED] = { "daemon paused", daemon_paused, NULL },
	[SIM_F_NODE_PAUSED] = { "node paused", node_paused, NULL },
	[SIM_F_COROSYNC_PAUSED] = { "corosync paused", corosync_paused, NULL },
	[SIM_F_COROSYNC_KILLED] = { "corosync killed", corosync_killed, NULL },
	[SIM_F_SPLIT] = { "split", split, NULL },
	[SIM_F_ONE_WAY] = { "one-way cut", one_way, one_way_ends },
	[SIM_F_MERGE] = { "merge", merge, NULL },
	[SIM_F_RING_FLAPS] = { "ring flaps", ring_flaps, ring_flaps_on },
	[SIM_F_WALL_STEP] = { "wall clock steps", wall_steps, NULL },
};

void sim_fault_now(struct sim_world *w, struct sim_node *n, enum sim_fault fault)
{
	w->stats.fault[fault]++;
	row_of(fault)->happens(w, n);
}

void sim_fault(struct sim_world *w, const struct sim_planned *planned)
{
	sim_rng_seed(&w->plan, (w->setup.seed ^ 0x6661756C74u) +
				       ((uint64_t)planned->dice + 1) * 0xD1B54A32D192ED03u);
	sim_fault_now(w, target(w), planned->fault);
}

void sim_undo(struct sim_world *w, const struct sim_event *event)
{
	if (!w->goal.settled_by)	/* else everything has been healed meanwhile */
		row_of((enum sim_fault)event->arg)->ends(w, &w->node[event->node], event);
}

/* A daemon that began with another label or other timings than there are now will
 * never see the LUN: an administrator starts it anew, with the timings of all. */
static void heal_label(struct sim_world *w, struct sim_node *n)
{
	struct qd_label label;

	if (n->running && !n->old && qd_label_decode(w->lun.image, SIM_SECTOR, &label) == QD_FINE &&
	    (label.created_s != n->engine.label.created_s ||
	     memcmp(&label.timings, &n->engine.label.timings, sizeof(label.timings)) != 0))
		sim_daemon_kill(w, n);
	n->agree_at = 0;
}

static void heal_node(struct sim_world *w, struct sim_node *n)
{
	if (n->spare) {
		sim_power_off(w, n, "is switched off: there are two of it");
		return;
	}
	n->group = 0;
	n->mute_until = n->stuck_until = 0;
	sim_totem_hear(w, n);
	n->boot_ms = w->setup.boot_max_ms;
	sim_lun_heal(w, n);
	sim_daemon_resume(w, n);
	sim_thaw(w, n);
	sim_corosync_go(w, n);
	heal_label(w, n);
	sim_admin_heal(w, n);
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
	w->setup.fence_lie_per_mille = 0;
	w->agreed = w->setup.t;
	sim_lun_format(w, w->relabelled, /* wipe */ false);
	for (uint32_t i = 0; i < w->setup.nodes; i++)
		heal_node(w, &w->node[i]);
	sim_totem_change(w, /* clean */ false);
}
