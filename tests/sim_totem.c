/* Corosync: who forms a ring with whom, and when.
 *
 * When a member dies or is cut off, the token stands still at once and nothing
 * is delivered any more (C1). The others notice after the token timeout, gather
 * for the consensus timeout, and install a new ring, each a moment apart. A
 * member that comes back earlier changes nothing. A merge is quick: nobody is
 * missing.
 */
#include "sim.h"

static bool totem_alive(const struct sim_node *n)
{
	return n->on && n->co.up && !n->frozen && !n->co.frozen;
}

static bool reachable(const struct sim_world *w, const struct sim_node *a, const struct sim_node *b)
{
	return a == b || (a->group == b->group && w->now >= a->mute_until && w->now >= b->mute_until);
}

/* Does the token of this node's ring go round? */
bool sim_totem_flows(const struct sim_world *w, const struct sim_node *n)
{
	if (!totem_alive(n) || n->co.ring.seq == 0)
		return false;
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		const struct sim_node *m = &w->node[i];

		if (!(n->co.machines >> i & 1))
			continue;
		if (!totem_alive(m) || !qd_ring_equal(m->co.ring, n->co.ring) || !reachable(w, n, m))
			return false;
		if (m->co.gather_at && w->now >= m->co.gather_at)
			return false;
	}
	return true;
}

/* ---- Planning a ring ---- */

static sim_set component(const struct sim_world *w, const struct sim_node *n)
{
	sim_set set = 0;

	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		if (totem_alive(&w->node[i]) && reachable(w, n, &w->node[i]))
			set |= 1u << i;
	}
	return set;
}

static bool settled(const struct sim_world *w, const struct sim_node *n, sim_set set)
{
	return n->co.machines == set && sim_totem_flows(w, n);
}

/* When the ring of these will be there. */
static uint64_t form_time(struct sim_world *w, sim_set set, bool clean)
{
	uint64_t token = 1000u * (uint64_t)w->setup.token_ms, detect = UINT64_MAX, lost_at;
	uint64_t consensus = 1000u * (uint64_t)w->setup.consensus_ms;
	bool quick = w->wild && sim_rng_chance(&w->rng, 300);

	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		struct sim_corosync *co = &w->node[i].co;

		if (!(set >> i & 1) || !(co->machines & ~set))
			continue;
		lost_at = co->lost_at ? co->lost_at : w->now;
		lost_at += quick ? sim_dice(w, token / 20, token) : token - sim_dice(w, 0, token / 50);
		co->gather_at = co->gather_at ? co->gather_at : lost_at;
		detect = co->gather_at < detect ? co->gather_at : detect;
	}
	if (detect == UINT64_MAX || clean)	/* nobody is missing, or said so */
		return w->now + sim_dice(w, 5000, clean ? 60000 : 300000);
	detect = detect > w->now ? detect : w->now;
	return detect + (quick ? sim_dice(w, consensus / 20, consensus) :
				 consensus - sim_dice(w, 0, consensus / 50));
}

static void plan_ring(struct sim_world *w, sim_set set, bool clean)
{
	uint64_t at = form_time(w, set, clean);
	uint32_t gen = ++w->plan_gen;

	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		if (set >> i & 1) {
			at = at > w->node[i].stuck_until ? at : w->node[i].stuck_until;
			w->node[i].co.plan = set;
			w->node[i].co.plan_gen = gen;
		}
	}
	sim_push(w, at, SIM_EV_FORM, (uint32_t)__builtin_ctz(set), 0, gen);
}

static bool planned(const struct sim_world *w, const struct sim_node *n, sim_set set)
{
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		if (set >> i & 1 && (w->node[i].co.plan != set || w->node[i].co.plan_gen != n->co.plan_gen))
			return false;
	}
	return true;
}

static void plan_drop(struct sim_world *w, sim_set set)
{
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		if (set >> i & 1) {
			w->node[i].co.plan = 0;
			w->node[i].co.lost_at = w->node[i].co.gather_at = 0;
		}
	}
}

/* Something about machines, corosyncs or cables has changed. `clean`: who is
 * missing has said good-bye. */
void sim_totem_change(struct sim_world *w, bool clean)
{
	sim_set done = 0;

	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		struct sim_node *n = &w->node[i];
		sim_set set;

		if (!totem_alive(n))
			n->co.plan = 0;
		if (!totem_alive(n) || n->co.ring.seq == 0)
			continue;
		if (!sim_totem_flows(w, n))
			n->co.lost_at = n->co.lost_at ? n->co.lost_at : w->now;
		if (done >> i & 1)
			continue;
		set = component(w, n);
		done |= set;
		if (settled(w, n, set))
			plan_drop(w, set);
		else if (!planned(w, n, set))
			plan_ring(w, set, clean);
	}
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		if (w->node[i].co.info_count || w->node[i].co.in_sync)
			sim_vote_resume(w, &w->node[i]);
	}
}

/* ---- The new ring ---- */

void sim_totem_form(struct sim_world *w, const struct sim_event *event)
{
	struct sim_node *first = &w->node[event->node];
	sim_set set = first->co.plan;
	struct qd_ring ring = { .node_id = UINT32_MAX };

	if (!set || first->co.plan_gen != event->gen || !planned(w, first, set))
		return;
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		if (!(set >> i & 1))
			continue;
		if (w->node[i].co.highest_seq > ring.seq)
			ring.seq = w->node[i].co.highest_seq;
		if (w->node[i].id < ring.node_id)
			ring.node_id = w->node[i].id;
	}
	ring.seq += 4;
	w->stats.rings++;
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		struct sim_corosync *co = &w->node[i].co;

		if (!(set >> i & 1))
			continue;
		co->next_ring = ring;
		co->next_set = set;
		co->next_gen = event->gen;
		co->highest_seq = ring.seq;
		sim_push(w, w->now + sim_dice(w, 0, w->wild && sim_rng_chance(&w->rng, 100) ? 60000 : 2000),
			 SIM_EV_INSTALL, i, 0, event->gen);
	}
}

static void ring_install(struct sim_world *w, struct sim_node *n, struct qd_ring ring, sim_set set)
{
	struct sim_corosync *co = &n->co;

	co->ring = ring;
	co->machines = set;
	co->members = 0;
	co->lost_at = co->gather_at = 0;
	co->activating = false;
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		if (set >> i & 1)
			co->members |= qd_bit(w->node[i].id);
	}
	sim_say(w, n->id, "corosync: new ring %llu.%llu of %llx", ring.node_id, ring.seq, co->members);
	sim_vote_sync(w, n);
	w->check.dirty = true;
}

void sim_totem_install(struct sim_world *w, struct sim_node *n, uint32_t gen)
{
	if (!totem_alive(n) || n->co.next_gen != gen)
		return;
	n->co.next_gen = 0;
	ring_install(w, n, n->co.next_ring, n->co.next_set);
	sim_totem_change(w, /* clean */ false);
}

/* ---- The process ---- */

void sim_corosync_start(struct sim_world *w, struct sim_node *n)
{
	struct sim_corosync *co = &n->co;
	uint64_t seq = co->highest_seq + 4;

	sim_say(w, n->id, "corosync starts", 0, 0, 0);
	*co = (struct sim_corosync){ .up = true, .highest_seq = seq };
	ring_install(w, n, (struct qd_ring){ .node_id = n->id, .seq = seq }, 1u << n->index);
	sim_totem_change(w, /* clean */ false);
}

void sim_corosync_stop(struct sim_world *w, struct sim_node *n, bool clean)
{
	if (!n->co.up)
		return;
	sim_say(w, n->id, clean ? "corosync is stopped" : "corosync is gone", 0, 0, 0);
	n->co = (struct sim_corosync){ .highest_seq = n->co.highest_seq };
	if (n->running)
		sim_hand_lost(w, n);
	sim_totem_change(w, clean);
	w->check.dirty = true;
}

void sim_corosync_freeze(struct sim_world *w, struct sim_node *n)
{
	if (!n->co.up || n->co.frozen)
		return;
	sim_say(w, n->id, "corosync stands still", 0, 0, 0);
	n->co.frozen = true;
	sim_totem_change(w, /* clean */ false);
}

void sim_corosync_go(struct sim_world *w, struct sim_node *n)
{
	if (!n->co.up || !n->co.frozen)
		return;
	sim_say(w, n->id, "corosync goes on", 0, 0, 0);
	n->co.frozen = false;
	sim_vote_timer(w, n);
	sim_hand_go(w, n);
	sim_totem_change(w, /* clean */ false);
}
