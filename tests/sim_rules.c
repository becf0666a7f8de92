/* Rules of qdisk(5) that can be looked at while they are followed, named after
 * what they are about: VOTE, L1, L2, TWIN; and one promise, P3. */
#include "sim.h"

#define L1_SLACK_US 1500u	/* the alarm counts in ms, and the call takes its time */

static bool evicted(const struct sim_world *w, const struct sim_node *n)
{
	for (uint32_t i = 0; i < w->check.evicted[n->id].count && i < SIM_EVICTED; i++) {
		if (w->check.evicted[n->id].incarnation[i] == n->engine.state.incarnation)
			return true;
	}
	return false;
}

/* A master by its own word that nobody has evicted, as the last read of `n` shows it. */
static bool shows_master(const struct sim_world *w, const struct sim_node *n, const struct sim_node *other)
{
	const struct qd_slot *slot = &n->engine.slots[other->id - 1];

	return other != n && !other->old && sim_awake(other) && !other->engine.ended && slot->result == QD_SLOT_OK &&
	       other->engine.state.role == QD_STATE_MASTER && slot->block.state == QD_STATE_MASTER &&
	       slot->block.incarnation == other->engine.state.incarnation && !evicted(w, other) &&
	       n->engine.state.member[other->id - 1].missed == 0 &&
	       n->engine.state.member[other->id - 1].beating;
}

/* VOTE: a 1 needs one live master, a seat in its mask, and its block in this ring. */
void sim_check_vote(struct sim_world *w, struct sim_node *n, struct qd_ring ring, bool cast)
{
	const struct qd_state *s = &n->engine.state;
	const struct qd_block *block = &s->member[(s->master ? s->master : n->id) - 1].block;	/* last good */
	uint32_t masters = s->role == QD_STATE_MASTER;

	if (!cast || n->old || n->id == w->check.exempt || w->setup.without & SIM_WITHOUT_RULES)
		return;
	for (uint32_t i = 0; i < w->setup.nodes; i++)
		masters += shows_master(w, n, &w->node[i]);
	if (s->master == 0 || masters > 1)
		sim_fail(w, "VOTE", n->id, "casts 1 without exactly one live master");
	else if (s->role != QD_STATE_MASTER && !qd_has(block->master_mask, n->id))
		sim_fail(w, "VOTE", n->id, "casts 1 without a seat in the master's mask");
	else if (s->role != QD_STATE_MASTER && block->has_ext && !qd_ring_equal(block->ext.ring, ring))
		sim_fail(w, "VOTE", n->id, "casts 1 for a master that shows another ring");
}

/* L1: from (K-1)*I of silence on a daemon withdraws its vote by itself. Without it V
 * takes the vote a little later: it counts from the last poll, not from the last beat. */
void sim_check_forgotten(struct sim_world *w, struct sim_node *n)
{
	uint64_t withdraw_ms = qd_law_withdraw_ms(&n->params.t);
	bool withdrawn = !n->hand.vote.cast;	/* what it asked for last, refused or not */

	if (w->setup.without & SIM_WITHOUT_RULES || n->old)	/* 2011: it never withdraws */
		return;
	if (n->co.cast && sim_awake(n) && !n->hand.hung && !withdrawn &&
	    w->now - n->stirred_at >= sim_cycles(w, 1) &&
	    sim_local(n, w->now) > 1000 * (n->engine.state.landed_start_ms + withdraw_ms) + L1_SLACK_US)
		sim_fail(w, "L1", n->id, "corosync has to forget a vote that was not withdrawn");
}

/* ---- L2, and what puts it off ---- */

/* Half of L1: from then on a daemon may say that its LUN is dead. A little less: its
 * clock is another one. */
static uint64_t quiet_us(const struct sim_node *n)
{
	uint64_t half = 500 * qd_law_withdraw_ms(&n->params.t), least = 1500u * (uint64_t)n->params.t.interval_ms;

	return (half > least ? half : least) * 9 / 10;
}

static bool without_lun(const struct sim_world *w, const struct sim_node *n)
{
	return w->now - n->answered_at >= quiet_us(n);
}

void sim_check_landed(struct sim_world *w, struct sim_node *n)
{
	if (without_lun(w, n))
		n->back_at = w->now;
	n->answered_at = w->now;
}

/* Has any other member of the ring that its daemon knows had the LUN for so long? */
static bool other_has_lun(const struct sim_world *w, const struct sim_node *n, uint64_t for_us)
{
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		const struct sim_node *m = &w->node[i];

		if (m != n && qd_has(n->hand.cs.members, m->id) && m->group == n->group && sim_awake(m) &&
		    !m->old && !without_lun(w, m) && w->now - m->back_at > for_us)
			return true;
	}
	return false;
}

static bool ring_suffices(const struct sim_world *w, const struct sim_node *n)
{
	return n->hand.cs.connected && (uint32_t)__builtin_popcountll(n->hand.cs.members) >= w->quorum;
}

bool sim_all_dead(const struct sim_world *w, const struct sim_node *n)
{
	return ring_suffices(w, n) && !other_has_lun(w, n, 1000u * (uint64_t)n->params.t.interval_ms);
}

/* L2: a daemon that has lost the LUN for K*I and is to end its node lives on only while
 * nobody of its ring has it, or has had it for K*I, and while the ring needs no device. */
void sim_check_lives(struct sim_world *w, struct sim_node *n)
{
	const struct qd_state *s = &n->engine.state;
	uint64_t dead_us = 1000 * qd_law_dead_ms(&n->params.t);
	uint64_t slack_us = 500u * (uint64_t)n->params.t.interval_ms;
	bool configured = s->p.io_timeout || s->p.paranoid || s->p.watchdog;

	if (w->setup.without & SIM_WITHOUT_RULES || n->old || n->engine.ended || !configured ||
	    !(s->landed || s->put_off) || n->answered_at == 0 || n->hand.hung || n->id == w->check.exempt ||
	    w->now - n->stirred_at < sim_cycles(w, 1) ||
	    sim_local(n, w->now) < sim_local(n, n->answered_at) + dead_us + slack_us)
		return;
	if (!ring_suffices(w, n))
		sim_fail(w, "L2", n->id, "lives on after K*I without a landing, in a ring that needs the device");
	else if (other_has_lun(w, n, dead_us + slack_us))
		sim_fail(w, "L2", n->id, "lives on after K*I without a landing, beside one that has the LUN");
}

/* P3: on a healthy LUN the winner of a split answers in a few cycles of I/O. */
void sim_check_answer(struct sim_world *w, struct sim_node *n)
{
	if (w->setup.kind == SIM_SPLIT && w->goal.quorate >> n->index & 1 &&
	    w->now - n->co.ring_at > w->interval_us / 2)
		sim_fail(w, "P3", n->id, "the winner of a split answers late");
}

/* TWIN: only where another machine has this node's id does a daemon end for that. */
void sim_check_exit(struct sim_world *w, struct sim_node *n, int status)
{
	const struct sim_node *last = &w->node[w->setup.nodes - 1];
	bool has_twin = last->spare && last->id == n->id;

	if (status == 3 && !has_twin && n->id != w->check.exempt && !qd_has(w->check.forged, n->id))
		sim_fail(w, "TWIN", n->id, "ends for a second node with its id, and there is none");
}
