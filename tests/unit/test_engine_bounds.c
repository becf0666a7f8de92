/* engine.c and the mind together: the bounds (S6), under 64 nodes and random events. */
#include "engine_fixture.h"

/* ---- 64 nodes ---- */

static void bounds_master_of_64_buries_63_in_one_step(void **state)
{
	static struct mind m;

	(void)state;
	mind_init(&m, 1, QD_NODE_MAX);
	peers_are(&m, ~(qd_mask)1, QD_STATE_RUN);
	m.acking = ~(qd_mask)1;
	mind_run(&m);
	mind_cycles(&m, W + M + 2);
	assert_int_equal(m.s.role, QD_STATE_MASTER);
	m.beating = 0;
	mind_cycles(&m, K + 1);
	assert_int_equal(m.evictions, 63);
	assert_int_equal(m.fences, 63);
}

/* ---- Random events ---- */

static uint64_t dice_state;
static qd_mask dice_mute, dice_master;
static uint64_t dice_life[QD_NODE_MAX + 1];

static uint64_t dice(uint64_t sides)
{
	dice_state ^= dice_state << 13;
	dice_state ^= dice_state >> 7;
	dice_state ^= dice_state << 17;
	return dice_state % sides;
}

/* A peer as it should be: up in my ring, answers my bid; now and then master, and
 * then I am counted in. */
static struct qd_block sane_block(uint32_t id)
{
	struct qd_block b = peer_block(id, QD_STATE_RUN, ++beat);

	if (qd_has(dice_master, id))
		b.state = QD_STATE_MASTER;
	b.incarnation += dice_life[id];
	b.message = engine.state.bidding ? QD_MSG_ACK : QD_MSG_NONE;
	b.argument = ME;
	b.sequence = engine.state.bid_sequence;
	b.master_mask = w.cs.members;
	b.online = w.cs.members;
	return b;
}

/* Any block that decodes, with values that nobody sane would write. */
static struct qd_block wild_block(uint32_t id, uint32_t nodes)
{
	static const enum qd_node_state states[] = { QD_STATE_NONE, QD_STATE_EVICTED, QD_STATE_INIT,
						     QD_STATE_RUN, QD_STATE_MASTER };
	struct qd_block b = sane_block(id);

	b.state = states[dice(5)];
	b.writer_id = dice(4) ? id : (uint32_t)dice(nodes) + 1;
	b.message = (enum qd_message)dice(4);
	b.sequence = (uint16_t)dice(65536);
	b.argument = (uint32_t)dice(70);
	b.online = dice_state;
	b.master_mask = dice_state;
	b.has_ext = dice(20) != 0;	/* in one life: torn */
	b.ext.beat = dice(3) ? b.ext.beat : dice_state;
	b.ext.flags = (uint32_t)dice(QD_EXT_FLAGS_KNOWN + 1);
	b.ext.view = dice(2) ? ~(qd_mask)0 : dice_state;
	b.ext.successor = (uint32_t)dice(nodes + 1);
	b.ext.victim_incarnation = dice(2) ? b.incarnation : 7;
	b.ext.tko = dice(3) ? K : (uint32_t)dice_state;
	b.ext.interval_ms = dice(3) ? I : (uint32_t)dice_state;
	b.ext.ring.seq += dice(3);
	if (!b.has_ext)
		memset(&b.ext, 0, sizeof(b.ext));
	return b;
}

static void dice_block(uint32_t nodes)
{
	uint32_t id = (uint32_t)dice(nodes) + 1;
	struct qd_block b;

	if (id == ME ? dice(1000) != 0 : qd_has(dice_mute, id))
		return;
	b = dice(40) ? sane_block(id) : wild_block(id, nodes);
	slot_put(id, &b);
	if (dice(300) == 0)
		w.lun[(size_t)id * SLOT + dice(512)] ^= (uint8_t)(1 + dice(255));
}

static void dice_corosync(uint32_t nodes)
{
	qd_mask all = nodes == QD_NODE_MAX ? ~(qd_mask)0 : ((qd_mask)1 << nodes) - 1;

	ring(w.cs.ring.seq + dice(2), (dice(2) ? all : dice_state & all) | qd_bit(ME));
	w.cs.connected = dice(10) != 0;
	w.cs.ended = !w.cs.connected && dice(2);
	w.cs.stalled = dice(10) == 0;
	w.cs.in_sync = dice(4) == 0;
	w.cs.polled_quorate = dice(2) == 0;
	w.cs.view = dice(3) ? w.cs.members : dice_state & all;
	w.cs.registered = dice(5) != 0;
	w.hand_stuck = dice(10) == 0;
	qd_engine_ring(&engine);
}

/* Who falls silent, who has restarted, who takes itself for master. */
static void dice_peers(uint32_t nodes)
{
	dice_mute = dice(2) ? 0 : dice_state;
	dice_life[dice(nodes) + 1]++;
	dice_master = dice(2) ? 0 : qd_bit((uint32_t)dice(nodes) + 1) & ~qd_bit(ME);
}

static void dice_event(uint32_t nodes)
{
	struct qd_params p = engine.state.p;

	if (dice(3) == 0 && w.read_out)
		read_ends(dice(50) ? QD_IO_OK : QD_IO_ERROR);
	else if (dice(3) == 0)
		writes_end(dice(50) ? QD_IO_OK : QD_IO_ERROR);
	dice_block(nodes);
	if (dice(150) == 0)
		dice_corosync(nodes);
	if (dice(300) == 0)
		dice_peers(nodes);
	if (dice(40) == 0)
		qd_engine_fenced(&engine, (uint32_t)dice(nodes + 3), PEER_LIFE(dice(nodes) + 1) + dice(2),
				 (enum qd_fence_result)dice(4));
	if (dice(200) == 0)
		w.score = dice(4) != 0;
	if (dice(500) == 0) {
		p.master_wins = dice(5) == 0;
		p.allow_kill = dice(2) == 0;
		qd_engine_reconfig(&engine, &p);
	}
	if (dice(4000) == 0)
		qd_engine_stop(&engine);
}

/* Time goes on, by a breath or by a freeze; ticks that fell due are heard. */
static void dice_time(void)
{
	uint64_t before = w.now / I;

	w.now += dice(1500) ? dice(I / 8) : dice(2 * L2);
	if (w.now / I > before)
		qd_engine_tick(&engine, (uint32_t)(w.now / I - before - 1));
}

/* The alarm is heard; an alarm that rings for ever would be a busy loop. */
static void dice_alarm(void)
{
	for (unsigned rings = 0; w.alarm_ms <= w.now; rings++) {
		assert_in_range(rings, 0, 10);
		w.alarm_ms = UINT64_MAX;
		qd_engine_alarm(&engine);
	}
}

/* Random events; enough must have happened for the run to be worth something. */
static void fuzz(uint32_t nodes, unsigned runs, unsigned events)
{
	unsigned masters = 0, casts = 0, evictions = 0, ends = 0;

	for (unsigned run = 0; run < runs; run++) {
		dice_state = 0x9e3779b97f4a7c15u * (run + 1) + nodes;
		dice_mute = dice_master = 0;
		memset(dice_life, 0, sizeof(dice_life));
		world(nodes, dice(2) ? 512 : 4096);
		engine.state.p.watchdog = false;
		for (unsigned i = 0; i < events && !engine.ended; i++) {
			dice_event(nodes);
			dice_time();
			dice_alarm();
		}
		masters += w.noted[QD_NOTE_MASTER];
		casts += w.votes[1];
		evictions += w.evictions;
		ends += engine.ended;
	}
	assert_true(masters > runs / 2);
	assert_true(casts > 10 * runs);
	assert_true(evictions > runs);
	assert_in_range(ends, 1, runs);
}

static void bounds_random_events_of_3_nodes_never_assert(void **state)
{
	(void)state;
	fuzz(3, 100, 5000);
}

static void bounds_random_events_of_16_nodes_never_assert(void **state)
{
	(void)state;
	fuzz(16, 30, 5000);
}

static void bounds_random_events_of_64_nodes_never_assert(void **state)
{
	(void)state;
	fuzz(QD_NODE_MAX, 15, 6000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds_master_of_64_buries_63_in_one_step),
		cmocka_unit_test(bounds_random_events_of_3_nodes_never_assert),
		cmocka_unit_test(bounds_random_events_of_16_nodes_never_assert),
		cmocka_unit_test(bounds_random_events_of_64_nodes_never_assert),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
