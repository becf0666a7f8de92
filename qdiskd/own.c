/* Our own slot: read before anything is written, always; and what we say in it.
 * Rules: qdisk(5), "Own block". */
#include "mind.h"

/* A daemon that starts answers for what its node may still be counted for. A block
 * of some life without an extension is torn, or legacy's: either may have voted. */
static void mark_take(struct qd_state *s, const struct qd_slot *slot)
{
	bool lived = slot->block.incarnation != 0;

	if (s->mark_taken)
		return;
	s->mark_taken = true;
	if (slot->result != QD_SLOT_OK || (lived && !slot->block.has_ext)) {
		s->voting = true;
		s->view = 0;
	} else if (slot->block.has_ext && (slot->block.ext.flags & QD_EXT_VOTING)) {
		s->voting = true;
		s->view = slot->block.ext.view;
	}
}

/* Only legacy writes evictions without an extension: one by a peer that has shown one
 * is torn, and whom it names is not known. */
static bool writer_may_be_legacy(const struct qd_state *s, const struct qd_block *b)
{
	const struct qd_member *writer;

	if (!qd_has(s->p.nodes, b->writer_id) || b->writer_id == s->p.node_id)
		return false;
	writer = member_see(s, b->writer_id);
	return !(writer->known && writer->block.has_ext);
}

/* Is this eviction of the life I live, or of the one that L2 has just ended in
 * this process? A daemon that wakes late obeys it. A legacy master names nobody:
 * then it is mine once a write of mine has landed. */
static bool eviction_is_mine(const struct qd_state *s, const struct qd_block *b)
{
	uint64_t victim = b->ext.victim_incarnation;

	if (!b->has_ext)
		return (s->landed || s->past_incarnation) && writer_may_be_legacy(s, b);
	return victim == s->incarnation ||
	       (!s->landed && s->past_incarnation && victim == s->past_incarnation);
}

/* Somebody else wrote here after a block of this life had landed. Once may be a
 * late write of an earlier life; a second new beat is a node with my id. */
static bool own_foreign(struct qd_state *s, const struct qd_block *b, struct qd_actions *out)
{
	bool again = s->foreign_incarnation == b->incarnation;

	if (again && s->foreign_written && s->foreign_beat != block_beat(b)) {
		note_add(out, QD_NOTE_TWIN, s->p.node_id, b->incarnation, 0);
		exit_with(s, out, 3);
		return false;
	}
	if (!again || !s->foreign)
		note_add(out, QD_NOTE_FOREIGN, s->p.node_id, b->writer_id, (uint64_t)b->state);
	if (!again || s->foreign_beat != block_beat(b))
		s->foreign_written = false;
	s->foreign = true;
	s->foreign_incarnation = b->incarnation;
	s->foreign_beat = block_beat(b);
	return true;
}

/* An older block of mine than has landed. Either the path shows a world that has
 * passed, or a write that failed has landed late over a newer one. Nothing that
 * was read is believed; writing anew mends the second, and ends no silence. */
static enum own own_stale(struct qd_state *s, const struct qd_block *b, struct qd_actions *out)
{
	if (!s->stale_noted)
		note_add(out, QD_NOTE_OWN_STALE, s->p.node_id, block_beat(b), s->landed_beat);
	s->stale_noted = true;
	s->own_unreadable = true;
	return OWN_BLIND;
}

/* I write no block without an extension. */
static bool own_torn(const struct qd_state *s, const struct qd_block *b)
{
	return b->incarnation == s->incarnation && !b->has_ext && b->state != QD_STATE_EVICTED;
}

enum own own_check(struct qd_state *s, const struct qd_input *in, struct qd_actions *out)
{
	const struct qd_slot *slot = &in->slots[s->p.node_id - 1];
	const struct qd_block *b = &slot->block;

	s->cycle_read_ok = false;
	mark_take(s, slot);
	if (slot->result != QD_SLOT_OK || own_torn(s, b)) {
		if (!s->own_unreadable)
			note_add(out, QD_NOTE_OWN_SLOT_BAD, s->p.node_id, 0, 0);
		s->own_unreadable = true;
		return OWN_FINE;
	}
	if (s->own_unreadable && !s->stale_noted)
		note_add(out, QD_NOTE_SLOT_GOOD, s->p.node_id, 0, 0);
	s->own_unreadable = false;
	if (b->state == QD_STATE_EVICTED) {
		if (eviction_is_mine(s, b)) {
			self_fence(s, out, QD_FENCED_EVICTED);
			return OWN_END;
		}
	} else if (b->incarnation == s->incarnation && b->writer_id == s->p.node_id) {
		if (s->landed && block_beat(b) < s->landed_beat)
			return own_stale(s, b, out);
		s->stale_noted = false;
		s->foreign = false;
	} else if (s->landed && !own_foreign(s, b, out)) {
		return OWN_END;
	}
	s->cycle_read_ok = true;
	return OWN_FINE;
}

static void own_message(const struct qd_state *s, struct qd_block *b)
{
	if (s->bidding) {
		b->message = QD_MSG_BID;
		b->sequence = s->bid_sequence;
		b->argument = s->p.node_id;
	} else if (s->ack_to) {
		b->message = QD_MSG_ACK;
		b->sequence = s->ack_sequence;
		b->argument = s->ack_to;
	} else {
		b->sequence = s->bid_sequence;
	}
}

static void own_ext(struct qd_state *s, const struct qd_input *in, struct qd_status_ext *ext)
{
	*ext = (struct qd_status_ext){
		.beat = ++s->beat,
		.interval_ms = s->p.t.interval_ms,
		.tko = s->p.t.tko,
		.ring = s->cs.ring,
		.members = s->cs.members,
		.flags = (s->voting ? QD_EXT_VOTING : 0u) | (s->leaving ? QD_EXT_LEAVING : 0u) |
			 (s->bidding && s->bid_held ? QD_EXT_HELD_BACK : 0u) |
			 (in->watchdog_ms ? QD_EXT_ARMED : 0u),
		.view = s->voting ? s->view : 0,
		.successor = s->leaving ? s->successor : 0,
		.read_us = in->read_us,
		.write_us = in->write_us,
		.watchdog_ms = in->watchdog_ms,
		.fence_victim = s->fence_victim,
		.fence_result = s->fence_result,
		.fence_wall_s = s->fence_wall_s,
	};
	memcpy(ext->node_name, s->p.node_name, sizeof(ext->node_name));
}

void own_write(struct qd_state *s, const struct qd_input *in, struct qd_actions *out)
{
	struct qd_action *a = action_add(out, QD_ACT_WRITE);
	bool scored = s->p.heuristic_count > 0;
	struct qd_block *b = &a->block;

	*b = (struct qd_block){
		.node_id = s->p.node_id,
		.writer_id = s->p.node_id,
		.wall_s = in->wall_s,
		.state = s->leaving ? QD_STATE_NONE : s->role,
		/* as legacy: without heuristics the block says 0/0 */
		.score = (uint16_t)(scored ? s->score : 0),
		.score_max = (uint16_t)(scored ? s->score_max : 0),
		.average_us = in->average_us,
		.last_us = in->write_us,
		.incarnation = s->incarnation,
		.online = s->leaving ? 0 : s->up | qd_bit(s->p.node_id),
		.master_mask = s->role == QD_STATE_MASTER && !s->leaving ? s->mask : 0,
		.has_ext = true,
	};
	if (!s->leaving)
		own_message(s, b);
	own_ext(s, in, &b->ext);
	a->node = s->p.node_id;
	s->own = *b;
	s->own_landed = false;
	s->write_out = true;
}
