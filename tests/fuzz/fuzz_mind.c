/* Two minds see the same blocks, any that decode, but one of them also sees blocks in the slots
 * of nodes that are not of this cluster. Both do the same, step by step: who is not in the
 * nodelist has no say. And nothing that they do leaves its bounds.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "qd_core.h"

enum { I = 200, K = 8, ME = 3, STEPS_MAX = 600 };

struct mind {
	struct qd_state state;
	struct qd_slot slots[QD_NODE_MAX];
	struct qd_actions out;
};
static struct mind plain, haunted;
static struct qd_params params;
static struct qd_input in;

static void block_take(struct fuzz *f, uint32_t id)
{
	uint8_t bytes[512];
	struct qd_slot slot = { .result = QD_SLOT_CORRUPT };
	bool is_node = qd_has(params.nodes, id);
	uint8_t how = fuzz_u8(f), at, size;

	/* what is there, changed a little */
	if (qd_block_valid(&haunted.slots[id - 1].block))
		qd_block_encode(&haunted.slots[id - 1].block, bytes, sizeof(bytes));
	else
		memset(bytes, 0, sizeof(bytes));
	at = fuzz_u8(f);
	size = fuzz_u8(f) % 96;
	(void)fuzz_bytes(f, bytes + sizeof(struct qd_disk_envelope) + at, size);
	fuzz_seal_status(bytes, sizeof(bytes), how | FUZZ_SEAL | FUZZ_SEAL_MAGIC, id);
	if (qd_block_decode(bytes, sizeof(bytes), id, &slot.block) == QD_FINE)
		slot.result = QD_SLOT_OK;
	if ((how & 0x10) && slot.result == QD_SLOT_OK) {	/* alive, in my ring */
		slot.block.has_ext = true;
		slot.block.ext.beat = haunted.slots[id - 1].block.ext.beat + 1;
		slot.block.ext.ring = in.cs.ring;
		slot.block.ext.members = in.cs.members;
	}
	if ((how & 0x20) && slot.result == QD_SLOT_OK)
		slot.block.state = how & 0x40 ? QD_STATE_MASTER : QD_STATE_RUN;
	haunted.slots[id - 1] = slot;
	if (is_node)
		plain.slots[id - 1] = slot;
}

/* ---- What both did ---- */

static void check_block(const struct qd_action *a, const struct qd_action *b)
{
	uint8_t bytes[512], same[512];

	MUST(qd_has(params.nodes, a->node));
	MUST(qd_block_valid(&a->block));
	MUST((a->block.online & ~params.nodes) == 0 || a->node != ME);
	qd_block_encode(&a->block, bytes, sizeof(bytes));
	qd_block_encode(&b->block, same, sizeof(same));
	MUST_BE_DEFINED(bytes, sizeof(bytes));
	MUST(memcmp(bytes, same, sizeof(bytes)) == 0);
}

static void check_vote(const struct qd_action *a, const struct qd_action *b)
{
	MUST(a->vote.seq == b->vote.seq && a->vote.cast == b->vote.cast);
	MUST(a->vote.good_until_ms == b->vote.good_until_ms);
	MUST(!a->vote.cast || qd_ring_equal(a->vote.ring, in.cs.ring));
}

static void check_note(const struct qd_note *a, const struct qd_note *b)
{
	char text[300];

	MUST(a->id == b->id && a->node == b->node && a->a == b->a && a->b == b->b && a->c == b->c);
	MUST(qd_note_format(a, text, sizeof(text)) < sizeof(text));
	MUST(fuzz_one_line(text));
}

static void check_action(const struct qd_action *a, const struct qd_action *b)
{
	MUST(a->type == b->type);
	switch (a->type) {
	case QD_ACT_NOTE:
		check_note(&a->note, &b->note);
		break;
	case QD_ACT_WRITE:
		check_block(a, b);
		break;
	case QD_ACT_VOTE:
		check_vote(a, b);
		break;
	case QD_ACT_KILL:
	case QD_ACT_FENCE:
		MUST(a->node == b->node && a->node != ME && qd_has(params.nodes, a->node));
		break;
	case QD_ACT_SELF_FENCE:
		MUST(a->reason == b->reason);
		break;
	case QD_ACT_EXIT:
		MUST(a->status == b->status);
		break;
	case QD_ACT_UNREGISTER:
	case QD_ACT_END_COROSYNC:
	case QD_ACT_PET:
	case QD_ACT_SAY:
		break;
	}
}

static void both_step(void)
{
	in.slots = haunted.slots;
	qd_step(&haunted.state, &in, &haunted.out);
	in.slots = plain.slots;
	qd_step(&plain.state, &in, &plain.out);
	MUST(haunted.out.count <= QD_ACTIONS_MAX);
	MUST(haunted.out.count == plain.out.count);
	MUST(haunted.out.want_express == plain.out.want_express);
	for (uint32_t i = 0; i < plain.out.count; i++)
		check_action(&haunted.out.action[i], &plain.out.action[i]);
	MUST(haunted.state.master == plain.state.master);
	MUST(haunted.state.up == plain.state.up);
	MUST(qd_next_deadline(&haunted.state, in.now_ms) == qd_next_deadline(&plain.state, in.now_ms));
	if (in.random == plain.state.incarnation)
		in.random++;
}

/* ---- Events ---- */

static void cycle(struct fuzz *f, uint8_t how)
{
	in.event = QD_EV_CYCLE;
	in.tick = !(how & 1);
	in.now_ms += in.tick ? I : 5;
	in.cycle_start_ms = in.now_ms;
	in.read = how & 2 ? (enum qd_io)(fuzz_u8(f) % 4) : QD_IO_OK;
	both_step();
	if (plain.state.finished)
		return;
	in.event = QD_EV_WRITTEN;
	in.write_start_ms = in.now_ms;
	in.wrote = how & 4 ? (enum qd_io)(fuzz_u8(f) % 3) : QD_IO_OK;
	if (plain.state.own_landed || plain.state.write_out)
		both_step();
	plain.slots[ME - 1].block = haunted.slots[ME - 1].block = plain.state.own;
	plain.slots[ME - 1].result = haunted.slots[ME - 1].result = QD_SLOT_OK;
	in.cs.polled_seq = plain.state.vote_seq;
	in.cs.polled_ring = in.cs.ring;
	in.cs.polled_cast = plain.state.vote_cast;
	in.cs.polled_accepted = !(how & 8);
}

static void ring(struct fuzz *f)
{
	in.cs.members = (fuzz_u64(f) & params.nodes) | qd_bit(ME);
	in.cs.view = in.cs.members;
	in.cs.ring = (struct qd_ring){ qd_lowest(in.cs.members), in.cs.ring.seq + 1 };
	in.cs.quorate = fuzz_u8(f) & 1;
	in.cs.in_sync = fuzz_u8(f) & 1;
	in.cs.lun_dead = fuzz_u8(f) & 1 ? in.cs.members & ~qd_bit(ME) : 0;
	in.cs.lun_dead_ms = in.cs.lun_dead ? in.now_ms : 0;
	in.event = QD_EV_RING;
	both_step();
}

static void fenced(struct fuzz *f)
{
	in.event = QD_EV_FENCED;
	in.fenced_node = 1 + fuzz_u8(f) % QD_NODE_MAX;
	in.fenced_incarnation = plain.state.member[in.fenced_node - 1].evicted_incarnation;
	in.fenced = (enum qd_fence_result)(1 + fuzz_u8(f) % 3);
	if (plain.state.member[in.fenced_node - 1].fencing)
		both_step();
}

static void step(struct fuzz *f)
{
	uint8_t event = fuzz_u8(f);

	switch (event & 7) {
	case 0: case 1:
		block_take(f, 1 + fuzz_u8(f) % QD_NODE_MAX);
		break;
	case 2:
		ring(f);
		break;
	case 3:
		fenced(f);
		break;
	case 4:
		in.now_ms += fuzz_u8(f) * 8u;
		in.event = QD_EV_TIMER;
		both_step();
		break;
	case 5:
		in.score = fuzz_u8(f) & 1;
		in.event = event & 0x80 && event & 0x40 ? QD_EV_STOP : QD_EV_TIMER;
		both_step();
		break;
	default:
		cycle(f, event >> 4);
	}
}

static void begin(struct fuzz *f)
{
	params = (struct qd_params){
		.node_id = ME, .nodes = fuzz_u64(f) | qd_bit(ME), .votes = 1,
		.t = { .interval_ms = I, .tko = K, .tko_up = 2, .upgrade_wait = 2, .master_wait = 3 },
		.token_ms = 3000, .consensus_ms = 3600, .v_ms = (K - 1) * I, .y_ms = 3000,
		.fencing = true, .reboot = true, .node_name = "n3",
	};
	params.node_count = (uint32_t)__builtin_popcountll(params.nodes);
	for (uint32_t i = 0; i < QD_NODE_MAX; i++)
		params.node_votes[i] = qd_has(params.nodes, i + 1);
	memset(&plain, 0, sizeof(plain));
	memset(&haunted, 0, sizeof(haunted));
	in = (struct qd_input){ .now_ms = 100000, .random = 0x2222, .score = 1, .score_max = 1,
				.read_us = 100, .write_us = 100 };
	in.cs = (struct qd_corosync){ .connected = true, .registered = true, .quorate = true, .quorum = 2,
				      .ring = { 1, 1 }, .members = params.nodes, .view = params.nodes };
	for (uint32_t id = 1; id <= QD_NODE_MAX; id++)
		plain.slots[id - 1].result = haunted.slots[id - 1].result = QD_SLOT_CORRUPT;
	qd_state_init(&plain.state, &params, 0x1111, in.now_ms);
	qd_state_init(&haunted.state, &params, 0x1111, in.now_ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = { data, size };

	begin(&f);
	for (unsigned i = 0; f.left && !plain.state.finished && i < STEPS_MAX; i++)
		step(&f);
	return 0;
}
