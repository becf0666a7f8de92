/* A clean stop: the vote first, the leaving block last. Rules: qdisk(5), "Hand-over". */
#include "mind.h"

/* A stop that the LUN or corosync holds up ends by hand. */
#define STOP_LIMIT_MS 4000u

/* How long the stop waits until what was polled has been heard: totem may hold its
 * token for a fifth of the token timeout. Who leaves before ends corosync. */
#define STOP_HEARD_MS 2000u

void stop_begin(struct qd_state *s, const struct qd_input *in, struct qd_actions *out)
{
	if (s->stopping)
		return;
	s->stopping = true;
	s->stop_ms = in->now_ms;
	note_add(out, QD_NOTE_STOPPING, s->p.node_id, 0, 0);
}

/* The lowest running node of my mask takes over. */
static uint32_t successor(const struct qd_state *s)
{
	if (s->role != QD_STATE_MASTER)
		return 0;
	for_each_node(id, s->mask & peers(s)) {
		if (member_runs(member_see(s, id)))
			return id;
	}
	return 0;
}

/* A 1, or the 0 that ends a view which only the device makes quorate: where totem forms
 * no ring any more it is never heard, and nobody would be left to end corosync. */
static bool vote_on_its_way(const struct qd_state *s)
{
	return s->cs.unheard_one || (s->cs.unheard && quorate_by_device(s));
}

bool qd_vote_outlives(const struct qd_state *s)
{
	return s->voting && s->cs.connected && (s->cs.stalled || vote_on_its_way(s));
}

/* How long the mark is given to clear. */
static uint64_t mark_limit_ms(const struct qd_state *s)
{
	uint64_t i_ms = s->p.t.interval_ms;

	return vote_on_its_way(s) && i_ms < STOP_HEARD_MS ? STOP_HEARD_MS : i_ms;
}

bool qd_has_left(const struct qd_state *s)
{
	return s->leaving && s->own_landed && (s->own.ext.flags & QD_EXT_LEAVING);
}

/* Cast 0 (vote_step has), give the mark at most I to clear, unregister, and only
 * then write the leaving block. */
void stop_step(struct qd_state *s, const struct qd_input *in, struct qd_actions *out)
{
	bool usable = cs_usable(&s->cs);
	uint64_t i_ms = s->p.t.interval_ms;

	if (!s->stopping || s->finished)
		return;
	if (!s->unregister_sent && (!s->voting || !usable || in->now_ms - s->stop_ms >= mark_limit_ms(s))) {
		s->unregister_sent = true;
		s->leave_ms = in->now_ms;
		if (s->cs.connected)
			action_add(out, QD_ACT_UNREGISTER);
	}
	if (s->unregister_sent && !s->leaving &&
	    (!s->cs.registered || !usable || in->now_ms - s->leave_ms >= i_ms)) {
		s->leaving = true;
		s->successor = successor(s);
	}
	if (qd_has_left(s)) {
		if (s->successor)
			note_add(out, QD_NOTE_HANDED_OVER, s->successor, 0, 0);
		note_add(out, QD_NOTE_STOPPED, s->p.node_id, 0, 0);
		exit_with(s, out, 0);
	} else if (in->now_ms - s->stop_ms >= STOP_LIMIT_MS) {
		note_add(out, QD_NOTE_STOP_UNWRITTEN, s->p.node_id, 0, 0);
		exit_with(s, out, 0);
	}
	if (s->leaving && !s->write_out)
		out->want_express = true;
}

uint64_t stop_deadline(const struct qd_state *s)
{
	uint64_t at = s->stop_ms + STOP_LIMIT_MS;
	uint64_t i_ms = s->p.t.interval_ms;

	if (!s->stopping)
		return UINT64_MAX;
	if (!s->unregister_sent && s->stop_ms + mark_limit_ms(s) < at)
		at = s->stop_ms + mark_limit_ms(s);
	if (s->unregister_sent && !s->leaving && s->leave_ms + i_ms < at)
		at = s->leave_ms + i_ms;
	return at;
}
