/* See engine_fixture.h. */
#include "engine_fixture.h"

#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#else
#define VALGRIND_CHECK_MEM_IS_DEFINED(bytes, size) ((void)(bytes), (void)(size), 0)
#endif

struct engine_world w;
struct qd_engine engine;
struct qd_label label;
uint64_t beat = 100;

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
	assert_int_equal(VALGRIND_CHECK_MEM_IS_DEFINED(bytes, size), 0);	/* under valgrind; else 0 */
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

static void port_vote(void *ctx, uint64_t seq, struct qd_ring ring, bool cast, uint64_t good_until_ms)
{
	(void)ctx;
	assert_true(cast ? good_until_ms >= w.now : good_until_ms == 0);
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

static void port_end_corosync(void *ctx)
{
	(void)ctx;
	w.cs = (struct qd_corosync){ .ended = true };
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

static uint32_t port_pet(void *ctx)
{
	(void)ctx;
	w.pets++;
	asked('P');
	return 2000;
}

static void port_say(void *ctx, bool lun_dead)
{
	(void)ctx;
	w.says_dead = lun_dead;
	w.says++;
}

static void port_self_fence(void *ctx, enum qd_self_fence reason)
{
	(void)ctx;
	assert_int_equal(w.self_fence, -1);
	assert_int_equal(w.exit, -1);
	w.self_fence = (int)reason;
	w.words.bytes = qd_engine_last_words(&engine, reason, &w.words.offset, &w.words.size);
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
	.corosync = port_corosync, .vote = port_vote, .unregister = port_unregister, .end_corosync = port_end_corosync,
	.kill = port_kill, .fence = port_fence, .score = port_score, .pet = port_pet, .say = port_say,
	.self_fence = port_self_fence, .exit = port_exit, .note = port_note, .alarm = port_alarm,
	.publish = port_publish,
};

/* ---- The world goes on ---- */

void slot_put(uint32_t id, const struct qd_block *block)
{
	qd_block_encode(block, w.lun + (size_t)id * SLOT, 512);
}

struct qd_block peer_block(uint32_t id, enum qd_node_state state, uint64_t its_beat)
{
	return (struct qd_block){ .node_id = id, .writer_id = id, .state = state, .has_ext = true,
				  .incarnation = PEER_LIFE(id), .master_mask = state == QD_STATE_MASTER ? 7 : 0,
				  .ext = { .beat = its_beat, .interval_ms = I, .tko = K,
					   .ring = w.cs.ring, .members = w.cs.members } };
}

void ring(uint64_t seq, qd_mask members)
{
	w.cs.ring = (struct qd_ring){ qd_lowest(members), seq };
	w.cs.members = w.cs.view = members;
}

void world(uint32_t nodes, uint32_t sector_size)
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

int three(void **state)
{
	(void)state;
	world(3, 512);
	return 0;
}

void read_ends(enum qd_io io)
{
	assert_true(w.read_out);
	w.read_out = false;
	qd_engine_read_done(&engine, io, io == QD_IO_OK ? w.lun : NULL, 300);
}

void writes_end(enum qd_io io)
{
	for (uint32_t slot = 1; slot <= QD_NODE_MAX; slot++) {
		if (w.write_out[slot] == 0)
			continue;
		w.write_out[slot] = 0;
		w.writes_out--;
		qd_engine_write_done(&engine, slot, io, 400);
	}
}

void tick(void)
{
	w.now += I - w.now % I;
	qd_engine_tick(&engine, 0);
}

void cycle(void)
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

void until_the_next_tick(void)
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

void storm(void)
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

void follow(unsigned cycles)
{
	for (unsigned i = 0; i < cycles; i++) {
		struct qd_block one = peer_block(1, QD_STATE_MASTER, ++beat);
		struct qd_block three_ = peer_block(3, QD_STATE_RUN, beat);

		slot_put(1, &one);
		slot_put(3, &three_);
		cycle();
	}
}

int following(void **state)
{
	(void)three(state);
	follow(K + 5);
	assert_int_equal(engine.state.vote, QD_VOTE_CASTS);
	w.reads = w.writes = w.publishes = w.alarms = w.votes[0] = w.votes[1] = w.pets = 0;
	engine.express_cycles = engine.late_ticks = 0;
	memset(w.order, 0, sizeof(w.order));
	return 0;
}
