/* The promises P1..P4, as each plan makes them; and what "all is well" means. */
#include "sim.h"

uint64_t sim_cycles(const struct sim_world *w, uint64_t count)
{
	return count * w->interval_us;
}

static bool is_live_master(const struct sim_node *n)
{
	return n->running && !n->engine.ended && n->engine.state.role == QD_STATE_MASTER;
}

struct sim_node *sim_master(struct sim_world *w)
{
	struct sim_node *master = NULL;

	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		if (!is_live_master(&w->node[i]))
			continue;
		if (master)
			return NULL;
		master = &w->node[i];
	}
	return master;
}

bool sim_all_quorate(const struct sim_world *w, sim_set machines)
{
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		const struct sim_corosync *co = &w->node[i].co;

		if (machines >> i & 1 && !(co->up && co->shown_quorate))
			return false;
	}
	return true;
}

/* One live master, and every daemon that runs knows it. */
static bool master_known(struct sim_world *w)
{
	const struct sim_node *master = sim_master(w);

	if (!master)
		return false;
	for (uint32_t i = 0; i < sim_regular(w); i++) {
		const struct sim_node *n = &w->node[i];

		if (sim_awake(n) && !n->old && n->engine.state.master != master->id)
			return false;
	}
	return true;
}

/* With master_wins the master alone casts. */
static bool casts_as_it_should(const struct sim_world *w, const struct sim_node *n)
{
	return n->co.cast == (!sim_master_wins(w) || is_live_master(n));
}

/* With daemons of 2011 about: one master, of either kind, that all of ours see. */
static bool one_master_of_any(const struct sim_world *w)
{
	uint32_t masters = 0, id = 0;

	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		const struct sim_node *n = &w->node[i];

		if (!n->on || !sim_awake(n))
			return false;
		if (n->old ? n->old_state.state == QD_STATE_MASTER : is_live_master(n)) {
			masters++;
			id = n->id;
		}
	}
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		if (!w->node[i].old && w->node[i].engine.state.master != id)
			return false;
	}
	return masters == 1;
}

bool sim_goal_settled(const struct sim_world *w)
{
	const struct sim_node *master = NULL;
	qd_mask all = w->node[0].params.nodes;

	if (w->setup.kind == SIM_OLD)
		return one_master_of_any(w);
	for (uint32_t i = 0; i < sim_regular(w); i++) {
		const struct sim_node *n = &w->node[i];

		if (!n->on || !sim_awake(n) || !n->co.up || !n->co.shown_quorate || n->co.shown_view != all)
			return false;
		if (is_live_master(n) && master)
			return false;
		if (is_live_master(n))
			master = n;
		else if (n->engine.state.role != QD_STATE_RUN)
			return false;
	}
	if (!master || master->engine.state.mask != all)
		return false;
	for (uint32_t i = 0; i < sim_regular(w); i++) {
		if (w->node[i].engine.state.master != master->id || !casts_as_it_should(w, &w->node[i]))
			return false;
	}
	return true;
}

void sim_goal_look(struct sim_world *w)
{
	struct sim_goal *goal = &w->goal;

	if (goal->master_by && w->now >= goal->master_by) {
		if (!master_known(w))
			sim_fail(w, goal->master_name, 0, "there is no one master that all know");
		goal->master_by = 0;
	}
	w->check.dirty = w->check.dirty || goal->quorate;
	if (!goal->settled_by)
		return;
	if (!sim_goal_settled(w))
		goal->settled_at = 0;
	else if (!goal->settled_at)
		goal->settled_at = w->now;
	if (goal->settled_at && w->now - goal->settled_at >= sim_cycles(w, 12))
		w->stop = true;
	else if (!goal->settled_at && w->now >= goal->settled_by)
		sim_fail(w, "P1", 0, "everything works again, and the cluster does not come together");
}

/* P1: in a calm world there is one master that all know (K+U+W+M+2) cycles
 * after the last start. A quarter of a cycle more for the I/O. */
void sim_goal_started(struct sim_world *w)
{
	const struct qd_timings *t = &w->setup.t;

	if (w->setup.kind != SIM_CALM)
		return;
	w->goal.master_name = "P1";
	w->goal.master_by = w->now + w->interval_us / 4 +
			    sim_cycles(w, t->tko + t->tko_up + t->upgrade_wait + t->master_wait + 2);
	sim_push(w, w->goal.master_by, SIM_EV_LOOK, 0, 1, 0);
}
