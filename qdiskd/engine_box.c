/* The black box of this node; see engine_box.h and qd_box.h. */
#include <string.h>

#include "engine_box.h"

void engine_box_begin(struct qd_engine *e, uint64_t wall_s)
{
	const struct qd_box_head head = { .node_id = e->state.p.node_id,
					  .incarnation = e->state.incarnation,
					  .start_s = wall_s };

	qd_box_begin(e->own + QD_BOX_OFFSET, &head);
}

void engine_box_inherit(struct qd_engine *e, const uint8_t *slot)
{
	if (!e->box_inherited)
		qd_box_inherit(e->own + QD_BOX_OFFSET, slot + QD_BOX_OFFSET);
	e->box_inherited = true;
}

static uint8_t flags(const struct qd_engine *e)
{
	const struct qd_state *s = &e->state;

	return (uint8_t)((e->tick ? QD_BOX_TICK : 0) | (e->read_io == QD_IO_OK ? QD_BOX_READ : 0) |
			 (e->write_io == QD_IO_OK ? QD_BOX_WROTE : 0) | (s->cs.connected ? QD_BOX_CONNECTED : 0) |
			 (s->cs.in_sync ? QD_BOX_SYNC : 0) | (s->cs.quorate ? QD_BOX_QUORATE : 0) |
			 (s->voting ? QD_BOX_VOTING : 0) | (s->bidding ? QD_BOX_BIDS : 0));
}

static void record(struct qd_engine *e, uint64_t now_ms, uint64_t wall_s, uint8_t end)
{
	const struct qd_state *s = &e->state;
	uint64_t silence = qd_silence(s, now_ms);
	bool runs = s->role == QD_STATE_RUN || s->role == QD_STATE_MASTER;

	if (++e->box_cycle == 0)
		e->box_cycle = 1;
	qd_box_put(e->own + QD_BOX_OFFSET, &(struct qd_box_record){
		.cycle = e->box_cycle,
		.now_ms = now_ms,
		.wall_s = (uint32_t)wall_s,
		.read_us = e->read_us,
		.write_us = e->write_us,
		.silence_ms = silence < UINT32_MAX ? (uint32_t)silence : UINT32_MAX,
		.score = (uint16_t)s->score,
		.score_max = (uint16_t)s->score_max,
		.state = (uint8_t)s->role,
		.vote = (uint8_t)s->vote,
		.why = (uint8_t)s->why,
		.flags = flags(e),
		.master = (uint8_t)s->master,
		.ack_to = (uint8_t)s->ack_to,
		.end = end,
		.ticks_late = (uint8_t)(e->ticks_missed < UINT8_MAX ? e->ticks_missed : UINT8_MAX),
		.up = s->up | (runs ? qd_bit(s->p.node_id) : 0),
		.members = s->cs.members,
		.ring_node = (uint8_t)s->cs.ring.node_id,
		.ring_seq = (uint32_t)s->cs.ring.seq,
	});
	e->ticks_missed = 0;
}

void engine_box_record(struct qd_engine *e, uint64_t now_ms, uint64_t wall_s)
{
	record(e, now_ms, wall_s, 0);
}

const uint8_t *qd_engine_last_words(struct qd_engine *e, enum qd_self_fence reason,
				    uint32_t *ret_offset, uint32_t *ret_size)
{
	uint64_t now_ms, wall_s;

	e->ports->clock(e->ports->ctx, &now_ms, &wall_s);
	record(e, now_ms, wall_s, (uint8_t)(1 + (unsigned)reason));
	*ret_offset = e->sector_size > QD_BOX_OFFSET ? 0 : QD_BOX_OFFSET;
	*ret_size = QD_SLOT_BYTES - *ret_offset;
	if (*ret_offset == 0 && e->read_bytes)
		memcpy(e->own, e->read_bytes + (size_t)e->state.p.node_id * e->slot_size, QD_BOX_OFFSET);
	return e->own + *ret_offset;
}
