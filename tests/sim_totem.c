/* Corosync: who forms a ring with whom, and when.
 *
 * When a member dies or is cut off, the token stands still at once and nothing
 * is delivered any more (C1). The others notice after the token timeout, gather
 * for the consensus timeout, and install a new ring, each a moment apart. A
 * member that comes back earlier changes nothing. A merge is quick: nobody is
 * missing.
 */
#include "sim.h"

static bool settled(const struct sim_world *w, const struct sim_node *n, sim_set set)
{
	return n->co.machines == set && sim_totem_flows(w, n);
}

/* ---- Planning a ring ---- */

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

static void plan_ring_at(struct sim_world *w, sim_set set, uint64_t at)
{
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

static void plan_ring(struct sim_world *w, sim_set set, bool clean)
{
	plan_ring_at(w, set, form_time(w, set, clean));
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

/* The ring that the first of them forms with whoever hears all that are in it already. */
static sim_set ring_around(const struct sim_world *w, uint32_t first, sim_set from)
{
	sim_set ring = 1u << first;

	for (uint32_t k = 1; k < w->setup.nodes; k++) {
		uint32_t i = (first + k) % w->setup.nodes;

		if (from >> i & 1 && !(ring & ~sim_heard_by(w, &w->node[i])))
			ring |= 1u << i;
	}
	return ring;
}

/* Who notices the loss first: the one behind the hop that is broken, whose last token is
 * the oldest; one time in five it is another. */
static uint32_t first_to_notice(struct sim_world *w, sim_set set)
{
	uint32_t skip = (uint32_t)sim_dice(w, 0, (uint64_t)__builtin_popcount(set) - 1);
	bool another = sim_rng_chance(&w->rng, 200);
	sim_set left = set;

	for (uint32_t i = 0; i < w->setup.nodes && !another; i++) {
		const struct sim_node *next = sim_successor(w, &w->node[i], set);

		if (set >> i & 1 && !sim_linked(w, &w->node[i], next))
			return next->index;
	}
	while (skip--)
		left &= left - 1;
	return (uint32_t)__builtin_ctz(left);
}

/* How much longer than the first ring the next one takes. Seen after the cut, with a token
 * of 1 s, where the first came at 2.1 s: 2.1, 3.3, 4.2, 4.6, 6.0, 7.7 s. */
static uint64_t left_over_time(struct sim_world *w)
{
	uint64_t takes = sim_rng_chance(&w->rng, 250) ? 0 : 2000u * (uint64_t)w->setup.token_ms;

	while (sim_rng_chance(&w->rng, 300))
		takes += 1000u * (uint64_t)w->setup.consensus_ms;
	return takes;
}

/* Not everybody here hears everybody: they form rings of those who do. Each side goes on
 * hearing somebody of another one, and never comes to rest (sim_totem_restless). */
static void plan_apart(struct sim_world *w, sim_set set)
{
	uint32_t first = first_to_notice(w, set);

	for (uint64_t late = 0; set; late = left_over_time(w)) {
		sim_set ring = ring_around(w, first, set);

		if (!settled(w, &w->node[first], ring) && !planned(w, &w->node[first], ring))
			plan_ring_at(w, ring, form_time(w, ring, /* clean */ false) + late);
		set &= ~ring;
		first = set ? (uint32_t)__builtin_ctz(set) : 0;
	}
}

/* Is everybody here in a ring whose token goes round, or about to be, with its like only? */
static bool apart_already(struct sim_world *w, sim_set set)
{
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		const struct sim_node *n = &w->node[i];
		sim_set ring = n->co.plan ? n->co.plan : n->co.machines;

		if (!(set >> i & 1))
			continue;
		if (ring & ~set || !sim_all_linked(w, ring))
			return false;
		if (settled(w, n, ring))
			plan_drop(w, ring);
		else if (!n->co.plan || !planned(w, n, ring))
			return false;
	}
	return true;
}

/* Something about machines, corosyncs or cables has changed. `clean`: who is
 * missing has said good-bye. */
void sim_totem_change(struct sim_world *w, bool clean)
{
	sim_set done = 0;

	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		struct sim_node *n = &w->node[i];

		if (!sim_totem_alive(n))
			n->co.plan = 0;
		else if (n->co.ring.seq && !sim_totem_flows(w, n))
			n->co.lost_at = n->co.lost_at ? n->co.lost_at : w->now;
	}
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		struct sim_node *n = &w->node[i];
		sim_set set;

		if (done >> i & 1 || !sim_totem_alive(n) || n->co.ring.seq == 0)
			continue;
		set = sim_component(w, n);
		done |= set;
		if (settled(w, n, set))
			plan_drop(w, set);
		else if (sim_all_linked(w, set) && !planned(w, n, set))
			plan_ring(w, set, clean);
		else if (!sim_all_linked(w, set) && !apart_already(w, set))
			plan_apart(w, set);
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
	co->ring_at = w->now;
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

/* Hears a member somebody who is not in the ring? 1: and is heard; 2: and is not. */
static int stranger(const struct sim_world *w, const struct sim_node *n)
{
	int found = 0;

	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		const struct sim_node *m = &w->node[i];

		if (n->co.machines >> i & 1 || !sim_totem_alive(m) || m->group != n->group)
			continue;
		if (w->now < m->stuck_until)
			return 2;
		if (sim_heard_by(w, m) & n->co.machines)
			found = 1;
	}
	return found;
}

/* The token stands still until this ring is formed again. */
static void gather_again(struct sim_world *w, const struct sim_node *n)
{
	uint64_t consensus = 1000u * (uint64_t)w->setup.consensus_ms, at = w->now + consensus;
	sim_set ring = n->co.machines;

	while (sim_rng_chance(&w->rng, 300))
		at += consensus;
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		if (ring >> i & 1)
			w->node[i].co.lost_at = w->node[i].co.gather_at = w->now;
	}
	plan_ring_at(w, ring, at);
}

/* A ring that hears a stranger who cannot join is formed again and again. Seen with a link
 * cut between two of three, token 1 s: a node alone every 1.2 s (consensus), and before its
 * sync has ended two times in three, so that it goes on showing its old view for 2 to 9 s;
 * two together every 1.2 to 3.3 s. With a node that is not heard and forms no ring: every 2 s. */
static void restless_push(struct sim_world *w, const struct sim_node *n)
{
	uint64_t token = 1000u * (uint64_t)w->setup.token_ms, wait;
	int who = stranger(w, n);
	bool alone = !(n->co.machines & (n->co.machines - 1));

	if (!who || n->index != (uint32_t)__builtin_ctz(n->co.machines))
		return;
	if (who == 2)
		wait = token * 4 / 5;
	else if (sim_rng_chance(&w->rng, alone ? 500 : 50))
		wait = 0;
	else
		wait = 5000 + 1000u * (uint64_t)w->setup.consensus_ms * sim_dice(w, 0, 1);
	sim_push(w, w->now + wait + sim_dice(w, 0, 800), SIM_EV_RESTLESS, n->index, 0, (uint32_t)n->co.ring.seq);
}

void sim_totem_restless(struct sim_world *w, struct sim_node *n, uint32_t gen)
{
	if (sim_totem_alive(n) && (uint32_t)n->co.ring.seq == gen && !n->co.plan && stranger(w, n) &&
	    sim_totem_flows(w, n))
		gather_again(w, n);
}

void sim_totem_install(struct sim_world *w, struct sim_node *n, uint32_t gen)
{
	if (!sim_totem_alive(n) || n->co.next_gen != gen)
		return;
	n->co.next_gen = 0;
	ring_install(w, n, n->co.next_ring, n->co.next_set);
	if (n->co.machines == 1u << n->index && stranger(w, n) == 1 && sim_rng_chance(&w->rng, 250))
		gather_again(w, n);	/* before sync has begun: its clients never hear of this ring */
	sim_totem_change(w, /* clean */ false);
	restless_push(w, n);
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
	n->stirred_at = w->now;
	n->co.frozen = false;
	sim_vote_timer(w, n);
	sim_hand_go(w, n);
	sim_totem_change(w, /* clean */ false);
}
