/* A peer that is a daemon of 2011, as it shows itself on the LUN and to corosync.
 *
 * It writes 80 bytes of payload, and behind them whatever its memory held: here a
 * piece of somebody's block that it has read. Its incarnation is a time in whole
 * seconds, its beat the wall clock. It does one thing after the other and sleeps
 * in between; a hung LUN hangs all of it. It counts misses by loops, bids when it
 * is the lowest that it sees, takes any ack for an ack of its present bid, needs
 * one from everybody it sees, polls for a master whose mask has it whatever the
 * ring, and never casts 0: it only stops polling.
 *
 * What is promised beside it (kind "legacy"): our nodes keep S3 to S7, L1 and D1,
 * and never end but by their rules. S1 and S2 are looked at among our nodes whose
 * last 1 was not cast for an old master: that one shows no ring, so that its mask
 * alone decides, and an old mask outlives a split by a cycle (48 of 6,000 runs
 * have two quorate sides among ours); and old voters have no mark, so that nobody
 * knows to wait for them. P1: the election
 * ends, and all of ours see the same one master. P2 to P4 promise nothing: it
 * takes an old peer as long as it takes.
 */
#include "sim.h"

#define PAYLOAD_END 112u	/* see qd_format.h */

static uint64_t wall_of(const struct sim_world *w, const struct sim_node *n)
{
	return (uint64_t)((int64_t)(w->now / 1000000) + n->wall_s);
}

static bool is_up(const struct sim_old_seen *seen)
{
	return seen->known && seen->up;
}

void sim_old_start(struct sim_world *w, struct sim_node *n)
{
	struct sim_old *old = &n->old_state;

	memset(old, 0, sizeof(*old));
	old->incarnation = wall_of(w, n);
	old->state = QD_STATE_INIT;
	n->engine.ended = true;
	sim_push(w, w->now, SIM_EV_TICK, n->index, 0, n->life);
}

/* ---- What it sees ---- */

static void look(const struct sim_node *n, struct sim_old_seen *seen, const struct qd_block *b)
{
	if (seen->known && seen->block.incarnation != b->incarnation) {
		seen->up = false;
		seen->hits = 0;
	}
	if (seen->known && seen->block.wall_s == b->wall_s) {
		seen->misses++;
	} else {
		seen->misses = 0;
		seen->hits++;
	}
	if (b->state == QD_STATE_NONE || b->state == QD_STATE_EVICTED || seen->misses > n->params.t.tko) {
		seen->dead = seen->up && seen->misses > n->params.t.tko;
		seen->up = false;
		seen->hits = 0;
	} else if (seen->hits > n->params.t.tko_up) {
		seen->up = true;
	}
	seen->known = true;
	seen->block = *b;
}

static void look_at_all(struct sim_world *w, struct sim_node *n)
{
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		struct sim_old_seen *seen = &n->old_state.seen[w->node[i].id];
		struct qd_block b;

		seen->dead = false;
		if (&w->node[i] != n && sim_lun_block(w, w->node[i].id, &b))
			look(n, seen, &b);
	}
}

static uint32_t master_seen(const struct sim_node *n)
{
	for (uint32_t id = 1; id <= SIM_NODES; id++) {
		if (is_up(&n->old_state.seen[id]) && n->old_state.seen[id].block.state == QD_STATE_MASTER)
			return id;
	}
	return 0;
}

/* ---- Election ---- */

static bool all_acked(const struct sim_node *n)
{
	for (uint32_t id = 1; id <= SIM_NODES; id++) {
		const struct sim_old_seen *seen = &n->old_state.seen[id];

		if (is_up(seen) && !(seen->block.message == QD_MSG_ACK && seen->block.argument == n->id))
			return false;
	}
	return true;
}

/* The lowest that it sees running, itself included. */
static uint32_t lowest(const struct sim_node *n)
{
	for (uint32_t id = 1; id < n->id; id++) {
		if (is_up(&n->old_state.seen[id]) && n->old_state.seen[id].block.state == QD_STATE_RUN)
			return id;
	}
	return n->id;
}

static void elect(struct sim_world *w, struct sim_node *n)
{
	struct sim_old *old = &n->old_state;
	uint32_t master = master_seen(n), first = lowest(n);

	old->ack_to = 0;
	if (old->state == QD_STATE_MASTER && master && master < n->id) {
		sim_say(w, n->id, "the daemon of 2011 abdicates", 0, 0, 0);
		old->state = QD_STATE_RUN;
	}
	if (old->state != QD_STATE_RUN || master || first != n->id)
		old->bid_cycles = 0;
	if (old->state != QD_STATE_RUN || master)
		return;
	if (first != n->id) {
		if (old->seen[first].block.message == QD_MSG_BID)
			old->ack_to = first;
		return;
	}
	if (old->bid_cycles++ == 0)
		old->sequence++;
	if (old->bid_cycles > n->params.t.master_wait && all_acked(n)) {
		sim_say(w, n->id, "the daemon of 2011 becomes master", 0, 0, 0);
		old->state = QD_STATE_MASTER;
		old->bid_cycles = 0;
	}
}

/* ---- What it writes ---- */

static void payload_write(struct sim_world *w, struct sim_node *n, const struct qd_block *b)
{
	uint8_t bytes[SIM_SECTOR];
	uint32_t other = w->node[sim_dice(w, 0, w->setup.nodes - 1)].id;

	qd_block_encode(b, bytes, sizeof(bytes));
	memcpy(bytes + PAYLOAD_END, sim_lun_slot(w, other) + PAYLOAD_END, SIM_SECTOR - PAYLOAD_END);
	sim_lun_write(w, n, b->node_id, bytes);
}

static void bury(struct sim_world *w, struct sim_node *n)
{
	struct sim_old *old = &n->old_state;

	for (uint32_t id = 1; id <= SIM_NODES; id++) {
		if (old->state != QD_STATE_MASTER || !old->seen[id].dead)
			continue;
		sim_say(w, n->id, "the daemon of 2011 evicts node %llu", id, 0, 0);
		payload_write(w, n, &(struct qd_block){ .node_id = id, .writer_id = n->id, .wall_s = wall_of(w, n),
							.state = QD_STATE_EVICTED,
							.incarnation = old->incarnation });
		sim_push(w, w->now + 1000, SIM_EV_KILL, n->index, id, n->co.next_gen);
	}
}

static qd_mask online(const struct sim_node *n)
{
	qd_mask mask = qd_bit(n->id);

	for (uint32_t id = 1; id <= SIM_NODES; id++)
		mask |= is_up(&n->old_state.seen[id]) ? qd_bit(id) : 0;
	return mask;
}

static void own_write(struct sim_world *w, struct sim_node *n)
{
	struct sim_old *old = &n->old_state;
	struct qd_block b = { .node_id = n->id, .writer_id = n->id, .wall_s = wall_of(w, n),
			      .state = old->state, .incarnation = old->incarnation,
			      .sequence = old->sequence, .online = online(n) };

	if (old->bid_cycles) {
		b.message = QD_MSG_BID;
		b.argument = n->id;
	} else if (old->ack_to) {
		b.message = QD_MSG_ACK;
		b.argument = old->ack_to;
		b.sequence = old->seen[old->ack_to].block.sequence;
	}
	old->mask = old->state == QD_STATE_MASTER ? online(n) & n->co.members : 0;
	b.master_mask = old->mask;
	payload_write(w, n, &b);
}

/* For the mask as it was before this cycle's write. */
static void poll(struct sim_world *w, struct sim_node *n)
{
	uint32_t master = master_seen(n);
	qd_mask mask = n->old_state.state == QD_STATE_MASTER ? n->old_state.mask :
		       master ? n->old_state.seen[master].block.master_mask : 0;

	if (!n->co.up || n->co.frozen || !sim_vote_register(w, n))
		return;
	if (qd_has(mask, n->id))
		(void)sim_vote_poll(w, n, n->co.ring, /* cast */ true);
}

/* ---- The loop ---- */

static void grow_up(struct sim_node *n)
{
	struct sim_old *old = &n->old_state;

	if (old->state == QD_STATE_INIT && old->cycles > n->params.t.tko)
		old->state = n->co.up ? QD_STATE_RUN : QD_STATE_NONE;
	else if (old->state == QD_STATE_NONE && n->co.up)
		old->state = QD_STATE_RUN;
	else if (!n->co.up && old->state != QD_STATE_INIT)
		old->state = QD_STATE_NONE;
}

/* Label and 16 slots one after the other, then the write. */
static uint64_t loop_takes(struct sim_world *w, const struct sim_node *n)
{
	uint64_t us = 1000u * (uint64_t)n->params.t.interval_ms;

	for (uint32_t i = 0; i < 18; i++)
		us += sim_latency_draw(w, n);
	return us;
}

void sim_old_cycle(struct sim_world *w, struct sim_node *n)
{
	struct sim_old *old = &n->old_state;
	struct qd_block own;

	if (w->now < n->hang_until || n->own_writes) {	/* it hangs in a call */
		sim_push(w, w->now + 50000, SIM_EV_TICK, n->index, 0, n->life);
		return;
	}
	sim_push(w, w->now + loop_takes(w, n), SIM_EV_TICK, n->index, 0, n->life);
	if (old->cycles++ && sim_lun_block(w, n->id, &own) && own.state == QD_STATE_EVICTED) {
		sim_power_off(w, n, "is reset: the daemon of 2011 reads that it was evicted");
		return;
	}
	look_at_all(w, n);
	grow_up(n);
	elect(w, n);
	bury(w, n);
	poll(w, n);
	own_write(w, n);
}

void sim_old_stop(struct sim_world *w, struct sim_node *n)
{
	n->old_state.state = QD_STATE_NONE;
	n->old_state.bid_cycles = 0;
	if (n->own_writes == 0 && w->now >= n->hang_until)
		own_write(w, n);
	sim_vote_unregister(w, n);
	n->exited = true;
	sim_daemon_gone(w, n);
}
