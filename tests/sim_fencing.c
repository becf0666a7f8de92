/* Fencing that is asked for, and what is promised of every fencing: who counts as
 * fenced is dead. */
#include "sim.h"

/* FENCED: the life that a node takes for fenced does not go on. What an agent lies
 * about, and who is two machines, is nobody's promise. */
void sim_check_fenced(struct sim_world *w, const struct sim_node *n, uint32_t victim)
{
	uint64_t incarnation = n->engine.state.member[victim - 1].fenced_incarnation;

	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		const struct sim_node *v = &w->node[i];

		if (v->id != victim || v->old || v->spare || w->setup.spares || w->check.lied >> i & 1)
			continue;
		if (v->on && v->life_power == v->power && v->engine.state.incarnation == incarnation)
			sim_fail(w, "FENCED", n->id, "a node counts as fenced and lives");
	}
}

/* The resource manager could not stop what runs on a node: it has it fenced, alive as
 * it is, by the master, if the rules allow. */
void sim_fence_asked(struct sim_world *w, struct sim_node *n)
{
	struct sim_node *master = sim_master(w);

	if (!master || master->old || !sim_awake(master) ||
	    qd_fence_ask(&master->engine.state, n->id, w->setup.fence_lun) != QD_ASK_MAY)
		return;
	sim_say(w, master->id, "is asked to fence node %llu", n->id, 0, 0);
	w->check.asked |= qd_bit(n->id);
	qd_engine_fence(&master->engine, n->id, w->setup.fence_lun);
}
