/* Corosync: who hears whom. A link works both ways or not at all, as knet makes it; that two
 * both hear a third one does not mean that they hear each other. */
#include "sim.h"

bool sim_totem_alive(const struct sim_node *n)
{
	return n->on && n->co.up && !n->frozen && !n->co.frozen;
}

/* Does this one hear that one, and is it heard? */
bool sim_linked(const struct sim_world *w, const struct sim_node *a, const struct sim_node *b)
{
	return a == b || (a->group == b->group && !(a->cut >> b->index & 1) &&
			  w->now >= a->mute_until && w->now >= b->mute_until);
}

void sim_totem_link(struct sim_world *w, struct sim_node *a, struct sim_node *b, bool whole)
{
	a->cut = whole ? a->cut & ~(1u << b->index) : a->cut | 1u << b->index;
	b->cut = whole ? b->cut & ~(1u << a->index) : b->cut | 1u << a->index;
	sim_totem_change(w, /* clean */ false);
}

void sim_totem_hear(struct sim_world *w, struct sim_node *n)
{
	n->cut = 0;
	for (uint32_t i = 0; i < w->setup.nodes; i++)
		w->node[i].cut &= ~(1u << n->index);
}

/* The member behind this one: the token goes round in the order of ids. */
const struct sim_node *sim_successor(const struct sim_world *w, const struct sim_node *n, sim_set ring)
{
	sim_set behind = ring & ~((2u << n->index) - 1);

	return &w->node[__builtin_ctz(behind ? behind : ring)];
}

/* Does the token of this node's ring go round? It needs each hop. What two members that are
 * no neighbours do not hear of each other, the others send again: seen with four nodes, the
 * link between 1 and 3 cut, where nothing changed. */
bool sim_totem_flows(const struct sim_world *w, const struct sim_node *n)
{
	const struct sim_corosync *co = &n->co;

	if (!sim_totem_alive(n) || co->ring.seq == 0)
		return false;
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		const struct sim_node *m = &w->node[i];

		if (!(co->machines >> i & 1))
			continue;
		if (!sim_totem_alive(m) || !qd_ring_equal(m->co.ring, co->ring) ||
		    !sim_linked(w, m, sim_successor(w, m, co->machines)))
			return false;
		if (m->co.gather_at && w->now >= m->co.gather_at)
			return false;
	}
	return true;
}

sim_set sim_heard_by(const struct sim_world *w, const struct sim_node *n)
{
	sim_set set = 0;

	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		if (sim_totem_alive(&w->node[i]) && sim_linked(w, n, &w->node[i]))
			set |= 1u << i;
	}
	return set;
}

/* All that hear each other, be it through others. */
sim_set sim_component(const struct sim_world *w, const struct sim_node *n)
{
	sim_set set = sim_heard_by(w, n), done = 1u << n->index;

	while (set & ~done) {
		uint32_t i = (uint32_t)__builtin_ctz(set & ~done);

		done |= 1u << i;
		set |= sim_heard_by(w, &w->node[i]);
	}
	return set;
}

/* Does each of these hear each other one? */
bool sim_all_linked(const struct sim_world *w, sim_set set)
{
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		if (set >> i & 1 && set & ~sim_heard_by(w, &w->node[i]))
			return false;
	}
	return true;
}
