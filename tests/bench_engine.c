/* The daemon's own part of a cycle, for an instruction counter: engine, mind and codec
 * of real nodes over a LUN in memory, without a system call.
 *
 *	valgrind --tool=callgrind --toggle-collect=counted bench_engine NODES NODE CYCLES
 *
 * Runs NODES daemons until they have a master and all cast, then CYCLES cycles more; of
 * these the ones of NODE (the first node to bid, 1, is the master) run in counted().
 * Exit status 0 only if all went on calmly. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qd_ports.h"

#define SETTLE_CYCLES 60
#define SLOT_BYTES    4096

struct node {
	struct qd_params params;
	struct qd_ports ports;
	struct qd_engine engine;
	struct qd_corosync cs;
	unsigned notes;
};

static struct node node[QD_NODE_MAX];
static uint8_t lun[(QD_NODE_MAX + 1) * SLOT_BYTES];
static uint32_t node_count;
static uint64_t clock_ms = 1000000;

/* ---- Ports ---- */

static void on_clock(void *ctx, uint64_t *ret_now_ms, uint64_t *ret_wall_s)
{
	(void)ctx;
	*ret_now_ms = clock_ms;
	*ret_wall_s = 1000000000u + clock_ms / 1000u;
}

static uint64_t on_random(void *ctx)
{
	static uint64_t last = 0;

	(void)ctx;
	return ++last * 0x9E3779B97F4A7C15u;
}

/* The end of the read is told by cycle_run(), as the loop does. */
static void on_read(void *ctx)
{
	(void)ctx;
}

static void on_write(void *ctx, uint32_t slot, const void *bytes, size_t size)
{
	(void)ctx;
	memcpy(lun + (size_t)slot * SLOT_BYTES, bytes, size);
}

static void on_look(void *ctx, uint64_t now_ms, struct qd_corosync *ret_cs)
{
	const struct node *n = ctx;

	(void)now_ms;
	*ret_cs = n->cs;
}

static void on_vote(void *ctx, uint64_t seq, struct qd_ring ring, bool cast, uint64_t good_until_ms)
{
	struct node *n = ctx;

	(void)good_until_ms;
	n->cs.polled_seq = seq;
	n->cs.polled_ring = ring;
	n->cs.polled_cast = cast;
	n->cs.polled_accepted = true;
}

static void on_score(void *ctx, uint32_t *ret_score, uint32_t *ret_max)
{
	(void)ctx;
	*ret_score = *ret_max = 1;
}

static void on_note(void *ctx, const struct qd_note *note)
{
	struct node *n = ctx;

	(void)note;
	n->notes++;
}

static void on_alarm(void *ctx, uint64_t at_ms)
{
	(void)ctx;
	(void)at_ms;	/* never due in a calm world */
}

static void on_publish(void *ctx, const struct qd_state *state)
{
	(void)ctx;
	(void)state;
}

static void unexpected(const char *what)
{
	fprintf(stderr, "bench_engine: %s in a calm world\n", what);
	exit(1);
}
static void on_node(void *ctx, uint32_t id)
{
	(void)ctx;
	(void)id;
	unexpected("a kill");
}
static void on_fence(void *ctx, uint32_t id, uint64_t incarnation)
{
	(void)ctx;
	(void)id;
	(void)incarnation;
	unexpected("a fencing");
}
static void on_nothing(void *ctx)
{
	(void)ctx;
	unexpected("a leave");
}
static void on_word(void *ctx, bool lun_dead)
{
	(void)ctx;
	(void)lun_dead;
	unexpected("a word");
}
static uint32_t on_pet(void *ctx)
{
	(void)ctx;
	unexpected("a pet");
	return 0;
}
static void on_self_fence(void *ctx, enum qd_self_fence reason)
{
	(void)ctx;
	(void)reason;
	unexpected("a self-fence");
}
static void on_exit_wanted(void *ctx, int status)
{
	(void)ctx;
	(void)status;
	unexpected("an exit");
}

/* ---- The world ---- */

static void node_open(uint32_t id, const struct qd_label *label)
{
	const uint32_t i_ms = 240;
	struct node *n = &node[id - 1];
	qd_mask all = node_count == QD_NODE_MAX ? ~(qd_mask)0 : qd_bit(node_count + 1) - 1;

	n->params = (struct qd_params){
		.node_id = id, .nodes = all, .node_count = node_count,
		.t = { .interval_ms = i_ms, .tko = 8, .tko_up = 2, .upgrade_wait = 2, .master_wait = 3 },
		.token_ms = 15 * i_ms, .consensus_ms = 18 * i_ms, .v_ms = 7 * i_ms, .y_ms = 15 * i_ms,
		.votes = node_count - 1, .allow_kill = true, .fencing = true,
	};
	for (uint32_t i = 0; i < node_count; i++)
		n->params.node_votes[i] = 1;
	(void)snprintf(n->params.node_name, sizeof(n->params.node_name), "node%u.example.org", id);
	n->cs = (struct qd_corosync){
		.connected = true, .registered = true, .ring = { .node_id = 1, .seq = 8 },
		.members = all, .view = all, .quorate = true, .quorum = node_count,
	};
	n->ports = (struct qd_ports){
		.ctx = n, .clock = on_clock, .random = on_random, .read = on_read, .write = on_write,
		.corosync = on_look, .vote = on_vote, .unregister = on_nothing, .end_corosync = on_nothing, .kill = on_node, .say = on_word,
		.fence = on_fence, .score = on_score, .pet = on_pet, .self_fence = on_self_fence,
		.exit = on_exit_wanted, .note = on_note, .alarm = on_alarm, .publish = on_publish,
	};
	qd_engine_init(&n->engine, &n->ports, &n->params, label, 512, node_count);
}

static void cycle_run(struct node *n)
{
	qd_engine_tick(&n->engine, /* missed */ 0);
	qd_engine_read_done(&n->engine, QD_IO_OK, lun, /* latency_us */ 500);
	qd_engine_write_done(&n->engine, n->params.node_id, QD_IO_OK, /* latency_us */ 500);
}

/* The name that the instruction counter knows. */
void counted(struct node *n);
void __attribute__((noinline)) counted(struct node *n)
{
	cycle_run(n);
}

static bool all_cast(void)
{
	for (uint32_t i = 0; i < node_count; i++) {
		const struct qd_state *s = &node[i].engine.state;

		if (s->vote != QD_VOTE_CASTS || s->master != 1)
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	unsigned long count = argc == 4 ? strtoul(argv[1], NULL, 10) : 0;
	unsigned long of = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
	unsigned long cycles = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
	struct qd_label label = { .created_s = 1, .name = "bench", .sector_size = 512, .has_ext = true,
				  .uuid = "bench", .capacity = QD_NODE_MAX };

	if (count < 2 || count > QD_NODE_MAX || of < 1 || of > count || !cycles) {
		fputs("usage: bench_engine NODES NODE CYCLES\n", stderr);
		return 2;
	}
	node_count = (uint32_t)count;
	qd_label_encode(&label, lun, SLOT_BYTES);
	for (uint32_t id = 1; id <= node_count; id++)
		node_open(id, &label);
	for (unsigned long c = 0; c < SETTLE_CYCLES + cycles; c++, clock_ms += 240) {
		for (uint32_t i = 0; i < node_count; i++) {
			if (c < SETTLE_CYCLES || i + 1 != of)
				cycle_run(&node[i]);
			else
				counted(&node[i]);
		}
		if (c + 1 == SETTLE_CYCLES) {
			for (uint32_t i = 0; i < node_count; i++)
				node[i].notes = 0;
		}
		if (c + 1 >= SETTLE_CYCLES && !all_cast()) {
			fprintf(stderr, "bench_engine: not all cast in cycle %lu\n", c);
			return 1;
		}
	}
	for (uint32_t i = 0; i < node_count; i++) {
		if (node[i].notes)
			unexpected("news");
	}
	return 0;
}
