/* The order of one cycle; see qd_ports.h. It decides nothing about nodes: it
 * knows when an I/O may start, what is late, and when a cycle runs out of turn. */
#include <string.h>

#include "engine_box.h"
#include "engine_bytes.h"
#include "engine_watch.h"

#define EXPRESS_EAGER 5u

static void engine_cycle_start(struct qd_engine *e, bool tick);

static void engine_input(struct qd_engine *e, enum qd_event event, struct qd_input *ret_in)
{
	const struct qd_ports *p = e->ports;

	*ret_in = (struct qd_input){
		.event = event,
		.random = e->fresh,
		.cycle_start_ms = e->cycle_start_ms,
		.write_start_ms = e->write_start_ms,
		.read = QD_IO_LATE,
		.wrote = QD_IO_LATE,
		.slots = e->slots,
		.read_us = e->read_us,
		.write_us = e->write_us,
		.average_us = e->write_count ? e->write_us_sum / e->write_count : 0,
		.watchdog_ms = e->watchdog_ms,
		.params = &e->state.p,
	};
	p->clock(p->ctx, &ret_in->now_ms, &ret_in->wall_s);
	p->corosync(p->ctx, ret_in->now_ms, &ret_in->cs);
	p->score(p->ctx, &ret_in->score, &ret_in->score_max);
}

/* ---- Actions ---- */

static void engine_write(struct qd_engine *e, uint32_t slot, const struct qd_block *block,
			 uint64_t now_ms)
{
	const struct qd_ports *p = e->ports;
	bool mine = slot == e->state.p.node_id;
	const uint8_t *bytes;

	assert(e->phase != QD_PHASE_READING);
	assert(slot >= 1);
	assert(slot <= e->slot_count);
	assert(qd_block_valid(block));
	bytes = engine_encode(e, slot, block);
	e->phase = QD_PHASE_WRITING;
	if (e->writes_out++ == 0)
		engine_watch_begin(&e->writes, now_ms);
	if (mine)
		e->write_start_ms = now_ms;
	p->write(p->ctx, slot, bytes, mine ? QD_STATUS_BYTES : e->sector_size);
}

static void engine_perform(struct qd_engine *e, const struct qd_action *a, uint64_t now_ms)
{
	const struct qd_ports *p = e->ports;

	switch (a->type) {
	case QD_ACT_NOTE:
		p->note(p->ctx, &a->note);
		break;
	case QD_ACT_WRITE:
		engine_write(e, a->node, &a->block, now_ms);
		break;
	case QD_ACT_VOTE:
		e->cast_ms = a->vote.cast ? now_ms : 0;
		p->vote(p->ctx, a->vote.seq, a->vote.ring, a->vote.cast, a->vote.good_until_ms);
		break;
	case QD_ACT_UNREGISTER:
		p->unregister(p->ctx);
		break;
	case QD_ACT_END_COROSYNC:
		p->end_corosync(p->ctx);
		break;
	case QD_ACT_KILL:
		p->kill(p->ctx, a->node);
		break;
	case QD_ACT_FENCE:
		p->fence(p->ctx, a->node, a->incarnation);
		break;
	case QD_ACT_PET:
		e->watchdog_ms = p->pet(p->ctx);
		break;
	case QD_ACT_SAY:
		p->say(p->ctx, a->lun_dead);
		break;
	case QD_ACT_SELF_FENCE:
		e->ended = true;
		p->self_fence(p->ctx, a->reason);
		break;
	case QD_ACT_EXIT:
		e->ended = true;
		p->exit(p->ctx, a->status);
		break;
	}
}

/* Earliest of the mind's deadlines and the next express cycle. An alarm that is
 * already armed for an earlier time stays: it costs less to wake up for nothing
 * once in K-1 cycles than to move it in each. */
static void engine_arm(struct qd_engine *e, uint64_t now_ms)
{
	uint64_t at = qd_next_deadline(&e->state, now_ms);

	if (e->express_wanted && e->phase == QD_PHASE_IDLE && e->express_ms < at)
		at = e->express_ms;
	if (at == UINT64_MAX || (e->alarm_ms <= at && e->alarm_ms > now_ms))
		return;
	e->alarm_ms = at;
	e->ports->alarm(e->ports->ctx, at);
}

/* I/20 between express cycles; the first few follow at once. A totem ring holds
 * its token for a fifth of the token timeout once it has gone round 30 times
 * without news, a few ms after the ring has formed: an answer before that is
 * heard at once, a later one waits for the token. */
static uint64_t express_pause_ms(const struct qd_engine *e)
{
	return e->express_count < EXPRESS_EAGER ? 1 : e->state.p.t.interval_ms / QD_EXPRESS_PER_TICK;
}

/* A new ring starts an express cycle at once, whichever event saw it first. */
static void engine_express(struct qd_engine *e, bool new_ring, uint64_t now_ms)
{
	if (e->express_count >= QD_EXPRESS_PER_TICK)
		return;
	if (new_ring) {
		e->express_wanted = true;
		e->express_ms = now_ms;
	} else if (e->out.want_express && !e->express_wanted) {
		e->express_wanted = true;
		e->express_ms = e->cycle_start_ms + express_pause_ms(e);
		if (e->express_ms < now_ms)
			e->express_ms = now_ms;
	}
}

static void engine_step(struct qd_engine *e, const struct qd_input *in)
{
	struct qd_ring ring;

	if (e->ended)
		return;
	assert(!e->stepping);
	e->stepping = true;
	ring = e->state.cs.ring;
	qd_step(&e->state, in, &e->out);
	if (e->state.incarnation == e->fresh)
		e->fresh = e->ports->random(e->ports->ctx);
	for (uint32_t i = 0; i < e->out.count && !e->ended; i++)
		engine_perform(e, &e->out.action[i], in->now_ms);
	engine_express(e, !qd_ring_equal(ring, e->state.cs.ring), in->now_ms);
	e->stepping = false;
	if (!e->ended)
		engine_arm(e, in->now_ms);
}

static void engine_event(struct qd_engine *e, enum qd_event event)
{
	struct qd_input in;

	engine_input(e, event, &in);
	engine_step(e, &in);
}

/* ---- The cycle ---- */

/* Start the express cycle that is due, or wait for what comes first. */
static void engine_express_run(struct qd_engine *e, uint64_t now_ms)
{
	if (e->ended)
		return;
	if (e->express_wanted && e->phase == QD_PHASE_IDLE && e->express_ms <= now_ms)
		engine_cycle_start(e, /* tick */ false);
	else
		engine_arm(e, now_ms);
}

/* A cycle has ended, or is late. */
static void engine_show(struct qd_engine *e, uint64_t now_ms, uint64_t wall_s)
{
	engine_watch_vote(e, now_ms);
	engine_box_record(e, now_ms, wall_s);
	e->ports->publish(e->ports->ctx, &e->state);
}

/* All I/O of the cycle has been reaped: publish, then what waited for it. */
static void engine_cycle_end(struct qd_engine *e)
{
	uint64_t now_ms, wall_s;

	e->phase = QD_PHASE_IDLE;
	if (e->ended)
		return;
	e->ports->clock(e->ports->ctx, &now_ms, &wall_s);
	engine_watch_end(e, &e->writes, now_ms);
	engine_show(e, now_ms, wall_s);
	if (e->tick_pending) {
		e->tick_pending = false;
		engine_cycle_start(e, /* tick */ true);
		return;
	}
	engine_express_run(e, now_ms);
}

static void engine_cycle_start(struct qd_engine *e, bool tick)
{
	uint64_t wall_s;

	assert(e->phase == QD_PHASE_IDLE);
	assert(e->writes_out == 0);
	e->ports->clock(e->ports->ctx, &e->cycle_start_ms, &wall_s);
	e->phase = QD_PHASE_READING;
	engine_watch_begin(&e->reads, e->cycle_start_ms);
	e->read_io = e->write_io = QD_IO_LATE;
	e->tick = tick;
	e->express_wanted = false;
	e->cycles++;
	if (tick) {
		e->express_count = 0;
	} else {
		e->express_count++;
		e->express_cycles++;
	}
	e->ports->read(e->ports->ctx);
}

void qd_engine_tick(struct qd_engine *e, uint32_t missed)
{
	struct qd_input in;

	if (e->ended)
		return;
	e->late_ticks += missed;
	e->ticks_missed += missed;
	if (e->phase == QD_PHASE_IDLE) {
		engine_cycle_start(e, /* tick */ true);
		return;
	}
	engine_input(e, QD_EV_CYCLE, &in);
	engine_watch_tick(e, in.now_ms);
	if (!e->tick_pending && in.now_ms - e->cycle_start_ms < e->state.p.t.interval_ms) {
		e->tick_pending = true;	/* directly after: neither late nor lost */
		return;
	}
	e->tick_pending = false;
	e->tick = false;	/* what this read brings now is good news only */
	e->express_count = 0;
	e->late_ticks++;
	in.tick = true;
	engine_step(e, &in);
	if (!e->ended)
		engine_show(e, in.now_ms, in.wall_s);
}

void qd_engine_read_done(struct qd_engine *e, enum qd_io io, const uint8_t *bytes,
			 uint32_t latency_us)
{
	bool landed = io == QD_IO_OK;
	struct qd_input in;

	if (e->ended)
		return;
	assert(e->phase == QD_PHASE_READING);
	e->read_us = latency_us;
	e->phase = QD_PHASE_WRITING;	/* the step may write */
	if (io == QD_IO_OK)
		io = engine_decode(e, bytes);
	e->read_io = io;
	e->read_bytes = bytes;
	engine_input(e, QD_EV_CYCLE, &in);
	engine_watch_end(e, &e->reads, in.now_ms);
	if (landed)
		engine_watch_took(e, &e->reads, latency_us);
	in.read = io;
	in.tick = e->tick;
	engine_step(e, &in);
	e->read_bytes = NULL;
	if (e->writes_out == 0)
		engine_cycle_end(e);
}

void qd_engine_write_done(struct qd_engine *e, uint32_t slot, enum qd_io io, uint32_t latency_us)
{
	struct qd_input in;

	if (e->ended)
		return;
	assert(e->writes_out > 0);
	e->writes_out--;
	if (slot == e->state.p.node_id) {
		e->write_io = io;
		e->write_us = latency_us;
		e->write_us_sum += latency_us;
		e->write_count++;
		if (io == QD_IO_OK)
			engine_watch_took(e, &e->writes, latency_us);
		engine_input(e, QD_EV_WRITTEN, &in);
		in.wrote = io;
		engine_step(e, &in);
	}
	if (e->writes_out == 0)
		engine_cycle_end(e);
}

/* ---- Events ---- */

void qd_engine_alarm(struct qd_engine *e)
{
	uint64_t now_ms, wall_s;

	if (e->ended)
		return;
	e->alarm_ms = UINT64_MAX;
	e->ports->clock(e->ports->ctx, &now_ms, &wall_s);
	if (qd_next_deadline(&e->state, now_ms) <= now_ms)
		engine_event(e, QD_EV_TIMER);
	engine_express_run(e, now_ms);
}

void qd_engine_ring(struct qd_engine *e)
{
	uint64_t now_ms, wall_s;

	if (e->ended)
		return;
	engine_event(e, QD_EV_RING);
	e->ports->clock(e->ports->ctx, &now_ms, &wall_s);
	engine_express_run(e, now_ms);
}

void qd_engine_fenced(struct qd_engine *e, uint32_t node_id, uint64_t incarnation,
		      enum qd_fence_result result)
{
	struct qd_input in;

	engine_input(e, QD_EV_FENCED, &in);
	in.fenced_node = node_id;
	in.fenced_incarnation = incarnation;
	in.fenced = result;
	engine_step(e, &in);
}

void qd_engine_fence(struct qd_engine *e, uint32_t node_id, bool lun)
{
	struct qd_input in;

	engine_input(e, QD_EV_FENCE, &in);
	in.fenced_node = node_id;
	in.fence_lun = lun;
	engine_step(e, &in);
}

void qd_engine_reconfig(struct qd_engine *e, const struct qd_params *params)
{
	struct qd_input in;

	engine_input(e, QD_EV_RECONFIG, &in);
	in.params = params;
	engine_step(e, &in);
}

bool qd_engine_idle(const struct qd_engine *e)
{
	return e->phase == QD_PHASE_IDLE;
}

void qd_engine_grow(struct qd_engine *e, uint32_t slot_count)
{
	assert(qd_engine_idle(e));
	assert(slot_count >= e->slot_count);
	assert(slot_count <= QD_NODE_MAX);
	e->slot_count = slot_count;
	e->read_bytes = NULL;	/* who reads more slots has another buffer */
}

void qd_engine_wish(struct qd_engine *e, const struct qd_wish *wish)
{
	e->wish = wish ? *wish : (struct qd_wish){ 0 };
}

void qd_engine_stop(struct qd_engine *e)
{
	engine_event(e, QD_EV_STOP);
}

void qd_engine_init(struct qd_engine *e, const struct qd_ports *ports,
		    const struct qd_params *params, const struct qd_label *label,
		    uint32_t sector_size, uint32_t slot_count)
{
	uint64_t now_ms, wall_s;

	assert(slot_count >= params->node_id);
	assert(slot_count <= QD_NODE_MAX);
	memset(e, 0, sizeof(*e));
	e->ports = ports;
	e->label = *label;
	e->label_io = QD_IO_STRANGER;	/* until seen */
	e->sector_size = sector_size;
	e->slot_size = qd_slot_size(sector_size);
	e->slot_count = slot_count;
	e->alarm_ms = UINT64_MAX;
	e->fresh = ports->random(ports->ctx);
	ports->clock(ports->ctx, &now_ms, &wall_s);
	qd_state_init(&e->state, params, e->fresh, now_ms);
	engine_box_begin(e, wall_s);
	e->fresh = ports->random(ports->ctx);
}
