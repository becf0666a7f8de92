/* qd_step(): the order of things within one step; start and silence.
 * Total: for every state and input it ends, in bounded time, with bounded actions. */
#include "mind.h"
#include "qd_score.h"

struct qd_action *action_add(struct qd_actions *out, enum qd_action_type type)
{
	assert(out->count < QD_ACTIONS_MAX);
	out->action[out->count].type = type;
	out->action[out->count].node = 0;
	return &out->action[out->count++];
}

void note_add(struct qd_actions *out, enum qd_note_id id, uint32_t node, uint64_t a, uint64_t b)
{
	action_add(out, QD_ACT_NOTE)->note = (struct qd_note){ .id = id, .node = node, .a = a, .b = b };
}

uint64_t qd_silence(const struct qd_state *s, uint64_t now_ms)
{
	uint64_t since = s->landed ? s->landed_start_ms : s->life_start_ms;

	return now_ms > since ? now_ms - since : 0;
}

/* The legal moves of a node's own state. */
static bool role_may_follow(enum qd_node_state from, enum qd_node_state to)
{
	switch (from) {
	case QD_STATE_INIT:
		return to == QD_STATE_NONE || to == QD_STATE_INIT;
	case QD_STATE_NONE:
		return to == QD_STATE_RUN || to == QD_STATE_INIT;
	case QD_STATE_RUN:
		return to != QD_STATE_EVICTED;
	case QD_STATE_MASTER:
		return to == QD_STATE_RUN || to == QD_STATE_NONE || to == QD_STATE_INIT;
	case QD_STATE_EVICTED:
		return false;	/* others write that */
	}
	return false;
}

void role_set(struct qd_state *s, enum qd_node_state role)
{
	assert(role_may_follow(s->role, role));
	s->role = role;
	s->role_ticks = 0;
}

void self_fence(struct qd_state *s, struct qd_actions *out, enum qd_self_fence reason)
{
	action_add(out, QD_ACT_SELF_FENCE)->reason = reason;
	s->finished = true;
}

bool self_fence_configured(const struct qd_state *s)
{
	return s->p.io_timeout || s->p.paranoid || s->p.watchdog;
}

void exit_with(struct qd_state *s, struct qd_actions *out, int status)
{
	action_add(out, QD_ACT_EXIT)->status = status;
	s->finished = true;
}

/* ---- Life ---- */

/* What was seen belongs to a life, and ends with it; the voting mark stays: it
 * is about what corosync counts. */
static void life_begin(struct qd_state *s, uint64_t incarnation, uint64_t now_ms)
{
	elect_withdraw(s);
	memset(s->member, 0, sizeof(s->member));
	if (s->landed)
		s->past_incarnation = s->incarnation;
	s->incarnation = incarnation;
	s->life_start_ms = now_ms;
	s->landed = false;
	s->own_landed = false;
	s->foreign = false;
	s->foreign_incarnation = 0;
	s->role = QD_STATE_INIT;
	s->role_ticks = 0;
	s->up = 0;
	s->master = 0;
	s->master_count = 0;
	s->last_master = 0;
	s->leaver_seen = 0;
	s->mask = 0;
	s->quiet_ticks = 0;
	s->shown_ring_ms = 0;
}

void qd_state_init(struct qd_state *s, const struct qd_params *params, uint64_t incarnation,
		   uint64_t now_ms)
{
	assert(incarnation != 0);
	assert(qd_has(params->nodes, params->node_id));
	memset(s, 0, sizeof(*s));
	s->p = *params;
	s->answered_ms = now_ms;
	life_begin(s, incarnation, now_ms);
}

/* New values in force. A node that is no longer configured is forgotten; one that
 * is new has not been looked at yet, as at the start of a life. */
static void reconfig(struct qd_state *s, const struct qd_params *next)
{
	assert(next->node_id == s->p.node_id);
	assert(qd_has(next->nodes, next->node_id));
	for_each_node(id, s->p.nodes & ~next->nodes)
		memset(member_of(s, id), 0, sizeof(*member_of(s, id)));
	s->up &= next->nodes;
	s->mask &= next->nodes;
	s->p = *next;
}

bool qd_may_remove(const struct qd_state *s, uint32_t id, uint64_t now_ms)
{
	const struct qd_member *m = member_see(s, id);
	bool left = !m->beating || m->dead || member_evicted(m) || !state_lives(m->block.state);

	return id != s->p.node_id && !qd_has(s->cs.members | s->cs.view, id) && m->looked && left &&
	       !m->fencing && !mark_makes_wait(s, id, now_ms);
}

/* L1 and L2, before anything else is done with an event. A landing that ends a
 * silence of K*I does not heal it: this is judged before the landing counts. */
static void silence_judge(struct qd_state *s, const struct qd_input *in, struct qd_actions *out)
{
	uint64_t silence = qd_silence(s, in->now_ms);
	bool configured = self_fence_configured(s);

	if (silence < qd_law_withdraw_ms(&s->p.t))
		return;
	if (!s->woke)
		s->woke_ms = in->now_ms;
	s->woke = true;
	if (s->landed && !s->silence_noted)
		note_add(out, QD_NOTE_SILENCE, s->p.node_id, silence, s->own_unreadable);
	s->silence_noted = true;
	if (silence < qd_law_dead_ms(&s->p.t))
		return;
	if (s->landed && (configured || quorate_by_device(s)) &&
	    !(configured && putoff_begin(s, in->now_ms, out))) {
		self_fence(s, out, configured ? QD_FENCED_SILENCE : QD_FENCED_QUORATE);
	} else if (s->landed || s->role != QD_STATE_INIT) {
		note_add(out, QD_NOTE_NEW_LIFE, s->p.node_id, silence, s->own_unreadable);
		life_begin(s, in->random, in->now_ms);
	}
}

/* ---- What corosync and the heuristics say ---- */

static void corosync_take(struct qd_state *s, const struct qd_input *in, struct qd_actions *out)
{
	bool before = cs_usable(&s->cs), after = cs_usable(&in->cs);
	bool new_ring = !qd_ring_equal(s->cs.ring, in->cs.ring);

	if (s->was_connected && before && !after)
		note_add(out, in->cs.connected ? QD_NOTE_COROSYNC_STALLED : QD_NOTE_COROSYNC_GONE, 0, 0, 0);
	else if (s->was_connected && !before && after)
		note_add(out, QD_NOTE_COROSYNC_BACK, 0, 0, 0);
	s->cs = in->cs;
	if (new_ring) {
		s->ring_since_ms = in->now_ms;
		s->ring_ticks = 0;
		s->shown_ring_ms = 0;
		s->hold_since_ms = 0;
	}
	/* R7: the hand may have cast 0 instead of a stale 1. */
	if (s->cs.polled_seq == s->vote_seq && s->cs.polled_accepted && !s->cs.polled_cast)
		s->vote_cast = false;
	mark_update(s, out);
	s->was_connected = s->was_connected || s->cs.connected;
	if (!after && (s->role == QD_STATE_RUN || s->role == QD_STATE_MASTER)) {
		elect_withdraw(s);
		role_set(s, QD_STATE_NONE);
		s->mask = 0;
	}
}

static void score_take(struct qd_state *s, const struct qd_input *in)
{
	s->score = in->score;
	s->score_max = in->score_max;
	s->score_required = qd_score_required(s->p.min_score, in->score_max);
	s->score_ok = s->score >= s->score_required;
}

/* Whatever the event: a read that hangs must not keep an unfit node in office. */
static void score_judge(struct qd_state *s, struct qd_actions *out)
{
	bool runs = s->role == QD_STATE_RUN || s->role == QD_STATE_MASTER;

	if (s->finished || !runs || s->score_ok)
		return;
	note_add(out, QD_NOTE_SCORE_SHORT, s->p.node_id, s->score,
		 (uint64_t)s->score_max << 32 | s->score_required);
	elect_withdraw(s);
	role_set(s, QD_STATE_NONE);
	s->mask = 0;
	if (s->p.reboot)
		self_fence(s, out, QD_FENCED_SCORE);
}

/* Initialising for K cycles, then none, then running while the score suffices. */
static void role_step(struct qd_state *s, struct qd_actions *out)
{
	if (s->role == QD_STATE_INIT && s->role_ticks > s->p.t.tko) {
		note_add(out, QD_NOTE_INITIAL_SCORE, s->p.node_id, s->score, s->score_max);
		note_add(out, QD_NOTE_INITIALIZED, s->p.node_id, 0, 0);
		role_set(s, QD_STATE_NONE);
	}
	if (s->role == QD_STATE_NONE && s->score_ok && cs_usable(&s->cs) && !s->stopping && !s->woke) {
		note_add(out, QD_NOTE_SCORE_OK, s->p.node_id, s->score,
			 (uint64_t)s->score_max << 32 | s->score_required);
		role_set(s, QD_STATE_RUN);
	}
}

/* ---- Cycle ---- */

static void io_failed(struct qd_state *s, struct qd_actions *out)
{
	s->io_errors++;
	if (s->p.max_error_cycles == 0 || s->p.io_timeout || s->io_errors <= s->p.max_error_cycles)
		return;
	note_add(out, QD_NOTE_IO_ERRORS, s->p.node_id, s->io_errors, 0);
	exit_with(s, out, 4);
}

static void members_look(struct qd_state *s, const struct qd_input *in, struct qd_actions *out)
{
	s->up = 0;
	for_each_node(id, peers(s)) {
		member_look(s, id, &in->slots[id - 1], in, out);
		if (member_see(s, id)->up)
			s->up |= qd_bit(id);
	}
}

/* A member of the master's ring has not shown it yet: look again soon. */
static bool ring_incomplete(const struct qd_state *s)
{
	if (s->role != QD_STATE_MASTER || s->ring_ticks > 2)
		return false;
	for_each_node(id, s->up & peers(s) & s->cs.members) {
		const struct qd_block *b = &member_see(s, id)->block;

		if (b->has_ext && b->state == QD_STATE_RUN && !qd_ring_equal(b->ext.ring, s->cs.ring))
			return true;
	}
	return false;
}

/* A read that was on its way before this life began, or before a silence was found,
 * shows the own slot of then: an eviction may have come since. Read again. */
static bool read_is_outlived(struct qd_state *s, const struct qd_input *in)
{
	bool outlived = in->cycle_start_ms < s->life_start_ms ||
			(s->woke && in->cycle_start_ms < s->woke_ms);

	if (outlived)
		s->cycle_read_ok = false;
	return outlived;
}

static void cycle(struct qd_state *s, const struct qd_input *in, struct qd_actions *out)
{
	enum own own;

	if (in->read == QD_IO_LATE && s->write_out) {	/* its read has landed, its write is late */
		if (in->tick)
			io_failed(s, out);
		return;
	}
	s->cycle_start_ms = in->cycle_start_ms;
	s->cycle_ring = s->cs.ring;
	if (in->read != QD_IO_OK) {
		s->cycle_read_ok = false;
		if (in->read == QD_IO_STRANGER && !s->stranger_noted)
			note_add(out, QD_NOTE_STRANGER, s->p.node_id, 0, 0);
		s->stranger_noted = s->stranger_noted || in->read == QD_IO_STRANGER;
		if (in->tick)
			io_failed(s, out);
		return;
	}
	s->stranger_noted = false;
	if (read_is_outlived(s, in)) {
		out->want_express = true;
		return;
	}
	own = own_check(s, in, out);
	if (own == OWN_BLIND)
		own_write(s, in, out);
	if (own != OWN_FINE)
		return;
	members_look(s, in, out);
	if (in->tick) {
		s->role_ticks++;
		s->ring_ticks++;
	}
	role_step(s, out);
	elect_step(s, in, out);
	evict_step(s, in, out);
	mark_before_write(s, in->now_ms);
	own_write(s, in, out);
	if (ring_incomplete(s))
		out->want_express = true;
}

/* Not beside a corosync that does not answer: it may count us, and nothing but
 * the watchdog could end that. One that is known dead counts nobody. */
static bool corosync_lets_pet(const struct qd_corosync *cs)
{
	return cs_usable(cs) || (!cs->connected && cs->ended);
}

static void written(struct qd_state *s, const struct qd_input *in, struct qd_actions *out)
{
	s->write_out = false;
	if (in->wrote == QD_IO_OK)
		s->answered_ms = in->now_ms;
	if (s->own.incarnation != s->incarnation)
		return;	/* of an earlier life: it does not count for this one */
	if (in->wrote != QD_IO_OK) {
		io_failed(s, out);
		return;
	}
	s->io_errors = 0;
	s->own_landed = true;
	s->foreign_written = true;
	s->landed_beat = s->own.ext.beat;
	if (s->shown_ring_ms == 0 && qd_ring_equal(s->own.ext.ring, s->cs.ring))
		s->shown_ring_ms = in->now_ms;
	if (!s->own_unreadable) {	/* blind writing does not end a silence */
		s->landed = true;
		s->landed_start_ms = in->write_start_ms;
		s->woke = s->woke && (!s->cycle_read_ok || s->cycle_start_ms < s->woke_ms);
		s->silence_noted = false;
		putoff_landed(s, out);
	}
	if (s->p.watchdog && !s->woke && corosync_lets_pet(&s->cs) &&
	    qd_silence(s, in->now_ms) < qd_law_withdraw_ms(&s->p.t))
		action_add(out, QD_ACT_PET);
}

/* ---- One step ---- */

void qd_step(struct qd_state *s, const struct qd_input *in, struct qd_actions *out)
{
	out->count = 0;
	out->want_express = false;
	if (s->finished)
		return;
	corosync_take(s, in, out);
	score_take(s, in);
	silence_judge(s, in, out);
	putoff_judge(s, in, out);
	score_judge(s, out);
	if (s->finished)
		return;
	switch (in->event) {
	case QD_EV_CYCLE:
		cycle(s, in, out);
		break;
	case QD_EV_WRITTEN:
		written(s, in, out);
		break;
	case QD_EV_FENCED:
		evict_fenced(s, in, out);
		break;
	case QD_EV_FENCE:
		evict_wanted(s, in, out);
		break;
	case QD_EV_RECONFIG:
		reconfig(s, in->params);
		break;
	case QD_EV_STOP:
		stop_begin(s, in, out);
		break;
	case QD_EV_RING:
	case QD_EV_TIMER:
		break;
	}
	if (s->finished)
		return;
	vote_step(s, in, out);
	stop_step(s, in, out);
	if (s->finished)
		return;
	putoff_say(s, in, out);
	putoff_pet(s, in, out);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t qd_next_deadline(const struct qd_state *s, uint64_t now_ms)
{
	uint64_t base = now_ms - qd_silence(s, now_ms);
	uint64_t i_ms = s->p.t.interval_ms;
	uint64_t at = UINT64_MAX;

	if (s->finished)
		return UINT64_MAX;
	if (!s->woke)
		at = earlier(at, base + qd_law_withdraw_ms(&s->p.t));
	if (s->landed || s->role != QD_STATE_INIT)
		at = earlier(at, base + qd_law_dead_ms(&s->p.t));
	if (s->vote == QD_VOTE_HOLDS)
		at = earlier(at, s->hold_since_ms + s->p.v_ms - i_ms);
	if (s->vote == QD_VOTE_NONE && vote_answer_owed(s) && !s->unregister_sent)
		at = earlier(at, s->ring_since_ms + s->p.y_ms - i_ms);
	if (s->late_since_ms && s->vote == QD_VOTE_CASTS_0 && !qd_ring_equal(s->end_ring, s->cs.ring))
		at = earlier(at, s->late_since_ms + 2 * i_ms);
	return earlier(earlier(at, putoff_deadline(s)), stop_deadline(s));
}
