/* The vote, and the voting mark. At each step a node casts 1, stands, holds or
 * casts 0; it never just stops polling and lets a timeout decide.
 * Rules: qdisk(5), "Vote" and "Voting mark". */
#include "mind.h"

/* ---- What corosync counts ---- */

uint32_t node_votes(const struct qd_params *p, qd_mask nodes)
{
	uint32_t sum = 0;

	for_each_node(id, nodes)
		sum += p->node_votes[id - 1];
	return sum;
}

bool quorate_by_device(const struct qd_state *s)
{
	return s->cs.connected && s->cs.quorate && node_votes(&s->p, s->cs.view) < s->cs.quorum;
}

bool vote_zero_confirmed(const struct qd_state *s)
{
	const struct qd_corosync *cs = &s->cs;

	return !s->vote_cast && qd_ring_equal(s->vote_ring, cs->ring) && cs->polled_accepted &&
	       cs->polled_seq == s->vote_seq && !cs->polled_cast &&
	       qd_ring_equal(cs->polled_ring, cs->ring);
}

bool vote_answer_owed(const struct qd_state *s)
{
	return cs_usable(&s->cs) && s->cs.ring.seq != 0 && !qd_ring_equal(s->vote_ring, s->cs.ring);
}

/* ---- Voting mark ---- */

bool mark_makes_wait(const struct qd_state *s, uint32_t id, uint64_t now_ms)
{
	const struct qd_member *m = member_see(s, id);
	const struct qd_status_ext *ext = &m->block.ext;

	if (member_fenced(m))
		return false;
	if (!m->readable)
		return true;	/* voting, in a view without me, for all I know */
	if (!m->block.has_ext || !(ext->flags & QD_EXT_VOTING) || qd_has(ext->view, s->p.node_id))
		return false;
	return now_ms - m->beat_ms < qd_law_forget_ms(&s->p);
}

/* The present ring; while clients are shown an older view that is quorate by
 * the device, what is left of that view. */
static qd_mask mark_view(const struct qd_state *s)
{
	if (s->cs.in_sync && quorate_by_device(s))
		return s->cs.view & s->cs.members;
	return s->cs.members;
}

void mark_update(struct qd_state *s, struct qd_actions *out)
{
	const struct qd_corosync *cs = &s->cs;
	bool cleared;

	if (!s->voting)
		return;
	if (!cs->connected) {
		/* A corosync that has ended shows nobody a quorate view. */
		cleared = cs->ended;
	} else if (s->mark_wanted) {
		return;	/* set for the 1 that this cycle is about to cast */
	} else {
		/* A poll is counted only when the node's own message has come round
		 * the ring: total votes and cast flag confirm nothing. */
		cleared = !cs->stalled && !cs->in_sync && !cs->unheard && vote_zero_confirmed(s) &&
			  (!cs->polled_quorate ||
			   (cs->quorum && node_votes(&s->p, mark_view(s)) >= cs->quorum));
	}
	if (!cleared)
		return;
	s->voting = false;
	s->view = 0;
	out->want_express = true;
	note_add(out, QD_NOTE_MARK_CLEARED, s->p.node_id, 0, 0);
}

/* ---- Vote ---- */

/* Exactly one live master is seen, its mask has me, and it shows my ring (a
 * legacy master shows none: its mask alone). */
static bool seated(const struct qd_state *s, enum qd_why *why)
{
	const struct qd_member *m;
	bool has_ring = true;

	*why = s->master_count > 1 ? QD_WHY_TWO_MASTERS : QD_WHY_NO_MASTER;
	if (s->master == 0)
		return false;
	if (s->master == s->p.node_id) {
		*why = QD_WHY_NOT_IN_MASK;
		return qd_has(s->mask, s->p.node_id);
	}
	m = member_see(s, s->master);
	*why = QD_WHY_MASTER_WINS;
	if (s->p.master_wins)
		return false;
	if (m->block.has_ext)
		has_ring = qd_ring_equal(m->block.ext.ring, s->cs.ring);
	*why = has_ring ? QD_WHY_NOT_IN_MASK : QD_WHY_OTHER_RING;
	return has_ring && qd_has(m->block.master_mask, s->p.node_id);
}

/* What forbids any 1, whoever is master. */
static bool forbidden(const struct qd_state *s, uint64_t now_ms, enum qd_why *why)
{
	bool runs = s->role == QD_STATE_RUN || s->role == QD_STATE_MASTER;

	if (s->stopping)
		*why = QD_WHY_STOPPING;
	else if (!s->score_ok)
		*why = QD_WHY_SCORE;
	else if (!runs)
		*why = QD_WHY_STARTING;
	else if (s->woke || qd_silence(s, now_ms) >= qd_law_withdraw_ms(&s->p.t))
		*why = QD_WHY_SILENCE;
	else if (s->foreign)
		*why = QD_WHY_FOREIGN;
	else if (s->abdicated)
		*why = QD_WHY_TWO_MASTERS;
	else if (s->stranger_ack)
		*why = QD_WHY_STRANGER_ACK;
	else
		return false;
	return true;
}

void mark_before_write(struct qd_state *s, uint64_t now_ms)
{
	enum qd_why why;

	s->mark_wanted = cs_usable(&s->cs) && !forbidden(s, now_ms, &why) && seated(s, &why);
	if (s->mark_wanted)
		s->voting = true;
	if (s->voting && s->cs.connected)
		s->view = mark_view(s);
}

/* Until when a 1 may be cast on what this cycle has read: one interval after it
 * began. With a slow LUN longer, as long as what has landed proves that nobody can
 * have declared this node or its master dead: both have beaten within L1. */
static uint64_t vote_good_until(const struct qd_state *s)
{
	uint64_t until_ms = s->cycle_start_ms + s->p.t.interval_ms;
	uint64_t proven_ms = s->landed_start_ms, slow_ms;

	if (s->master != s->p.node_id && member_see(s, s->master)->beat_after_ms < proven_ms)
		proven_ms = member_see(s, s->master)->beat_after_ms;
	if (proven_ms == 0)
		return until_ms;
	slow_ms = proven_ms + qd_law_withdraw_ms(&s->p.t) - 1;
	return slow_ms > until_ms ? slow_ms : until_ms;
}

/* This cycle's read and write have landed, in this ring, with the mark that a
 * vote needs, and not too long ago. */
static bool cycle_complete(const struct qd_state *s, const struct qd_input *in)
{
	return in->event == QD_EV_WRITTEN && in->wrote == QD_IO_OK && s->own_landed &&
	       s->cycle_read_ok && qd_ring_equal(s->own.ext.ring, s->cs.ring) &&
	       qd_ring_equal(s->cycle_ring, s->cs.ring) &&
	       s->mark_wanted && s->own.ext.view == mark_view(s) &&
	       in->now_ms <= vote_good_until(s);
}

/* The master is in another ring than I, by membership and not by ring id. */
static bool lost(const struct qd_state *s)
{
	const struct qd_member *m;

	if (s->master == 0 || s->master == s->p.node_id)
		return false;
	m = member_see(s, s->master);
	return m->block.has_ext && !qd_has(m->block.ext.members, s->p.node_id) &&
	       !qd_has(s->cs.members, s->master);
}

/* May the answer to a ring change still wait? Only where there is a vote to keep
 * (a 0 costs a node that had none nothing, while sync and its spinning corosync
 * hold up everybody): while the master is being replaced, or is of my ring and has
 * not shown it (or me in it) yet, or still shows a ring that has me. */
static bool answer_may_wait(const struct qd_state *s, const struct qd_input *in)
{
	uint64_t i_ms = s->p.t.interval_ms;
	const struct qd_member *m;

	if (!s->vote_cast || lost(s))
		return false;
	if (s->master == 0 || s->master == s->p.node_id)
		return true;
	if (s->p.master_wins)
		return false;
	m = member_see(s, s->master);
	if (!m->block.has_ext)
		return in->now_ms - s->ring_since_ms < 2 * i_ms;
	if (qd_ring_equal(m->block.ext.ring, s->cs.ring))	/* shown, without me: it needs a look */
		return s->shown_ring_ms == 0 || in->now_ms - s->shown_ring_ms < 2 * i_ms;
	return qd_has(s->cs.members, s->master) || qd_has(m->block.ext.members, s->p.node_id);
}

/* At most Y - I, and not while my own read or write is late by more than I: one
 * slow path must not hold up the sync of all. */
static bool answer_overdue(const struct qd_state *s, uint64_t now_ms)
{
	uint64_t i_ms = s->p.t.interval_ms;

	return now_ms - s->ring_since_ms + i_ms >= s->p.y_ms || qd_silence(s, now_ms) > 2 * i_ms;
}

static bool hold_fresh(struct qd_state *s, uint64_t now_ms)
{
	if (s->hold_since_ms == 0)
		s->hold_since_ms = now_ms;
	return now_ms - s->hold_since_ms + s->p.t.interval_ms < s->p.v_ms;
}

/* A call is only made from a completed cycle; in between, an earlier 1 stands. */
static enum qd_vote choose(struct qd_state *s, const struct qd_input *in, enum qd_why *why)
{
	bool cast_1_here = s->vote_cast && qd_ring_equal(s->vote_ring, s->cs.ring);
	bool seat, complete = cycle_complete(s, in);

	if (forbidden(s, in->now_ms, why))
		return QD_VOTE_CASTS_0;
	seat = seated(s, why);
	if (seat)
		s->hold_since_ms = 0;
	if (seat && complete) {
		*why = QD_WHY_MASTER;
		return QD_VOTE_CASTS;
	}
	if (vote_answer_owed(s)) {
		if (answer_overdue(s, in->now_ms) || (!seat && !answer_may_wait(s, in)))
			return QD_VOTE_CASTS_0;
		*why = QD_WHY_MASTER_SLOW;
		return QD_VOTE_NONE;
	}
	if (cast_1_here && seat) {
		*why = QD_WHY_IO_OUT;
		return QD_VOTE_STANDS;
	}
	if (cast_1_here && s->master_count == 0 && hold_fresh(s, in->now_ms)) {
		*why = QD_WHY_ELECTION;
		return QD_VOTE_HOLDS;
	}
	return QD_VOTE_CASTS_0;
}

static void vote_request(struct qd_state *s, bool cast, struct qd_actions *out)
{
	struct qd_action *a = action_add(out, QD_ACT_VOTE);

	assert(!cast || s->voting);
	s->vote_seq++;
	s->vote_ring = s->cs.ring;
	s->vote_cast = cast;
	s->mark_wanted = cast;	/* a 0 ends what this cycle meant to do */
	a->vote.seq = s->vote_seq;
	a->vote.ring = s->cs.ring;
	a->vote.cast = cast;
	a->vote.good_until_ms = cast ? vote_good_until(s) : 0;
}

static void vote_note(struct qd_state *s, enum qd_vote vote, enum qd_why why,
		      struct qd_actions *out)
{
	/* Casting and standing take turns within every cycle: one fact. */
	bool was_1 = s->vote == QD_VOTE_CASTS || s->vote == QD_VOTE_STANDS;
	bool is_1 = vote == QD_VOTE_CASTS || vote == QD_VOTE_STANDS;

	if ((was_1 && is_1) || (s->vote == vote && s->why == why))
		return;
	note_add(out, QD_NOTE_VOTE, s->p.node_id, vote, why);
}

/* A 1 that was cast in an older ring may be counted in this one when its sync has
 * ended, whatever is cast now. A node that has lost must not wait for that: what does
 * not answer and has ended shows nobody a quorate view. Where the nodes alone reach
 * the quorum it is harmless. One of a corosync that had stood still is never waited
 * for: it may outlive this daemon, and nobody would be there to see to it. */
static bool answer_cannot_help(const struct qd_state *s, enum qd_vote vote)
{
	bool marked = s->voting || !s->mark_taken;
	bool stale = s->cs.stale_one || (s->cs.stale_past && marked);

	if (!cs_usable(&s->cs) || !vote_answer_owed(s))
		return false;
	return s->cs.stale_late || (stale && vote == QD_VOTE_CASTS_0 &&
				    node_votes(&s->p, s->cs.members) < s->cs.quorum);
}

/* Started within a sync: whether the daemon before this one may have cast a 1 stands in
 * my slot, and the answer waits until that has been read. */
static bool answer_waits_for_mark(const struct qd_state *s, uint64_t now_ms)
{
	return cs_usable(&s->cs) && vote_answer_owed(s) && s->cs.stale_past && !s->mark_taken &&
	       !answer_overdue(s, now_ms);
}

/* A 1 that is not wanted any more, carried out late, and for two intervals the ring has not
 * brought it round: it will be heard in the next one. That may come when this daemon is
 * gone. (In a ring that works it takes ms; what is sent within a sync is heard in it.) */
static bool late_one_stays(struct qd_state *s, enum qd_vote vote, uint64_t now_ms)
{
	if (!cs_usable(&s->cs) || !s->cs.unheard_late || s->cs.in_sync)
		s->late_since_ms = 0;
	else if (s->late_since_ms == 0)
		s->late_since_ms = now_ms;
	return s->late_since_ms && vote == QD_VOTE_CASTS_0 &&
	       now_ms - s->late_since_ms >= 2u * s->p.t.interval_ms;
}

static void corosync_end(struct qd_state *s, enum qd_note_id why, struct qd_actions *out)
{
	if (qd_ring_equal(s->end_ring, s->cs.ring))
		return;	/* it is on its way */
	s->end_ring = s->cs.ring;
	note_add(out, why, s->p.node_id, 0, 0);
	action_add(out, QD_ACT_END_COROSYNC);
}

void vote_step(struct qd_state *s, const struct qd_input *in, struct qd_actions *out)
{
	enum qd_vote vote = QD_VOTE_NONE;
	enum qd_why why = s->unregister_sent ? QD_WHY_STOPPING : QD_WHY_NOT_CONNECTED;
	bool again;

	if (cs_usable(&s->cs) && s->cs.ring.seq != 0 && !s->unregister_sent)
		vote = choose(s, in, &why);
	if (vote == QD_VOTE_CASTS_0 && answer_waits_for_mark(s, in->now_ms))
		vote = QD_VOTE_NONE;
	vote_note(s, vote, why, out);
	s->vote = vote;
	s->why = why;
	s->abdicated = false;
	if (late_one_stays(s, vote, in->now_ms)) {
		corosync_end(s, QD_NOTE_LATE_VOTE, out);
		return;
	}
	if (answer_cannot_help(s, vote)) {
		corosync_end(s, QD_NOTE_STALE_VOTE, out);
		return;
	}
	if (vote == QD_VOTE_CASTS) {
		vote_request(s, /* cast */ true, out);
	} else if (vote == QD_VOTE_CASTS_0) {
		/* once at once, then with each cycle, so that the device stays alive */
		again = in->event == QD_EV_WRITTEN && in->wrote == QD_IO_OK;
		if (s->vote_cast || vote_answer_owed(s) || again)
			vote_request(s, /* cast */ false, out);
		s->hold_since_ms = 0;
	}
	if (vote == QD_VOTE_NONE && vote_answer_owed(s))
		out->want_express = true;
}
