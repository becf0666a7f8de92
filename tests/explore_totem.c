/* Corosync: who forms a ring with whom, and when. As sim_totem.c, in steps: when
 * a member dies or is cut off the token stands still at once; after the token
 * timeout only a new ring helps. */
#include "explore.h"

static bool totem_alive(const struct xp_node *n)
{
	return n->on && !n->frozen;
}

/* Does the token of this node's ring go round? */
bool xp_flows(const struct xp_run *r, uint32_t i)
{
	const struct xp_node *n = &r->w.node[i];

	if (!totem_alive(n))
		return false;
	for (uint32_t j = 0; j < r->setup.nodes; j++) {
		const struct xp_node *m = &r->w.node[j];

		if (!qd_has(n->co.members, xp_id(j)))
			continue;
		if (!totem_alive(m) || m->group != n->group || m->co.gather ||
		    !qd_ring_equal(m->co.ring, n->co.ring))
			return false;
	}
	return true;
}

/* Those who can form a ring with this node now, itself included. */
qd_mask xp_component(const struct xp_run *r, uint32_t i)
{
	qd_mask set = 0;

	for (uint32_t j = 0; j < r->setup.nodes; j++) {
		if (totem_alive(&r->w.node[j]) && r->w.node[j].group == r->w.node[i].group)
			set |= qd_bit(xp_id(j));
	}
	return set;
}

/* Is a new ring due, or possible, among those that this node can reach? Asked of
 * the lowest of them. */
enum xp_form xp_form_due(const struct xp_run *r, uint32_t i)
{
	qd_mask set;
	uint64_t lost_at = UINT64_MAX, age;
	bool missing = false;

	if (!totem_alive(&r->w.node[i]))
		return XP_FORM_NO;
	set = xp_component(r, i);
	if (qd_lowest(set) != xp_id(i) || (r->w.node[i].co.members == set && xp_flows(r, i)))
		return XP_FORM_NO;
	for (uint32_t j = 0; j < r->setup.nodes; j++) {
		const struct xp_corosync *co = &r->w.node[j].co;

		if (!qd_has(set, xp_id(j)))
			continue;
		if (!(co->members & ~set))
			continue;
		missing = true;
		if (co->lost_at < lost_at)
			lost_at = co->lost_at;
	}
	if (!missing)
		return XP_FORM_MUST;
	age = r->w.now - lost_at;
	if (age >= r->setup.token_ms + r->setup.consensus_ms)
		return XP_FORM_MUST;
	return age == r->step_ms || age == r->setup.token_ms ? XP_FORM_MAY : XP_FORM_NO;
}

static void install(struct xp_run *r, uint32_t i, struct qd_ring ring, qd_mask members)
{
	struct xp_corosync *co = &r->w.node[i].co;

	co->ring = ring;
	co->members = members;
	co->lost_at = 0;
	co->gather = false;
	xp_sync_start(r, i);
}

void xp_form(struct xp_run *r, uint32_t i)
{
	qd_mask set = xp_component(r, i);
	struct qd_ring ring = { .node_id = 1, .seq = r->w.ring_next++ };

	for (uint32_t j = 0; j < r->setup.nodes; j++) {
		if (qd_has(set, xp_id(j)))
			install(r, j, ring, set);
	}
}

void xp_corosync_start(struct xp_run *r, uint32_t i)
{
	struct qd_ring ring = { .node_id = 1, .seq = r->w.ring_next++ };

	memset(&r->w.node[i].co, 0, sizeof(r->w.node[i].co));
	install(r, i, ring, qd_bit(xp_id(i)));
}

/* Since when the token stands still, and whether it is still waited for. */
void xp_totem_settle(struct xp_run *r)
{
	for (uint32_t i = 0; i < r->setup.nodes; i++) {
		struct xp_corosync *co = &r->w.node[i].co;

		if (!r->w.node[i].on)
			continue;
		if (xp_flows(r, i))
			co->lost_at = 0;
		else if (co->lost_at == 0)
			co->lost_at = r->w.now;
	}
	for (uint32_t i = 0; i < r->setup.nodes; i++) {
		struct xp_corosync *co = &r->w.node[i].co;

		if (totem_alive(&r->w.node[i]) && co->lost_at &&
		    r->w.now - co->lost_at >= r->setup.token_ms)
			co->gather = true;
	}
}
