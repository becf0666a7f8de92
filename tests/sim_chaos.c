/* Plans: what goes wrong in a run of each kind, and what must hold. */
#include "sim.h"

/* ---- Common pieces of plans ---- */

static uint64_t start_bound(const struct sim_world *w)
{
	const struct qd_timings *t = &w->setup.t;

	return sim_cycles(w, t->tko + t->tko_up + t->upgrade_wait + t->master_wait + 2);
}

static uint64_t replace_bound(const struct sim_world *w)
{
	return sim_cycles(w, w->setup.t.tko + w->setup.t.master_wait + 4);
}

static uint64_t ring_bound(const struct sim_world *w)
{
	return 1000u * ((uint64_t)w->setup.token_ms + w->setup.consensus_ms);
}

static void start_all(struct sim_world *w)
{
	for (uint32_t i = 0; i < sim_regular(w); i++)
		sim_push(w, sim_plan_dice(w, 0, sim_cycles(w, 3)), SIM_EV_BOOT, i, 0, w->node[i].power);
	sim_push(w, sim_cycles(w, 1), SIM_EV_LOOK, 0, 0, 0);
}

/* By L6, which is kept where the laws warn of nothing; with master_wins a follower
 * has no vote to keep in a new ring, so there the new master must be there first (L4). */
static bool death_is_free(const struct sim_world *w)
{
	const struct qd_timings *t = &w->setup.t;

	return (w->setup.laws || t->master_wait + 4 <= t->tko - 1) &&
	       (!sim_master_wins(w) || qd_law_master_recovery_ms(t) < w->setup.token_ms);
}

static struct sim_node *pick_node(struct sim_world *w, uint32_t master_per_mille)
{
	struct sim_node *master = sim_master(w);

	if (master && sim_rng_chance(&w->plan, master_per_mille))
		return master;
	return &w->node[sim_plan_dice(w, 0, sim_regular(w) - 1)];
}

static sim_set all_but(const struct sim_world *w, sim_set without)
{
	return ((1u << sim_regular(w)) - 1) & ~without;
}

/* ---- What happens at the fault of each quiet kind ---- */

static void promise_quorum(struct sim_world *w, sim_set set, uint64_t from, const char *name)
{
	w->goal.quorate = set;
	w->goal.quorate_from = from;
	w->goal.quorate_name = name;
}

static void one_death(struct sim_world *w)
{
	struct sim_node *victim = pick_node(w, 600);
	bool was_master = victim == sim_master(w);

	victim->boot_ms = 0;
	if (sim_rng_chance(&w->plan, 600))
		sim_power_off(w, victim, "dies");
	else
		sim_daemon_kill(w, victim);
	if (was_master) {
		w->goal.master_by = w->lun.landed[victim->id] + replace_bound(w);
		w->goal.master_name = "P2";
		sim_push(w, w->goal.master_by, SIM_EV_LOOK, 0, 1, 0);
	}
	if (death_is_free(w))
		promise_quorum(w, all_but(w, 1u << victim->index), w->now, "P4");
	w->end = w->now + 2 * ring_bound(w) + sim_cycles(w, 60);
}

static void last_man(struct sim_world *w)
{
	uint32_t survivor = (uint32_t)sim_plan_dice(w, 0, sim_regular(w) - 1);

	for (uint32_t i = 0; i < sim_regular(w); i++) {
		w->node[i].boot_ms = 0;
		if (i != survivor)
			sim_power_off(w, &w->node[i], "dies");
	}
	promise_quorum(w, 1u << survivor, w->now + replace_bound(w), "P3");
	w->end = w->now + 2 * ring_bound(w) + sim_cycles(w, 60);
}

static void one_split(struct sim_world *w)
{
	struct sim_node *master = sim_master(w);
	sim_set side = 0;
	uint32_t cut = (uint32_t)sim_plan_dice(w, 0, w->setup.nodes - 1);

	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		w->node[i].group = i == cut || sim_rng_chance(&w->plan, 300);
		w->node[i].group &= i != (cut + 1) % w->setup.nodes;
	}
	for (uint32_t i = 0; i < w->setup.nodes && master; i++) {
		if (w->node[i].group == master->group)
			side |= 1u << i;
	}
	sim_say(w, 0, "the network splits: the master's side is %llx", side, 0, 0);
	sim_totem_change(w, /* clean */ false);
	promise_quorum(w, side, w->now, "P3");
	sim_push(w, w->now + ring_bound(w) + sim_plan_dice(w, sim_cycles(w, 20), sim_cycles(w, 120)),
		 SIM_EV_HEAL, 0, 0, 0);
}

static void one_stop(struct sim_world *w)
{
	struct sim_node *leaver = pick_node(w, 800);

	leaver->boot_ms = 0;
	if (leaver == sim_master(w)) {
		w->goal.master_by = w->now + sim_cycles(w, 3);
		w->goal.master_name = "P2";
		sim_push(w, w->goal.master_by, SIM_EV_LOOK, 0, 1, 0);
	}
	promise_quorum(w, all_but(w, 1u << leaver->index), w->now, "P4");
	sim_daemon_stop(w, leaver);
	sim_push(w, w->now + sim_cycles(w, sim_plan_dice(w, 4, 12)), SIM_EV_UNDO, leaver->index, SIM_F_STOP, 1);
	w->end = w->now + sim_cycles(w, 80);
}

/* ---- Chaos ---- */

static bool fault_fits(enum sim_kind kind, enum sim_fault fault)
{
	if (kind == SIM_IO)
		return fault >= SIM_F_LUN_SLOW && fault <= SIM_F_ELSEWHERE;
	if (kind == SIM_PAUSE)
		return fault >= SIM_F_DAEMON_KILLED && fault <= SIM_F_COROSYNC_PAUSED;
	return true;
}

/* How good a node's way to the LUN is, for the whole run. */
static void storage_draw(struct sim_world *w, struct sim_node *n)
{
	bool distant = sim_rng_chance(&w->plan, 100), stale = sim_rng_chance(&w->plan, 300);
	bool torn = sim_rng_chance(&w->plan, 100), tail = sim_rng_chance(&w->plan, 400);
	enum sim_latency shape = (enum sim_latency)sim_plan_dice(w, 0, 2);
	uint32_t latency = (uint32_t)sim_plan_dice(w, n->latency, w->interval_us / 8);
	uint32_t often = (uint32_t)sim_plan_dice(w, 1, 20);
	uint32_t least = (uint32_t)sim_plan_dice(w, w->interval_us / 50, w->interval_us / 3);

	if (w->setup.without & SIM_WITHOUT_TAILS)
		return;
	n->shape = shape;
	n->latency = distant && !n->old ? latency : n->latency;	/* 18 in a row: never up */
	n->stale_per_mille = stale ? 200 : 0;
	n->torn_per_mille = torn ? 20 : 0;
	n->tail_per_mille = tail ? often : 0;
	n->tail_us = least;
}

static void chaos_draw_faults(struct sim_world *w)
{
	uint64_t at = w->now + sim_plan_dice(w, 0, sim_cycles(w, 20));
	uint32_t count = (uint32_t)sim_plan_dice(w, 1, sim_rng_chance(&w->plan, 100) ? SIM_FAULTS : 6);
	uint64_t spread = sim_cycles(w, sim_plan_dice(w, 1, 15));
	uint64_t last = w->setup.asks ? SIM_F_FENCE_ASKED : SIM_F_FENCE_ASKED - 1;

	while (w->fault_count < count) {
		enum sim_fault fault = (enum sim_fault)sim_plan_dice(w, 0, last);

		if (!fault_fits(w->setup.kind, fault))
			continue;
		w->fault[w->fault_count] = (struct sim_planned){ .at = at, .fault = fault,
								 .dice = w->fault_count };
		w->fault_count++;
		at += sim_plan_dice(w, 0, spread);
	}
	w->heal_at = at + sim_plan_dice(w, sim_cycles(w, 5), sim_cycles(w, 80));
}

static void chaos_begin(struct sim_world *w)
{
	w->wild = !(w->setup.without & SIM_WITHOUT_WILD);
	for (uint32_t i = 0; i < w->setup.nodes; i++)
		storage_draw(w, &w->node[i]);
	chaos_draw_faults(w);
	if (w->setup.planned) {
		w->fault_count = w->setup.fault_count;
		memcpy(w->fault, w->setup.fault, sizeof(w->fault));
		w->heal_at = w->setup.heal_at;
	}
	for (uint32_t i = 0; i < w->fault_count; i++)
		sim_push(w, w->fault[i].at, SIM_EV_FAULT, 0, i, 0);
	sim_push(w, w->heal_at, SIM_EV_HEAL, 0, 0, 0);
}

static void drift_draw(struct sim_world *w)
{
	/* Apart by less than 1 part in 2K. */
	uint64_t bound = sim_rng_chance(&w->plan, 200) ? 1000000u / (4 * w->setup.t.tko + 1) : 80;

	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		w->node[i].drift_ppm = (int64_t)sim_plan_dice(w, 0, 2 * bound) - (int64_t)bound;
		if (w->setup.without & SIM_WITHOUT_DRIFT)
			w->node[i].drift_ppm = 0;
		w->node[i].wall_s = (int64_t)sim_plan_dice(w, 1700000000, 1700000100);
	}
}

/* ---- Plans ---- */

void sim_plan(struct sim_world *w)
{
	uint64_t begin = sim_cycles(w, 8) + start_bound(w) + 2000000;

	if (w->setup.kind >= SIM_IO)
		drift_draw(w);
	start_all(w);
	w->end = begin + sim_cycles(w, 150);
	if (w->setup.kind == SIM_CALM) {
		promise_quorum(w, all_but(w, 0), begin + sim_cycles(w, 2), "P1");
		return;
	}
	w->end = UINT64_MAX;
	sim_push(w, begin + sim_plan_dice(w, sim_cycles(w, 3), sim_cycles(w, 6)), SIM_EV_FAULT, 0, SIM_FAULTS, 0);
}

/* Everything works again: from here on it must come together. */
static void plan_heal(struct sim_world *w)
{
	const struct sim_setup *s = &w->setup;
	uint64_t bound = qd_law_forget_ms(&w->node[0].params) + s->token_ms + s->consensus_ms +
			 2 * (uint64_t)s->boot_max_ms + 2 * (uint64_t)s->fence_max_ms;

	sim_heal(w);
	w->goal.quorate = 0;
	w->goal.settled_by = w->now + 1000 * bound + 8 * start_bound(w) * (s->mixed ? 3 : s->kind == SIM_OLD ? 12 : 1);
	w->goal.settled_at = 0;
}

static void plan_begin(struct sim_world *w)
{
	switch (w->setup.kind) {
	case SIM_DEATH:
		one_death(w);
		break;
	case SIM_LASTMAN:
		last_man(w);
		break;
	case SIM_SPLIT:
		one_split(w);
		break;
	case SIM_STOP:
		one_stop(w);
		break;
	case SIM_IO:
	case SIM_PAUSE:
	case SIM_CHAOS:
	case SIM_OLD:
		chaos_begin(w);
		break;
	case SIM_RIVAL:
		sim_rival_begin(w);
		break;
	case SIM_CALM:
	case SIM_KINDS:
		break;
	}
}

void sim_plan_event(struct sim_world *w, const struct sim_event *event)
{
	switch (event->kind) {
	case SIM_EV_FAULT:
		if (event->arg == SIM_FAULTS)
			plan_begin(w);
		else if (event->arg > SIM_FAULTS)
			sim_rival_event(w, event);
		else
			sim_fault(w, &w->fault[event->arg]);
		break;
	case SIM_EV_UNDO:
		sim_undo(w, event);
		break;
	case SIM_EV_HEAL:
		plan_heal(w);
		break;
	case SIM_EV_LOOK:
		sim_goal_look(w);
		if (event->arg == 0)
			sim_push(w, w->now + w->interval_us, SIM_EV_LOOK, 0, 0, 0);
		if (w->now >= w->end)
			w->stop = true;
		break;
	default:
		assert(false);	/* an event of a plan */
	}
}
