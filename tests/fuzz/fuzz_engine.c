/* The cycle and the mind over a LUN that anybody writes: any bytes in any slot, any order of
 * late and failed I/O, any answer of corosync. Whatever lies there, only nodes of this cluster
 * are touched, a 1 is cast only in time and in the present ring, and nothing spins.
 *
 * An input is a list of events, a byte each, followed by what that event needs.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "qd_box.h"
#include "qd_ports.h"

enum { I = 200, K = 8, NODES = 5, SLOTS = 8, ME = 2, EVENTS_MAX = 2000 };

static struct {
	uint8_t lun[(1 + SLOTS) * QD_SLOT_BYTES];
	uint64_t now_ms, random, alarm_ms;
	struct qd_corosync cs;
	uint32_t score;
	bool read_out, ended;
	uint32_t write_out;		/* bit n: of slot n */
	uint64_t beat[SLOTS + 1];	/* of the peers that we play */
	struct { uint64_t seq; struct qd_ring ring; bool cast; } asked;
	uint64_t fence_incarnation[SLOTS + 1];
} w;
static struct qd_engine engine;
static struct qd_params params;

/* ---- What the engine may ask for ---- */

static bool is_node(uint32_t id)
{
	return qd_has(params.nodes, id);
}

static void port_clock(void *ctx, uint64_t *ret_now_ms, uint64_t *ret_wall_s)
{
	(void)ctx;
	*ret_now_ms = w.now_ms;
	*ret_wall_s = w.now_ms / 1000;
}

static uint64_t port_random(void *ctx)
{
	(void)ctx;
	return w.random++;
}

static void port_read(void *ctx)
{
	(void)ctx;
	MUST(!w.ended && !w.read_out && !w.write_out);
	w.read_out = true;
}

static void check_own(const struct qd_block *b)
{
	MUST((b->online & ~params.nodes) == 0);
	MUST((b->master_mask & ~params.nodes) == 0);
	MUST(b->master_mask == 0 || (b->state == QD_STATE_MASTER && qd_has(b->master_mask, ME)));
	MUST(b->state != QD_STATE_EVICTED);
	MUST(b->has_ext);
	MUST(b->message != QD_MSG_ACK || is_node(b->argument));
	MUST(b->ext.successor == 0 || is_node(b->ext.successor));
}

static void port_write(void *ctx, uint32_t slot, const void *bytes, size_t size)
{
	struct qd_block b;

	(void)ctx;
	MUST(!w.ended && !w.read_out);
	MUST(is_node(slot));
	MUST(!(w.write_out & 1u << slot));
	MUST(size == (slot == ME ? QD_STATUS_BYTES : engine.sector_size));
	MUST_BE_DEFINED(bytes, size);
	MUST(qd_block_decode(bytes, size, slot, &b) == QD_FINE);
	MUST(b.writer_id == ME);
	if (slot == ME) {
		check_own(&b);
	} else {
		MUST(b.state == QD_STATE_EVICTED);
		MUST(engine.label_io == QD_IO_OK);	/* never on a stranger's LUN */
		MUST(engine.state.role == QD_STATE_MASTER);
	}
	w.write_out |= 1u << slot;
	memcpy(w.lun + (size_t)slot * QD_SLOT_BYTES, bytes, size);
}

static void port_corosync(void *ctx, uint64_t now_ms, struct qd_corosync *ret_cs)
{
	(void)ctx, (void)now_ms;
	*ret_cs = w.cs;
}

static void port_vote(void *ctx, uint64_t seq, struct qd_ring ring, bool cast, uint64_t good_until_ms)
{
	const struct qd_state *s = &engine.state;

	(void)ctx;
	MUST(!w.ended);
	MUST(seq > w.asked.seq);
	if (cast) {
		MUST(qd_ring_equal(ring, w.cs.ring));
		MUST(s->landed);
		MUST(good_until_ms >= w.now_ms);
		MUST(good_until_ms <= s->landed_start_ms + (K - 1) * I);
		MUST(engine.label_io == QD_IO_OK);
		MUST(s->master && is_node(s->master));
		MUST(s->role == QD_STATE_RUN || s->role == QD_STATE_MASTER);
	}
	w.asked.seq = seq;
	w.asked.ring = ring;
	w.asked.cast = cast;
}

static void port_unregister(void *ctx)
{
	(void)ctx;
	w.cs.registered = false;
}

static void port_end_corosync(void *ctx)
{
	(void)ctx;
	w.cs = (struct qd_corosync){ .ended = true };
}

static void port_kill(void *ctx, uint32_t id)
{
	(void)ctx;
	MUST(!w.ended && is_node(id) && id != ME);
}

static void port_fence(void *ctx, uint32_t id, uint64_t incarnation)
{
	(void)ctx;
	MUST(!w.ended && is_node(id) && id != ME);
	w.fence_incarnation[id] = incarnation;
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
	MUST(!w.ended && params.watchdog);
	/* what the others say of their LUNs stands in for a beat */
	MUST(qd_silence(&engine.state, w.now_ms) < (K - 1) * I || w.cs.lun_dead);
	return 2000;
}

static void port_say(void *ctx, bool lun_dead)
{
	(void)ctx, (void)lun_dead;
	MUST(!w.ended);
}

static void port_self_fence(void *ctx, enum qd_self_fence reason)
{
	uint32_t offset, size;

	(void)ctx;
	MUST(!w.ended);
	MUST(qd_self_fence_text(reason)[0]);
	(void)qd_engine_last_words(&engine, reason, &offset, &size);
	MUST(offset + size == QD_SLOT_BYTES);
	w.ended = true;
}

static void port_exit(void *ctx, int status)
{
	(void)ctx;
	MUST(!w.ended && status >= 0 && status <= 5);
	w.ended = true;
}

static void port_note(void *ctx, const struct qd_note *note)
{
	char text[300];

	(void)ctx;
	MUST(qd_note_format(note, text, sizeof(text)) < sizeof(text));
	MUST(text[0] && fuzz_one_line(text));
	MUST(qd_note_level(note) >= 0 && qd_note_level(note) <= 7);
}

static void port_alarm(void *ctx, uint64_t at_ms)
{
	(void)ctx;
	w.alarm_ms = at_ms;
}

static void port_publish(void *ctx, const struct qd_state *s)
{
	(void)ctx;
	MUST((s->up & ~params.nodes) == 0);
	MUST(s->master == 0 || is_node(s->master));
}

static const struct qd_ports ports = {
	.clock = port_clock, .random = port_random, .read = port_read, .write = port_write,
	.corosync = port_corosync, .vote = port_vote, .unregister = port_unregister,
	.end_corosync = port_end_corosync, .kill = port_kill, .fence = port_fence, .score = port_score,
	.pet = port_pet, .say = port_say, .self_fence = port_self_fence, .exit = port_exit, .note = port_note,
	.alarm = port_alarm, .publish = port_publish,
};

/* ---- What happens ---- */

static void ring_set(uint64_t seq, qd_mask members)
{
	members |= qd_bit(ME);
	w.cs.connected = w.cs.registered = true;
	w.cs.ended = false;
	w.cs.ring = (struct qd_ring){ qd_lowest(members), seq };
	w.cs.members = w.cs.view = members;
	w.cs.quorum = 3;
	w.cs.quorate = __builtin_popcountll(members) >= 3;
}

/* A peer as a fuzzer could hardly make one: it beats, in this ring; the rest is the input's. */
static void peer_beats(struct fuzz *f)
{
	uint32_t id = 1 + fuzz_u8(f) % SLOTS;
	uint8_t how = fuzz_u8(f);
	static const uint8_t states[] = { QD_STATE_RUN, QD_STATE_MASTER, QD_STATE_INIT, QD_STATE_NONE };
	struct qd_block b = {
		.node_id = id, .writer_id = id, .state = (enum qd_node_state)states[how & 3],
		.incarnation = 0xA000u + id, .score = 1, .score_max = 1, .has_ext = !(how & 1 << 6),
		.message = (enum qd_message)(how >> 2 & 3), .wall_s = ++w.beat[id],
		.ext = { .beat = w.beat[id], .interval_ms = I, .tko = K, .ring = w.cs.ring,
			 .members = w.cs.members },
	};

	if (how & 1 << 7) {
		b.argument = fuzz_u8(f);
		b.sequence = fuzz_u8(f);
		b.master_mask = fuzz_u8(f);
		b.ext.flags = fuzz_u8(f) & QD_EXT_FLAGS_KNOWN;
		b.ext.view = fuzz_u8(f);
		b.incarnation += fuzz_u8(f);
	} else {
		b.master_mask = b.state == QD_STATE_MASTER ? params.nodes : 0;
		b.argument = ME;
		b.sequence = engine.state.bid_sequence;
	}
	qd_block_encode(&b, w.lun + (size_t)id * QD_SLOT_BYTES, QD_BOX_OFFSET);
}

/* Some bytes of a slot become the input's; sealed or not. */
static void slot_patch(struct fuzz *f)
{
	uint32_t id = fuzz_u8(f) % (SLOTS + 1);
	unsigned how = fuzz_u8(f);
	uint8_t *slot = w.lun + (size_t)id * QD_SLOT_BYTES;
	size_t at = fuzz_u8(f) * 2u, size = fuzz_u8(f) % 64;

	(void)fuzz_bytes(f, slot + at, size);
	if (id)
		fuzz_seal_status(slot, QD_SLOT_BYTES, how, id);
	else
		fuzz_seal_label(slot, QD_SLOT_BYTES, how);
}

static void label_restore(void)
{
	qd_label_encode(&engine.label, w.lun, QD_SLOT_BYTES);
}

static void read_ends(uint8_t how)
{
	if (!w.read_out)
		return;
	w.read_out = false;
	if (how == 0)
		qd_engine_read_done(&engine, QD_IO_ERROR, NULL, 100);
	else
		qd_engine_read_done(&engine, QD_IO_OK, w.lun, 100);
}

static void writes_end(uint8_t how)
{
	for (uint32_t id = 1; id <= SLOTS && !w.ended; id++) {
		if (!(w.write_out & 1u << id))
			continue;
		w.write_out &= ~(1u << id);
		qd_engine_write_done(&engine, id, how == 0 ? QD_IO_ERROR : QD_IO_OK, 100);
	}
}

static void vote_is_answered(bool accepted)
{
	w.cs.polled_seq = w.asked.seq;
	w.cs.polled_ring = w.asked.ring;
	w.cs.polled_cast = w.asked.cast;
	w.cs.polled_accepted = accepted && qd_ring_equal(w.asked.ring, w.cs.ring);
	w.cs.polled_quorate = w.cs.quorate;
}

/* A whole good cycle at once, so that an input need not spell each. */
static void cycle_passes(struct fuzz *f)
{
	w.now_ms += I;
	for (unsigned n = fuzz_u8(f) % 4; n > 0; n--)
		peer_beats(f);
	qd_engine_tick(&engine, 0);
	read_ends(1);
	writes_end(1);
	vote_is_answered(true);
}

/* Called again at once, it must not ask to be called again at once for ever. */
static void alarm_goes(void)
{
	for (unsigned i = 0; w.alarm_ms <= w.now_ms; i++) {
		MUST(i < 4);
		w.alarm_ms = UINT64_MAX;
		qd_engine_alarm(&engine);
		if (w.ended)
			return;
	}
}

static void corosync_changes(struct fuzz *f)
{
	uint8_t how = fuzz_u8(f);

	w.cs.stalled = how & 1;
	w.cs.in_sync = how & 2;
	w.cs.quorate = how & 4;
	w.cs.stale_one = how & 8;
	w.cs.unheard = how & 16;
	w.cs.unheard_one = how & 32;
	w.cs.lun_dead = how & 128 ? w.cs.members & ~qd_bit(ME) : 0;
	w.cs.lun_dead_ms = w.cs.lun_dead ? w.now_ms : 0;
	if (how & 64)
		w.cs.connected = !w.cs.connected;
	qd_engine_ring(&engine);
}

static void event_happens(struct fuzz *f)
{
	uint8_t event = fuzz_u8(f), how;

	switch (event % 16) {
	case 0: case 1: case 2: cycle_passes(f); break;
	case 3: peer_beats(f); break;
	case 4: slot_patch(f); break;
	case 5: w.now_ms += fuzz_u8(f) * 10u; break;
	case 6: qd_engine_tick(&engine, fuzz_u8(f) % 4); break;
	case 7: read_ends(fuzz_u8(f) % 4); break;
	case 8: writes_end(fuzz_u8(f) % 4); break;
	case 9: vote_is_answered(fuzz_u8(f) & 1); break;
	case 10:
		ring_set(w.cs.ring.seq + 1, fuzz_u8(f) & params.nodes);
		qd_engine_ring(&engine);
		break;
	case 11: corosync_changes(f); break;
	case 12:
		how = fuzz_u8(f);
		if (w.fence_incarnation[1 + how % NODES])
			qd_engine_fenced(&engine, 1 + how % NODES, w.fence_incarnation[1 + how % NODES],
					 (enum qd_fence_result)(1 + how / 16 % 3));
		break;
	case 13: w.score = fuzz_u8(f) & 1; break;
	case 14: label_restore(); break;
	default: qd_engine_stop(&engine); break;
	}
	if (!w.ended)
		alarm_goes();
}

static void world_begin(uint8_t flags)
{
	static const struct qd_label label = { .name = "alpha", .sector_size = 512, .has_ext = true,
					       .capacity = QD_NODE_LEGACY, .uuid = { 1 } };

	memset(&w, 0, sizeof(w));
	w.now_ms = 100000;
	w.random = 0x1111;
	w.alarm_ms = UINT64_MAX;
	w.score = 1;
	params = (struct qd_params){
		.node_id = ME, .nodes = (1 << NODES) - 1, .node_count = NODES,
		.node_votes = { 1, 1, 1, 1, 1 }, .votes = NODES - 1,
		.t = { .interval_ms = I, .tko = K, .tko_up = 2, .upgrade_wait = 2, .master_wait = 3 },
		.token_ms = 3000, .consensus_ms = 3600, .v_ms = (K - 1) * I, .y_ms = 3000,
		.reboot = flags & 1, .allow_kill = flags & 2, .io_timeout = flags & 4, .paranoid = flags & 8,
		.stop_cman = flags & 16, .watchdog = flags & 32, .fencing = !(flags & 64),
		.max_error_cycles = flags & 128 ? 3 : 0, .node_name = "n2",
	};
	ring_set(1, params.nodes);
	qd_engine_init(&engine, &ports, &params, &label, 512, SLOTS);
	label_restore();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = { data, size };

	world_begin(fuzz_u8(&f));
	for (unsigned i = 0; f.left && !w.ended && i < EVENTS_MAX; i++)
		event_happens(&f);
	return 0;
}
