/* What each fault does that comes from people and from what stands around the
 * cluster: stops and starts, reloads, heuristics, fencing, power, a twin. */
#include "sim.h"

/* ---- Stops and starts ---- */

static void stop_clean(struct sim_world *w, struct sim_node *n)
{
	sim_daemon_stop(w, n);
	sim_push(w, w->now + sim_plan_dice(w, sim_cycles(w, 2), sim_cycles(w, 8)), SIM_EV_UNDO, n->index, SIM_F_STOP,
		 sim_rng_chance(&w->plan, 500));
	sim_push(w, w->now + sim_plan_dice(w, sim_cycles(w, 10), sim_cycles(w, 60)), SIM_EV_DAEMON, n->index, 0,
		 n->power);
}

/* Corosync is stopped behind the daemon, as a shutdown of the node does. */
static void stop_goes_on(struct sim_world *w, struct sim_node *n, const struct sim_event *event)
{
	if (!event->gen || !n->exited || !n->co.up)
		return;
	sim_corosync_stop(w, n, /* clean */ true);
	sim_push(w, w->now + sim_cycles(w, 15), SIM_EV_COROSYNC, n->index, 0, n->power);
}

/* Every daemon is stopped, and later started: all at once, or one by one. */
static void restart_all(struct sim_world *w, struct sim_node *n)
{
	uint64_t at = w->now + 5000000, apart = sim_plan_dice(w, 0, 1) * sim_cycles(w, 15);

	(void)n;
	for (uint32_t i = 0; i < sim_regular(w); i++) {
		sim_daemon_stop(w, &w->node[i]);
		at += sim_plan_dice(w, 0, apart);
		sim_push(w, at, SIM_EV_DAEMON, i, 0, w->node[i].power);
	}
}

/* The power of everything fails, and comes back for all at once, or as each boots. */
static void power_fails(struct sim_world *w, struct sim_node *n)
{
	uint64_t back = w->now + sim_fault_duration(w);
	bool at_once = sim_rng_chance(&w->plan, 500);

	(void)n;
	for (uint32_t i = 0; i < sim_regular(w); i++) {
		sim_power_off(w, &w->node[i], "loses its power");
		if (at_once)
			sim_push(w, back + sim_plan_dice(w, 0, 300000), SIM_EV_BOOT, i, 0, w->node[i].power);
	}
}

/* ---- Reload ---- */

/* What can change while the daemon runs, and what cannot: timings are in the
 * label, nodes and slots belong to a start. The same questions, in the same
 * order, as qdiskd's own reload asks. */
static bool reload_fits(const struct qd_params *now, const struct qd_params *next)
{
	if (memcmp(&next->t, &now->t, sizeof(next->t)) != 0)
		return false;
	return next->nodes == now->nodes && next->node_id == now->node_id;
}

static void reload(struct sim_world *w, struct sim_node *n)
{
	struct qd_params next = n->params;

	next.reboot = sim_rng_chance(&w->plan, 500);
	next.io_timeout = sim_rng_chance(&w->plan, 500);
	next.paranoid = sim_rng_chance(&w->plan, 200);
	next.allow_kill = sim_rng_chance(&w->plan, 500);
	next.fencing = sim_rng_chance(&w->plan, 500);
	next.max_error_cycles = (uint32_t)(sim_plan_dice(w, 0, 1) * sim_plan_dice(w, 1, 20));
	next.min_score = w->setup.heuristics ? (uint32_t)sim_plan_dice(w, 0, 10) : 0;
	if (sim_rng_chance(&w->plan, 200))
		next.t.tko++;
	if (!reload_fits(&n->params, &next)) {
		sim_say(w, n->id, "its reload is refused: that needs a stop", 0, 0, 0);
		return;
	}
	sim_say(w, n->id, "is configured anew", 0, 0, 0);
	n->params = next;
	if (sim_awake(n) && !n->old)
		qd_engine_reconfig(&n->engine, &n->params);
}

/* It is started again with another tko than the label says, as large as the token
 * allows: what the laws would refuse does not even come to that question. */
static void timings_differ(struct sim_world *w, struct sim_node *n)
{
	struct qd_timings next = n->params_first.t;

	next.tko++;
	while (qd_law_master_recovery_ms(&next) + next.interval_ms < w->setup.token_ms)
		next.tko++;
	if (w->setup.mixed || n->old || qd_law_master_recovery_ms(&next) >= w->setup.token_ms)
		return;
	sim_say(w, n->id, "gets tko %llu", next.tko, 0, 0);
	sim_daemon_stop(w, n);
	sim_fault_later(w, n, SIM_F_TIMINGS, 4100000);
}

static void timings_differ_now(struct sim_world *w, struct sim_node *n, const struct sim_event *event)
{
	(void)event;
	if (n->running || !n->on)
		return;
	while (qd_law_master_recovery_ms(&n->params.t) + n->params.t.interval_ms < w->setup.token_ms)
		n->params.t.tko++;
	sim_daemon_start(w, n);
}

/* ---- Heuristics ---- */

static void score_falls(struct sim_world *w, struct sim_node *n)
{
	if (!w->setup.heuristics)
		return;
	sim_say(w, n->id, "its score falls", 0, 0, 0);
	n->score = (uint32_t)sim_plan_dice(w, 0, 5);
	sim_fault_later(w, n, SIM_F_SCORE, sim_fault_duration(w));
}

static void score_rises(struct sim_world *w, struct sim_node *n, const struct sim_event *event)
{
	(void)w, (void)event;
	n->score = n->score_max;
}

/* Up and down, as often as event->gen says. */
static void score_flaps(struct sim_world *w, struct sim_node *n, uint32_t left)
{
	n->score = left & 1 ? (uint32_t)sim_dice(w, 0, n->score_max / 2) : n->score_max;
	sim_say(w, n->id, "its score is %llu", n->score, 0, 0);
	if (left)
		sim_push(w, w->now + sim_dice(w, w->interval_us / 5, 4 * w->interval_us), SIM_EV_UNDO, n->index,
			 SIM_F_SCORE_FLAPS, left - 1);
}

static void score_flaps_begin(struct sim_world *w, struct sim_node *n)
{
	if (w->setup.heuristics)
		score_flaps(w, n, (uint32_t)sim_plan_dice(w, 3, 25));
}

static void score_flaps_on(struct sim_world *w, struct sim_node *n, const struct sim_event *event)
{
	score_flaps(w, n, event->gen);
}

/* ---- Fencing ---- */

/* From now on it works always, never, or every second time; fast, as ever, or
 * slower than everything else. */
static void fencing_changes(struct sim_world *w, struct sim_node *n)
{
	static const uint32_t longest[] = { 2, 40, 200 };

	(void)n;
	w->setup.fence_ok_per_mille = (uint32_t)sim_plan_dice(w, 0, 2) * 500;
	w->setup.fence_max_ms = longest[sim_plan_dice(w, 0, 2)] * w->setup.t.interval_ms;
}

/* An agent that says success and does nothing: see lied_forget() for what is
 * promised beside it. */
static void fencing_lies(struct sim_world *w, struct sim_node *n)
{
	(void)n;
	sim_say(w, 0, "fencing begins to lie", 0, 0, 0);
	w->setup.fence_lie_per_mille = (uint32_t)sim_plan_dice(w, 200, 1000);
}

/* ---- A twin ---- */

/* A clone of a node is switched on, in a network of its own, on the same LUN. */
static void twin_begins(struct sim_world *w, struct sim_node *n)
{
	n = &w->node[w->setup.nodes - 1];
	if (!n->spare || n->on)
		return;
	sim_say(w, n->id, "has a twin from now on", 0, 0, 0);
	sim_boot(w, n);
}

void sim_admin_heal(struct sim_world *w, struct sim_node *n)
{
	(void)w;
	n->score = n->score_max;
	n->params = n->params_first;
	if (sim_awake(n) && !n->old)
		qd_engine_reconfig(&n->engine, &n->params);
}

const struct sim_fault_row sim_admin_faults[SIM_F_COUNT] = {
	[SIM_F_SCORE] = { "score falls", score_falls, score_rises },
	[SIM_F_STOP] = { "clean stop", stop_clean, stop_goes_on },
	[SIM_F_FENCING] = { "fencing changes", fencing_changes, NULL },
	[SIM_F_RECONFIG] = { "reload", reload, NULL },
	[SIM_F_SCORE_FLAPS] = { "score flaps", score_flaps_begin, score_flaps_on },
	[SIM_F_FENCE_LIES] = { "fencing lies", fencing_lies, NULL },
	[SIM_F_RESTART_ALL] = { "all daemons restarted", restart_all, NULL },
	[SIM_F_POWER] = { "power failure", power_fails, NULL },
	[SIM_F_TWIN] = { "twin", twin_begins, NULL },
	[SIM_F_FENCE_ASKED] = { "fencing is asked for", sim_fence_asked, NULL },
	[SIM_F_TIMINGS] = { "other timings", timings_differ, timings_differ_now },
};
