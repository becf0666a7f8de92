/* Election: bids, acks, mastership, hand-over. Rules: qdisk(5), "Election". */
#include "mind.h"

/* One bidder as the order sees it. */
struct bidder {
	uint32_t id;
	bool held;		/* held back by a voting mark */
	struct qd_ring ring;	/* that it shows */
	uint32_t ticks;		/* how long it bids */
};

static struct bidder bidder_of(const struct qd_state *s, uint32_t id)
{
	const struct qd_member *m = member_see(s, id);

	if (id == s->p.node_id)
		return (struct bidder){ id, s->bid_held, s->cs.ring, s->bid_ticks };
	return (struct bidder){ id, (m->block.ext.flags & QD_EXT_HELD_BACK) != 0,
				m->block.ext.ring, m->bid_ticks };
}

/* It bids, be it up in my eyes or not. */
static bool bids(const struct qd_member *m)
{
	return m->known && m->beating && !m->dead && !member_evicted(m) &&
	       m->block.state == QD_STATE_RUN && m->block.message == QD_MSG_BID;
}

/* First in order: not held back, then in the last master's ring, then lowest id.
 * Two bidders may disagree about the ring: after 2*M cycles it is left out. */
static bool bidder_before(const struct qd_state *s, const struct bidder *a, const struct bidder *b)
{
	uint32_t patience = 2 * s->p.t.master_wait;
	bool use_ring = s->last_master && a->ticks <= patience && b->ticks <= patience;
	bool a_in = qd_ring_equal(a->ring, s->last_master_ring);
	bool b_in = qd_ring_equal(b->ring, s->last_master_ring);

	if (a->held != b->held)
		return b->held;
	if (use_ring && a_in != b_in)
		return a_in;
	return a->id < b->id;
}

/* ---- Masters ---- */

void masters_find(struct qd_state *s, struct qd_actions *out)
{
	s->master = 0;
	s->master_count = 0;
	if (s->role == QD_STATE_MASTER) {
		s->master = s->p.node_id;
		s->master_count = 1;
		s->last_master_ring = s->cs.ring;
	}
	for_each_node(id, peers(s)) {
		const struct qd_member *m = member_see(s, id);

		if (!member_live_master(m))
			continue;
		s->master_count++;
		if (s->master == 0) {
			s->master = id;
			s->last_master_ring = m->block.ext.ring;
		}
	}
	if (s->master)
		s->last_master = s->master;
	if (s->master_count > 1)
		s->master = 0;
	else if (s->master == s->master_noted)
		return;
	else if (s->master == 0)
		note_add(out, QD_NOTE_MASTER_LOST, s->master_noted, 0, 0);
	else if (s->master != s->p.node_id)
		note_add(out, QD_NOTE_MASTER_IS, s->master, 0, 0);
	if (s->master_count <= 1)
		s->master_noted = s->master;
}

static void mask_update(struct qd_state *s)
{
	s->mask = s->cs.members & qd_bit(s->p.node_id);
	for_each_node(id, s->up & peers(s) & s->cs.members) {
		const struct qd_block *b = &member_see(s, id)->block;
		bool runs = b->state == QD_STATE_RUN || b->state == QD_STATE_MASTER;

		if (runs && (!b->has_ext || qd_ring_equal(b->ext.ring, s->cs.ring)))
			s->mask |= qd_bit(id);
	}
}

static void master_become(struct qd_state *s, struct qd_actions *out, uint32_t leaver)
{
	note_add(out, leaver ? QD_NOTE_TAKEOVER : QD_NOTE_MASTER, leaver, 0, 0);
	elect_withdraw(s);
	role_set(s, QD_STATE_MASTER);
	masters_find(s, out);
}

/* Two masters: the higher id gives way. */
static void master_step(struct qd_state *s, struct qd_actions *out)
{
	for_each_node(id, peers(s)) {
		if (!member_live_master(member_see(s, id)))
			continue;
		if (id > s->p.node_id) {
			note_add(out, QD_NOTE_TWO_MASTERS, id, 0, 0);
			continue;
		}
		note_add(out, QD_NOTE_ABDICATE, id, 0, 0);
		role_set(s, QD_STATE_RUN);
		s->abdicated = true;
		s->mask = 0;
		masters_find(s, out);
		return;
	}
	mask_update(s);
}

/* ---- Bids ---- */

void elect_withdraw(struct qd_state *s)
{
	s->bidding = false;
	s->bid_held = false;
	s->bid_ticks = 0;
	s->ack_to = 0;
	s->stranger_ack = false;
}

/* How long each peer bids, and how long the last master's ring has been quiet. */
static void bids_count(struct qd_state *s)
{
	bool quiet = true;

	for_each_node(id, peers(s)) {
		struct qd_member *m = member_of(s, id);

		if (!bids(m)) {
			m->bid_ticks = 0;
			continue;
		}
		if (m->bid_sequence != m->block.sequence)
			m->bid_ticks = 0;
		m->bid_sequence = m->block.sequence;
		m->bid_ticks++;
		if (qd_ring_equal(m->block.ext.ring, s->last_master_ring))
			quiet = false;
	}
	s->quiet_ticks = quiet && s->master_count == 0 ? s->quiet_ticks + 1 : 0;
}

static uint32_t bidder_first(const struct qd_state *s)
{
	struct bidder best = { 0 };

	for_each_node(id, peers(s)) {
		struct bidder b = bidder_of(s, id);

		if (bids(member_see(s, id)) && (best.id == 0 || bidder_before(s, &b, &best)))
			best = b;
	}
	return best.id;
}

static bool may_bid(const struct qd_state *s)
{
	bool ring_up = false;

	if (s->woke || s->stopping || s->foreign || s->role_ticks < s->p.t.upgrade_wait)
		return false;
	for_each_node(id, s->up & peers(s)) {
		const struct qd_member *m = member_see(s, id);

		if (id < s->p.node_id && qd_has(s->cs.members, id) && member_runs(m))
			return false;	/* not the lowest of my ring */
		if (qd_ring_equal(m->block.ext.ring, s->last_master_ring))
			ring_up = true;
	}
	return s->last_master == 0 || qd_ring_equal(s->cs.ring, s->last_master_ring) || !ring_up ||
	       s->quiet_ticks >= 2 * s->p.t.master_wait;
}

static bool acked(const struct qd_state *s, const struct qd_member *m)
{
	return m->block.message == QD_MSG_ACK && m->block.argument == s->p.node_id &&
	       m->block.sequence == s->bid_sequence;
}

/* All that run have acked this very bid, and M cycles have passed. A peer that
 * bids always blocks; one that says nothing does not after 2*M cycles. */
static bool bid_acked(const struct qd_state *s)
{
	if (!s->bidding || s->bid_ticks < s->p.t.master_wait)
		return false;
	for_each_node(id, s->up & peers(s)) {
		const struct qd_member *m = member_see(s, id);

		if (member_runs(m) && !acked(s, m) && s->bid_ticks < 2 * s->p.t.master_wait)
			return false;
	}
	for_each_node(id, peers(s)) {
		if (bids(member_see(s, id)))
			return false;
	}
	return true;
}

/* The first node whose voting mark makes me wait; 0 none. */
static uint32_t bid_held_by(const struct qd_state *s, uint64_t now_ms)
{
	for_each_node(id, peers(s)) {
		if (mark_makes_wait(s, id, now_ms))
			return id;
	}
	return 0;
}

bool elect_won_but_held(const struct qd_state *s)
{
	return s->bid_held && bid_acked(s);
}

static void bid_start(struct qd_state *s, uint64_t now_ms, struct qd_actions *out)
{
	uint32_t holder = bid_held_by(s, now_ms);

	s->bidding = true;
	s->bid_ticks = 0;
	s->ack_to = 0;
	s->bid_sequence++;
	if (s->bid_sequence == 0)
		s->bid_sequence = 1;
	s->bid_held = holder != 0;
	note_add(out, QD_NOTE_BID, s->p.node_id, s->bid_sequence, 0);
	if (holder)
		note_add(out, QD_NOTE_BID_HELD, holder, 0, 0);
}

static void bid_rescind(struct qd_state *s, uint32_t better, struct qd_actions *out)
{
	elect_withdraw(s);
	note_add(out, QD_NOTE_BID_RESCINDED, s->p.node_id, better, 0);
}

static void bid_go_on(struct qd_state *s, const struct qd_input *in, struct qd_actions *out)
{
	uint32_t holder = bid_held_by(s, in->now_ms);
	bool shown = s->own_landed && s->own.message == QD_MSG_BID &&
		     s->own.sequence == s->bid_sequence;

	if (holder && !s->bid_held)
		note_add(out, QD_NOTE_BID_HELD, holder, 0, 0);
	s->bid_held = holder != 0;
	if (in->tick && shown)
		s->bid_ticks++;
	if (!s->bid_held && bid_acked(s))
		master_become(s, out, /* leaver */ 0);
}

/* A bidder of another ring is acked only after this node's 0 is accepted in its
 * present ring: what it cast before may still be counted there. */
static void ack(struct qd_state *s, uint32_t id, struct qd_actions *out)
{
	uint16_t sequence = member_see(s, id)->block.sequence;

	s->stranger_ack = !qd_has(s->cs.members, id);
	if (s->stranger_ack && !vote_zero_confirmed(s)) {
		s->ack_to = 0;
		return;
	}
	if (s->ack_to != id || s->ack_sequence != sequence)
		note_add(out, QD_NOTE_ACK, id, sequence, 0);
	s->ack_to = id;
	s->ack_sequence = sequence;
}

/* ---- Hand-over ---- */

/* A master that left cleanly has named me: at the first tick that shows it. */
static uint32_t handed_over(const struct qd_state *s, const struct qd_input *in)
{
	const struct qd_member *m;

	if (!in->tick || s->leaver_seen == 0 || s->woke || s->stopping)
		return 0;
	m = member_see(s, s->leaver_seen);
	if (m->block.state != QD_STATE_NONE || !(m->block.ext.flags & QD_EXT_LEAVING) ||
	    m->block.ext.successor != s->p.node_id ||
	    !qd_ring_equal(m->block.ext.ring, s->cs.ring))
		return 0;
	if (s->bidding || bidder_first(s) || bid_held_by(s, in->now_ms))
		return 0;
	return s->leaver_seen;
}

static void candidate_step(struct qd_state *s, const struct qd_input *in, struct qd_actions *out)
{
	uint32_t first = bidder_first(s);
	uint32_t leaver = handed_over(s, in);
	struct bidder me = bidder_of(s, s->p.node_id);
	struct bidder other = { 0 };

	if (!s->bidding)
		me.held = bid_held_by(s, in->now_ms) != 0;	/* as my bid would be */
	if (leaver) {
		master_become(s, out, leaver);
		return;
	}
	if (first)
		other = bidder_of(s, first);
	if (s->bidding && (s->woke || s->stopping))
		bid_rescind(s, 0, out);
	else if (s->bidding && first && bidder_before(s, &other, &me))
		bid_rescind(s, first, out);
	else if (s->bidding)
		bid_go_on(s, in, out);
	else if (in->tick && may_bid(s) && (!first || bidder_before(s, &me, &other)))
		bid_start(s, in->now_ms, out);
	if (s->bidding || s->role != QD_STATE_RUN)
		return;
	if (first && !s->woke)
		ack(s, first, out);
	else
		elect_withdraw(s);
}

void elect_step(struct qd_state *s, const struct qd_input *in, struct qd_actions *out)
{
	masters_find(s, out);
	if (in->tick)
		bids_count(s);
	if (s->role == QD_STATE_RUN && s->master_count == 0)
		candidate_step(s, in, out);
	else
		elect_withdraw(s);
	if (s->role == QD_STATE_MASTER)
		master_step(s, out);
	else
		s->mask = 0;
	if (in->tick)
		s->leaver_seen = s->master != s->p.node_id ? s->master : 0;
}
