/* engine.c: the order of one cycle, against ports of a world made here; and the
 * bounds of engine and mind together (S6). */
#include "mind_fixture.h"
#include "qd_ports.h"

enum { SLOT = 4096, ME = 2 };

static struct {
	uint64_t now;
	uint8_t lun[(QD_NODE_MAX + 1) * SLOT];
	struct qd_corosync cs;
	uint32_t score;
	/* I/O */
	bool read_out;
	uint32_t write_out[QD_NODE_MAX + 1];	/* writes under way, by slot */
	uint32_t writes_out;
	unsigned reads, writes, evictions;
	uint64_t read_ms[4096];		/* when each began */
	struct { uint32_t slot; size_t size; uint8_t bytes[SLOT]; } write;	/* newest */
	/* the rest */
	unsigned votes[2], pets, publishes, kills, fences, unregisters, alarms;
	unsigned noted[QD_NOTE_COUNT];
	uint64_t random, alarm_ms;
	int self_fence, exit;
	char order[64];		/* what the ports were asked for: R W V P(et) p(ublish) */
	bool hand_stuck;
} w;

static struct qd_engine engine;
static struct qd_label label;

static void asked(char what)
{
	size_t used = strlen(w.order);

	if (used + 1 < sizeof(w.order))
		w.order[used] = what;
}

/* ---- Ports ---- */

static void port_clock(void *ctx, uint64_t *ret_now_ms, uint64_t *ret_wall_s)
{
	(void)ctx;
	*ret_now_ms = w.now;
	*ret_wall_s = w.now / 1000;
}

static uint64_t port_random(void *ctx)
{
	(void)ctx;
	return w.random++;
}

static void port_read(void *ctx)
{
	(void)ctx;
	assert_false(w.read_out);
	assert_int_equal(w.writes_out, 0);
	w.read_out = true;
	w.read_ms[w.reads++ % 4096] = w.now;
	asked('R');
}

static void port_write(void *ctx, uint32_t slot, const void *bytes, size_t size)
{
	struct qd_block block;

	(void)ctx;
	assert_false(w.read_out);
	assert_in_range(slot, 1, QD_NODE_MAX);
	assert_int_equal(w.write_out[slot], 0);
	assert_int_equal(qd_block_decode(bytes, size, slot, &block), QD_FINE);
	assert_int_equal(block.writer_id, ME);
	assert_true(slot == ME || block.state == QD_STATE_EVICTED);	/* S3 */
	w.write_out[slot]++;
	w.writes_out++;
	w.write.slot = slot;
	w.write.size = size;
	memcpy(w.write.bytes, bytes, size);
	memcpy(w.lun + (size_t)slot * SLOT, bytes, size);
	if (slot == ME)
		w.writes++;
	else
		w.evictions++;
	asked('W');
}

static void port_corosync(void *ctx, uint64_t now_ms, struct qd_corosync *ret_cs)
{
	(void)ctx;
	(void)now_ms;
	*ret_cs = w.cs;
}

static void port_vote(void *ctx, uint64_t seq, struct qd_ring ring, bool cast, uint64_t cycle_start_ms)
{
	(void)ctx;
	assert_true(cycle_start_ms <= w.now);
	w.votes[cast]++;
	asked('V');
	if (w.hand_stuck)
		return;
	w.cs.polled_seq = seq;
	w.cs.polled_ring = ring;
	w.cs.polled_cast = cast;
	w.cs.polled_accepted = qd_ring_equal(ring, w.cs.ring);
}

static void port_unregister(void *ctx)
{
	(void)ctx;
	w.unregisters++;
	w.cs.registered = false;
}

static void port_kill(void *ctx, uint32_t node_id)
{
	(void)ctx;
	assert_int_not_equal(node_id, ME);
	w.kills++;
}

static void port_fence(void *ctx, uint32_t node_id, uint64_t incarnation)
{
	(void)ctx;
	(void)incarnation;
	assert_int_not_equal(node_id, ME);
	w.fences++;
}

static void port_score(void *ctx, uint32_t *ret_score, uint32_t *ret_max)
{
	(void)ctx;
	*ret_score = w.score;
	*ret_max = 1;
}

static void port_pet(void *ctx)
{
	(void)ctx;
	w.pets++;
	asked('P');
}

static void port_self_fence(void *ctx, enum qd_self_fence reason)
{
	(void)ctx;
	assert_int_equal(w.self_fence, -1);
	assert_int_equal(w.exit, -1);
	w.self_fence = (int)reason;
}

static void port_exit(void *ctx, int status)
{
	(void)ctx;
	assert_int_equal(w.self_fence, -1);
	assert_int_equal(w.exit, -1);
	w.exit = status;
}

static void port_note(void *ctx, const struct qd_note *note)
{
	char text[300];

	(void)ctx;
	assert_in_range(note->id, 0, QD_NOTE_COUNT - 1);
	assert_true(qd_note_format(note, text, sizeof(text)) > 0);
	w.noted[note->id]++;
}

static void port_alarm(void *ctx, uint64_t at_ms)
{
	(void)ctx;
	w.alarm_ms = at_ms;
	w.alarms++;
}

static void port_publish(void *ctx, const struct qd_state *state)
{
	(void)ctx;
	assert_ptr_equal(state, &engine.state);
	w.publishes++;
	asked('p');
}

static const struct qd_ports ports = {
	.clock = port_clock, .random = port_random, .read = port_read, .write = port_write,
	.corosync = port_corosync, .vote = port_vote, .unregister = port_unregister,
	.kill = port_kill, .fence = port_fence, .score = port_score, .pet = port_pet,
	.self_fence = port_self_fence, .exit = port_exit, .note = port_note, .alarm = port_alarm,
	.publish = port_publish,
};

/* ---- The world goes on ---- */

static void slot_put(uint32_t id, const struct qd_block *block)
{
	qd_block_encode(block, w.lun + (size_t)id * SLOT, 512);
}

static struct qd_block peer_block(uint32_t id, enum qd_node_state state, uint64_t beat)
{
	return (struct qd_block){ .node_id = id, .writer_id = id, .state = state, .has_ext = true,
				  .incarnation = PEER_LIFE(id), .master_mask = state == QD_STATE_MASTER ? 7 : 0,
				  .ext = { .beat = beat, .interval_ms = I, .tko = K,
					   .ring = w.cs.ring, .members = w.cs.members } };
}

static void ring(uint64_t seq, qd_mask members)
{
	w.cs.ring = (struct qd_ring){ qd_lowest(members), seq };
	w.cs.members = w.cs.view = members;
}

static void world(uint32_t nodes, uint32_t sector_size)
{
	struct qd_params p = {
		.node_id = ME,
		.nodes = nodes == QD_NODE_MAX ? ~(qd_mask)0 : ((qd_mask)1 << nodes) - 1,
		.node_count = nodes,
		.t = { .interval_ms = I, .tko = K, .tko_up = U, .upgrade_wait = W, .master_wait = M },
		.token_ms = TOKEN, .consensus_ms = CONSENSUS, .v_ms = V, .y_ms = Y, .votes = nodes - 1,
		.allow_kill = true, .fencing = true, .watchdog = true, .node_name = "n2",
	};

	memset(&w, 0, sizeof(w));
	w.now = 1000000;
	w.random = 1000;
	w.score = 1;
	w.self_fence = w.exit = -1;
	w.alarm_ms = UINT64_MAX;
	w.cs = (struct qd_corosync){ .connected = true, .registered = true, .quorate = true,
				     .quorum = nodes };
	ring(1, p.nodes);
	label = (struct qd_label){ .created_s = 5, .name = "lun", .host = "h", .has_ext = true,
				   .sector_size = sector_size, .capacity = 64, .uuid = { 1, 2, 3 }, .timings = p.t };
	qd_label_encode(&label, w.lun, 512);
	for (uint32_t id = 1; id <= nodes; id++) {
		struct qd_block b = peer_block(id, QD_STATE_NONE, 1);

		p.node_votes[id - 1] = 1;
		slot_put(id, &b);
	}
	qd_engine_init(&engine, &ports, &p, &label, sector_size, nodes);
}

static int three(void **state)
{
	(void)state;
	world(3, 512);
	return 0;
}

static void read_ends(enum qd_io io)
{
	assert_true(w.read_out);
	w.read_out = false;
	qd_engine_read_done(&engine, io, io == QD_IO_OK ? w.lun : NULL, 300);
}

static void writes_end(enum qd_io io)
{
	for (uint32_t slot = 1; slot <= QD_NODE_MAX; slot++) {
		if (w.write_out[slot] == 0)
			continue;
		w.write_out[slot] = 0;
		w.writes_out--;
		qd_engine_write_done(&engine, slot, io, 400);
	}
}

static void tick(void)
{
	w.now += I - w.now % I;
	qd_engine_tick(&engine, 0);
}

/* A cycle, and what follows it at once. */
static void cycle(void)
{
	tick();
	for (unsigned i = 0; i < 8 && (w.read_out || w.writes_out); i++) {
		w.now += 2;
		if (w.read_out)
			read_ends(QD_IO_OK);
		else
			writes_end(QD_IO_OK);
	}
}

/* All that falls due from now until the next tick, one ms at a time. */
static void until_the_next_tick(void)
{
	for (w.now++; w.now % I; w.now++) {
		if (w.read_out)
			read_ends(QD_IO_OK);
		else if (w.writes_out)
			writes_end(QD_IO_OK);
		if (w.alarm_ms <= w.now) {
			w.alarm_ms = UINT64_MAX;
			qd_engine_alarm(&engine);
		}
	}
	w.now--;
}

static uint64_t beat = 100;

/* Cycles with a master 1 and a node 3 that beat and show my ring. */
static void follow(unsigned cycles)
{
	for (unsigned i = 0; i < cycles; i++) {
		struct qd_block one = peer_block(1, QD_STATE_MASTER, ++beat);
		struct qd_block three_ = peer_block(3, QD_STATE_RUN, beat);

		slot_put(1, &one);
		slot_put(3, &three_);
		cycle();
	}
}

static int following(void **state)
{
	(void)three(state);
	follow(K + 5);
	assert_int_equal(engine.state.vote, QD_VOTE_CASTS);
	w.reads = w.writes = w.publishes = w.alarms = w.votes[0] = w.votes[1] = w.pets = 0;
	engine.express_cycles = engine.late_ticks = 0;
	memset(w.order, 0, sizeof(w.order));
	return 0;
}

/* ---- One cycle ---- */

static void engine_starts_nothing_before_the_first_tick(void **state)
{
	(void)state;
	assert_int_equal(w.reads + w.writes + w.votes[0] + w.votes[1], 0);
}

static void engine_cycle_reads_writes_then_pets_votes_and_publishes(void **state)
{
	(void)state;
	follow(1);
	assert_string_equal(w.order, "RWPVp");
}

static void engine_cycle_is_one_read_and_one_write(void **state)
{
	(void)state;
	follow(100);
	assert_int_equal(w.reads, 100);
	assert_int_equal(w.writes, 100);
	assert_int_equal(w.publishes, 100);
}

static void engine_own_slot_is_written_whole(void **state)
{
	(void)state;
	follow(1);
	assert_int_equal(w.write.slot, ME);
	assert_int_equal(w.write.size, QD_STATUS_BYTES);
}

/* S4: what is written decodes to what was meant. */
static void engine_written_bytes_decode_to_what_was_meant(void **state)
{
	struct qd_block block;

	(void)state;
	follow(1);
	assert_int_equal(qd_block_decode(w.write.bytes, w.write.size, ME, &block), QD_FINE);
	assert_memory_equal(&block, &engine.state.own, sizeof(block));
}

static void engine_latencies_are_in_the_block(void **state)
{
	struct qd_block block;

	(void)state;
	follow(2);
	assert_int_equal(qd_block_decode(w.write.bytes, w.write.size, ME, &block), QD_FINE);
	assert_int_equal(block.ext.read_us, 300);
	assert_int_equal(block.ext.write_us, 400);
	assert_int_equal(block.average_us, 400);
	assert_int_equal(block.last_us, 400);
}

static void engine_failed_read_writes_nothing(void **state)
{
	(void)state;
	tick();
	read_ends(QD_IO_ERROR);
	assert_int_equal(w.writes, 0);
	assert_int_equal(engine.phase, QD_PHASE_IDLE);
	tick();
	assert_int_equal(w.reads, 2);
}

static void engine_corrupt_slot_is_decoded_as_corrupt(void **state)
{
	(void)state;
	w.lun[3 * SLOT + 40] ^= 1;
	cycle();
	assert_int_equal(engine.slots[2].result, QD_SLOT_CORRUPT);
	assert_int_equal(engine.slots[0].result, QD_SLOT_OK);
}

/* An eviction is one sector: the black box behind it stays. */
static void evicts_with(uint32_t sector_size)
{
	world(2, sector_size);
	for (unsigned i = 0; i < 2 * K; i++) {	/* node 1 beats, runs, and answers every bid */
		struct qd_block one = peer_block(1, QD_STATE_INIT, ++beat);

		slot_put(1, &one);
		cycle();
	}
	assert_int_equal(engine.state.role, QD_STATE_MASTER);
	memset(w.lun + SLOT + sector_size, 0x5a, SLOT - sector_size);
	for (unsigned i = 0; i < K + 1; i++) {
		w.write.slot = 0;
		tick();
		read_ends(QD_IO_OK);
		if (w.evictions)
			break;
		writes_end(QD_IO_OK);
	}
	assert_int_equal(w.evictions, 1);
	assert_int_equal(w.kills, 1);
}

static void engine_eviction_is_one_sector_of_512(void **state)
{
	(void)state;
	evicts_with(512);
	for (unsigned i = 512; i < SLOT; i++)
		assert_int_equal(w.lun[SLOT + i], 0x5a);
}

static void engine_eviction_is_one_sector_of_4096(void **state)
{
	struct qd_block block;

	(void)state;
	evicts_with(4096);
	assert_int_equal(qd_block_decode(w.lun + SLOT, SLOT, 1, &block), QD_FINE);
	assert_int_equal(block.state, QD_STATE_EVICTED);
}

static void engine_cycle_ends_when_all_its_writes_have(void **state)
{
	(void)state;
	evicts_with(512);
	assert_int_equal(w.writes_out, 2);
	w.write_out[1] = 0;
	w.writes_out--;
	qd_engine_write_done(&engine, 1, QD_IO_OK, 400);
	assert_int_equal(engine.phase, QD_PHASE_WRITING);
	writes_end(QD_IO_OK);
	assert_int_equal(engine.phase, QD_PHASE_IDLE);
}

/* ---- Nothing while one is out ---- */

static void storm(void)
{
	qd_engine_ring(&engine);
	qd_engine_alarm(&engine);
	qd_engine_tick(&engine, 0);
	ring(w.cs.ring.seq + 1, 7);
	qd_engine_ring(&engine);
	w.now += I;
	qd_engine_tick(&engine, 0);
	qd_engine_alarm(&engine);
	qd_engine_fenced(&engine, 3, PEER_LIFE(3), QD_FENCE_SUCCESS);
	qd_engine_reconfig(&engine, &engine.state.p);
	qd_engine_stop(&engine);
}

static void engine_read_out_nothing_is_submitted(void **state)
{
	(void)state;
	tick();
	storm();
	assert_int_equal(w.reads, 1);
	assert_int_equal(w.writes, 0);
}

static void engine_write_out_nothing_is_submitted(void **state)
{
	(void)state;
	tick();
	read_ends(QD_IO_OK);
	storm();
	assert_int_equal(w.reads, 1);
	assert_int_equal(w.writes, 1);
}

/* Row 01 and 30: what happens outside costs no vote and no I/O. */
static void legacy_01_a_thousand_events_in_a_second_cost_nothing(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		follow(1);
		for (unsigned j = 0; j < 200; j++) {
			qd_engine_ring(&engine);
			qd_engine_alarm(&engine);
		}
	}
	assert_int_equal(w.reads, 5);
	assert_int_equal(w.evictions, 0);
	assert_int_equal(w.votes[0], 0);
	assert_int_equal(w.votes[1], 5);
}

/* ---- Late and pending ticks ---- */

static void engine_tick_in_a_read_of_a_whole_interval_is_late(void **state)
{
	(void)state;
	tick();
	tick();
	assert_int_equal(engine.late_ticks, 1);
	assert_int_equal(w.reads, 1);
}

static void engine_late_tick_is_told_to_the_mind(void **state)
{
	(void)state;
	tick();
	read_ends(QD_IO_OK);
	assert_true(engine.state.cycle_read_ok);
	tick();
	assert_false(engine.state.cycle_read_ok);
}

static void engine_read_that_came_late_brings_no_misses(void **state)
{
	(void)state;
	tick();
	tick();
	w.now += 20;
	read_ends(QD_IO_OK);	/* nobody has written meanwhile */
	assert_int_equal(engine.state.member[0].missed, 0);
	assert_int_equal(engine.state.member[2].missed, 0);
}

static void engine_read_that_came_late_brings_good_news(void **state)
{
	struct qd_block one = peer_block(1, QD_STATE_MASTER, ++beat);

	(void)state;
	one.master_mask = 3;
	slot_put(1, &one);
	tick();
	tick();
	read_ends(QD_IO_OK);
	assert_int_equal(engine.state.member[0].block.master_mask, 3);
}

static void engine_next_tick_after_a_late_one_is_on_the_grid(void **state)
{
	uint64_t start = w.now - w.now % I;

	(void)state;
	tick();
	tick();
	w.now += 20;
	read_ends(QD_IO_OK);
	writes_end(QD_IO_OK);
	cycle();
	assert_int_equal(w.read_ms[1], start + 3 * I);
	assert_int_equal(w.read_ms[0], start + I);
}

static void engine_missed_ticks_are_reported(void **state)
{
	(void)state;
	qd_engine_tick(&engine, 5);
	assert_int_equal(engine.late_ticks, 5);
}

/* An express cycle is under way 5 ms before the tick. */
static void express_before_the_tick(void)
{
	w.now += I - w.now % I - 5;
	ring(2, 7);
	qd_engine_ring(&engine);
	assert_true(w.read_out);
	w.now += 5;
	qd_engine_tick(&engine, 0);
}

static void engine_tick_during_a_young_cycle_is_neither_late_nor_lost(void **state)
{
	(void)state;
	express_before_the_tick();
	assert_int_equal(engine.late_ticks, 0);
	assert_int_equal(w.reads, 1);
	w.now += 2;
	read_ends(QD_IO_OK);
	writes_end(QD_IO_OK);
	assert_int_equal(w.reads, 2);		/* directly after */
	assert_int_equal(w.read_ms[1], w.now);
	read_ends(QD_IO_OK);
	writes_end(QD_IO_OK);
	until_the_next_tick();
	assert_int_equal(engine.express_cycles, w.reads - 1);	/* and once only */
}

static void engine_pending_tick_counts_misses(void **state)
{
	(void)state;
	express_before_the_tick();
	read_ends(QD_IO_OK);
	writes_end(QD_IO_OK);
	read_ends(QD_IO_OK);
	assert_int_equal(engine.state.member[0].missed, 1);
}

static void engine_second_tick_during_one_cycle_is_late(void **state)
{
	(void)state;
	express_before_the_tick();
	tick();
	assert_int_equal(engine.late_ticks, 1);
	assert_int_equal(w.reads, 1);
}

/* Row 21: absolute ticks; a cycle that fits the interval changes nothing. */
static void legacy_21_slow_reads_do_not_stretch_the_cycle(void **state)
{
	uint64_t start = w.now - w.now % I;

	(void)state;
	for (unsigned i = 1; i <= 10; i++) {
		tick();
		w.now += 150;
		read_ends(QD_IO_OK);
		w.now += 40;
		writes_end(QD_IO_OK);
		assert_int_equal(w.read_ms[i - 1], start + i * I);
	}
	assert_int_equal(engine.late_ticks, 0);
}

/* ---- Express cycles ---- */

static void express_ring_change_starts_one_at_once(void **state)
{
	(void)state;
	ring(2, 7);
	qd_engine_ring(&engine);
	assert_int_equal(w.reads, 1);
	assert_int_equal(engine.express_cycles, 1);
}

static void express_same_ring_starts_none(void **state)
{
	(void)state;
	w.cs.quorate = false;
	qd_engine_ring(&engine);
	assert_int_equal(w.reads, 0);
}

static void express_ring_change_during_a_cycle_starts_one_after_it(void **state)
{
	(void)state;
	tick();
	ring(2, 7);
	qd_engine_ring(&engine);
	assert_int_equal(w.reads, 1);
	read_ends(QD_IO_OK);
	writes_end(QD_IO_OK);
	assert_int_equal(w.reads, 2);
}

/* Whichever event is the first to see it; here a landing, and no vote to keep. */
static void express_ring_change_seen_by_a_landing_starts_one_too(void **state)
{
	(void)state;
	engine.state.p.master_wins = true;
	follow(3);
	w.reads = 0;
	tick();
	read_ends(QD_IO_OK);
	ring(2, 7);
	writes_end(QD_IO_OK);
	qd_engine_ring(&engine);
	until_the_next_tick();
	assert_in_range(w.reads, 2, 3);
}

/* The new ring is in the block, and no vote of the old one is repeated. */
static void express_cycle_shows_the_new_ring(void **state)
{
	struct qd_block block;

	(void)state;
	ring(2, 7);
	qd_engine_ring(&engine);
	read_ends(QD_IO_OK);
	writes_end(QD_IO_OK);
	assert_int_equal(qd_block_decode(w.write.bytes, 512, ME, &block), QD_FINE);
	assert_int_equal(block.ext.ring.seq, 2);
	assert_int_equal(w.votes[1], 0);
}

/* The first few follow at once, the others I/20 apart. */
static void express_is_repeated_i_20_apart(void **state)
{
	enum { EAGER = 5 };

	(void)state;
	w.now += I - w.now % I;
	ring(2, 7);
	qd_engine_ring(&engine);	/* the master never shows it: the answer stays owed */
	until_the_next_tick();
	assert_true(w.reads > 10);
	for (unsigned i = 1; i < w.reads; i++)
		assert_true(w.read_ms[i] - w.read_ms[i - 1] >=
			    (i < EAGER ? 1 : I / QD_EXPRESS_PER_TICK));
}

static void express_at_most_20_per_tick(void **state)
{
	(void)state;
	engine.state.p.t.interval_ms = I;
	w.now += I - w.now % I;
	for (unsigned seq = 2; seq < 5; seq++) {	/* three rings within one tick */
		ring(seq, 7);
		qd_engine_ring(&engine);
		for (unsigned i = 0; i < 60; i++) {
			w.now++;
			if (w.read_out)
				read_ends(QD_IO_OK);
			if (w.writes_out)
				writes_end(QD_IO_OK);
			if (w.alarm_ms <= w.now)
				qd_engine_alarm(&engine);
		}
	}
	assert_in_range(engine.express_cycles, 10, QD_EXPRESS_PER_TICK);
}

static void express_next_tick_allows_20_more(void **state)
{
	unsigned first;

	(void)state;
	w.now += I - w.now % I;
	ring(2, 7);
	qd_engine_ring(&engine);
	until_the_next_tick();
	first = w.reads;
	assert_in_range(first, 10, QD_EXPRESS_PER_TICK);
	tick();
	until_the_next_tick();
	assert_in_range(w.reads - first, 10, QD_EXPRESS_PER_TICK + 1);
}

static void express_ends_with_the_answer(void **state)
{
	(void)state;
	w.now += I - w.now % I;
	ring(2, 7);
	qd_engine_ring(&engine);	/* the master does not show it yet */
	until_the_next_tick();
	assert_in_range(w.reads, 2, QD_EXPRESS_PER_TICK);
	w.reads = 0;
	tick();
	for (unsigned i = 0; i < 2; i++) {	/* now it does */
		struct qd_block one = peer_block(1, QD_STATE_MASTER, ++beat);

		slot_put(1, &one);
		if (w.read_out)
			read_ends(QD_IO_OK);
		writes_end(QD_IO_OK);
		w.now++;
	}
	until_the_next_tick();
	assert_in_range(w.votes[1], 1, 2);
	assert_int_equal(w.votes[0], 0);
	assert_in_range(w.reads, 1, 2);
}

/* ---- Label ---- */

static void label_replaced_nothing_is_written(void **state)
{
	(void)state;
	label.uuid[0] ^= 1;
	qd_label_encode(&label, w.lun, 512);
	follow(3);
	assert_int_equal(w.writes, 0);
	assert_int_equal(w.noted[QD_NOTE_STRANGER], 1);
}

static void label_garbage_nothing_is_written(void **state)
{
	(void)state;
	memset(w.lun, 0, 512);
	follow(3);
	assert_int_equal(w.writes, 0);
}

static void label_of_other_timings_nothing_is_written(void **state)
{
	(void)state;
	label.timings.tko++;
	qd_label_encode(&label, w.lun, 512);
	follow(3);
	assert_int_equal(w.writes, 0);
}

static void label_back_it_is_written_again(void **state)
{
	uint8_t bytes[512];

	(void)state;
	memcpy(bytes, w.lun, sizeof(bytes));
	memset(w.lun, 0, 512);
	follow(2);
	memcpy(w.lun, bytes, sizeof(bytes));
	follow(2);
	assert_int_equal(w.writes, 2);
}

static void label_replaced_before_the_first_read_nothing_is_written(void **state)
{
	(void)state;
	label.created_s++;
	qd_label_encode(&label, w.lun, 512);
	cycle();
	assert_int_equal(w.writes, 0);
}

/* ---- Alarms, lives, ends ---- */

static void alarm_of_l1_withdraws_while_the_read_hangs(void **state)
{
	uint64_t start = engine.state.landed_start_ms;

	(void)state;
	tick();
	assert_true(w.alarm_ms <= start + L1);
	for (w.now++; w.votes[0] == 0 && w.now < start + 2 * L2; w.now++) {
		if (w.now % I == 0)
			qd_engine_tick(&engine, 0);
		if (w.alarm_ms <= w.now)
			qd_engine_alarm(&engine);
	}
	assert_int_equal(w.now - 1, start + L1);
	assert_int_equal(w.reads, 1);
}

static void alarm_of_l2_fences_while_the_read_hangs(void **state)
{
	uint64_t start = engine.state.landed_start_ms;

	(void)state;
	tick();
	for (w.now++; w.self_fence < 0 && w.now < start + 2 * L2; w.now++) {
		if (w.alarm_ms <= w.now)
			qd_engine_alarm(&engine);
	}
	assert_int_equal(w.now - 1, start + L2);
	assert_int_equal(w.self_fence, QD_FENCED_SILENCE);
}

/* It costs a system call to move it. */
static void alarm_is_not_moved_in_each_cycle(void **state)
{
	(void)state;
	follow(K - 3);
	assert_in_range(w.alarms, 0, 1);
}

static void alarm_too_early_does_nothing(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100; i++)
		qd_engine_alarm(&engine);
	assert_int_equal(w.reads + w.votes[0] + w.votes[1], 0);
}

static void new_life_has_a_fresh_incarnation_each_time(void **state)
{
	uint64_t first = engine.state.incarnation, second;

	(void)state;
	engine.state.p.watchdog = false;
	w.cs.quorate = false;
	w.now += L2 + I;
	qd_engine_alarm(&engine);
	second = engine.state.incarnation;
	follow(K + 3);
	w.now += L2 + I;
	qd_engine_alarm(&engine);
	assert_int_not_equal(first, second);
	assert_int_not_equal(second, engine.state.incarnation);
	assert_int_not_equal(engine.fresh, engine.state.incarnation);
}

static void self_fence_is_followed_by_nothing(void **state)
{
	struct qd_block own;

	(void)state;
	assert_int_equal(qd_block_decode(w.lun + ME * SLOT, 512, ME, &own), QD_FINE);
	own.state = QD_STATE_EVICTED;
	own.writer_id = 1;
	own.ext.victim_incarnation = own.incarnation;
	slot_put(ME, &own);
	tick();
	read_ends(QD_IO_OK);
	assert_int_equal(w.self_fence, QD_FENCED_EVICTED);
	storm();
	tick();
	assert_int_equal(w.reads, 1);
	assert_int_equal(w.writes + w.votes[0] + w.votes[1] + w.pets, 0);
}

static void exit_is_followed_by_nothing(void **state)
{
	(void)state;
	engine.state.p.max_error_cycles = 1;
	for (unsigned i = 0; i < 2; i++) {
		tick();
		read_ends(QD_IO_ERROR);
	}
	assert_int_equal(w.exit, 4);
	storm();
	tick();
	assert_int_equal(w.reads, 2);
}

static void fencing_that_ended_reaches_the_mind(void **state)
{
	(void)state;
	qd_engine_fenced(&engine, 3, PEER_LIFE(3), QD_FENCE_SUCCESS);
	assert_int_equal(engine.state.fence_victim, 3);
	assert_int_equal(engine.state.fence_result, QD_FENCE_SUCCESS);
	assert_true(engine.state.member[2].fenced);
}

static void reconfig_reaches_the_mind(void **state)
{
	struct qd_params p = engine.state.p;

	(void)state;
	p.reboot = true;
	qd_engine_reconfig(&engine, &p);
	assert_true(engine.state.p.reboot);
}

static void stop_ends_within_two_cycles(void **state)
{
	(void)state;
	qd_engine_stop(&engine);
	qd_engine_ring(&engine);
	for (unsigned i = 0; i < 2 * I && w.exit < 0; i++) {
		w.now++;
		if (w.now % I == 0)
			qd_engine_tick(&engine, 0);
		else if (w.read_out)
			read_ends(QD_IO_OK);
		else if (w.writes_out)
			writes_end(QD_IO_OK);
		if (w.alarm_ms <= w.now)
			qd_engine_alarm(&engine);
	}
	assert_int_equal(w.exit, 0);
	assert_int_equal(w.unregisters, 1);
}

/* ---- Bounds (S6) ---- */

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
	b.has_ext = dice(3) != 0;
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
	fuzz(QD_NODE_MAX, 15, 5000);
}

#define test_with(setup, name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with(three, engine_starts_nothing_before_the_first_tick),
		test_with(following, engine_cycle_reads_writes_then_pets_votes_and_publishes),
		test_with(following, engine_cycle_is_one_read_and_one_write),
		test_with(following, engine_own_slot_is_written_whole),
		test_with(following, engine_written_bytes_decode_to_what_was_meant),
		test_with(following, engine_latencies_are_in_the_block),
		test_with(following, engine_failed_read_writes_nothing),
		test_with(following, engine_corrupt_slot_is_decoded_as_corrupt),
		cmocka_unit_test(engine_eviction_is_one_sector_of_512),
		cmocka_unit_test(engine_eviction_is_one_sector_of_4096),
		cmocka_unit_test(engine_cycle_ends_when_all_its_writes_have),
		test_with(following, engine_read_out_nothing_is_submitted),
		test_with(following, engine_write_out_nothing_is_submitted),
		test_with(following, legacy_01_a_thousand_events_in_a_second_cost_nothing),
		test_with(following, engine_tick_in_a_read_of_a_whole_interval_is_late),
		test_with(following, engine_late_tick_is_told_to_the_mind),
		test_with(following, engine_read_that_came_late_brings_no_misses),
		test_with(following, engine_read_that_came_late_brings_good_news),
		test_with(following, engine_next_tick_after_a_late_one_is_on_the_grid),
		test_with(following, engine_missed_ticks_are_reported),
		test_with(following, engine_tick_during_a_young_cycle_is_neither_late_nor_lost),
		test_with(following, engine_pending_tick_counts_misses),
		test_with(following, engine_second_tick_during_one_cycle_is_late),
		test_with(following, legacy_21_slow_reads_do_not_stretch_the_cycle),
		test_with(following, express_ring_change_starts_one_at_once),
		test_with(following, express_same_ring_starts_none),
		test_with(following, express_ring_change_during_a_cycle_starts_one_after_it),
		test_with(following, express_ring_change_seen_by_a_landing_starts_one_too),
		test_with(following, express_cycle_shows_the_new_ring),
		test_with(following, express_is_repeated_i_20_apart),
		test_with(following, express_at_most_20_per_tick),
		test_with(following, express_next_tick_allows_20_more),
		test_with(following, express_ends_with_the_answer),
		test_with(following, label_replaced_nothing_is_written),
		test_with(following, label_garbage_nothing_is_written),
		test_with(following, label_of_other_timings_nothing_is_written),
		test_with(following, label_back_it_is_written_again),
		test_with(three, label_replaced_before_the_first_read_nothing_is_written),
		test_with(following, alarm_of_l1_withdraws_while_the_read_hangs),
		test_with(following, alarm_of_l2_fences_while_the_read_hangs),
		test_with(following, alarm_is_not_moved_in_each_cycle),
		test_with(following, alarm_too_early_does_nothing),
		test_with(following, new_life_has_a_fresh_incarnation_each_time),
		test_with(following, self_fence_is_followed_by_nothing),
		test_with(following, exit_is_followed_by_nothing),
		test_with(following, fencing_that_ended_reaches_the_mind),
		test_with(following, reconfig_reaches_the_mind),
		test_with(following, stop_ends_within_two_cycles),
		cmocka_unit_test(bounds_master_of_64_buries_63_in_one_step),
		cmocka_unit_test(bounds_random_events_of_3_nodes_never_assert),
		cmocka_unit_test(bounds_random_events_of_16_nodes_never_assert),
		cmocka_unit_test(bounds_random_events_of_64_nodes_never_assert),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
