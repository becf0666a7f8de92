/* The CPG group of the daemons, to which any process of root on any node may write: what
 * qdiskd proves by its echoes, and what it hears of the others' LUNs, does not depend on
 * a stranger in it. Two daemons, each twice: one of them hears the stranger, too.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

/* The callback is the hand's own: from within. */
#include "../../qdiskd/cs_cpg.c"

enum { NODES = 2, WORLDS = 2, STEPS_MAX = 500, MESSAGES_MAX = 16, MESSAGE_MAX = 800 };

/* One to each world, in totem's order; with what comes from the daemons it is the same. */
struct message {
	uint32_t from;
	size_t size;
	uint8_t bytes[MESSAGE_MAX];
};

static struct cs daemons[WORLDS][NODES];	/* large */
static struct message queue[WORLDS][MESSAGES_MAX];
static unsigned queued[WORLDS];
static struct message last;	/* of a daemon: for the stranger to go by */
static uint64_t now_ms, seq;
static cs_error_t answer;	/* corosync's, to the next call */

/* ---- Corosync's side ---- */

static cpg_handle_t handle_of(unsigned world, unsigned node)
{
	return world * NODES + node + 1;
}

cs_error_t cpg_initialize(cpg_handle_t *handle, cpg_callbacks_t *callbacks)
{
	(void)handle, (void)callbacks;
	return CS_ERR_LIBRARY;	/* the world is opened by hand */
}

cs_error_t cpg_fd_get(cpg_handle_t handle, int *fd)
{
	(void)handle, (void)fd;
	return CS_ERR_LIBRARY;
}

cs_error_t cpg_finalize(cpg_handle_t handle)
{
	(void)handle;
	return CS_OK;
}

cs_error_t cpg_context_set(cpg_handle_t handle, void *context)
{
	(void)handle, (void)context;
	return CS_OK;
}

cs_error_t cpg_context_get(cpg_handle_t handle, void **context)
{
	MUST(handle >= 1 && handle <= NODES * WORLDS);
	*context = &daemons[(handle - 1) / NODES][(handle - 1) % NODES];
	return CS_OK;
}

cs_error_t cpg_dispatch(cpg_handle_t handle, cs_dispatch_flags_t flags)
{
	(void)handle, (void)flags;
	return CS_OK;
}

cs_error_t cpg_join(cpg_handle_t handle, const struct cpg_name *group)
{
	(void)handle;
	MUST(group->length == strlen(GROUP));
	return answer;
}

cs_error_t cpg_mcast_joined(cpg_handle_t handle, cpg_guarantee_t guarantee, const struct iovec *iov,
			    unsigned count)
{
	unsigned world = (unsigned)(handle - 1) / NODES;
	struct message *m = &queue[world][queued[world]];

	MUST(guarantee == CPG_TYPE_AGREED && count == 1);
	MUST(iov->iov_len <= sizeof(m->bytes));
	MUST_BE_DEFINED(iov->iov_base, iov->iov_len);
	if (answer != CS_OK)
		return answer;
	m->from = (uint32_t)(handle - 1) % NODES + 1;
	m->size = iov->iov_len;
	memcpy(m->bytes, iov->iov_base, iov->iov_len);
	queued[world]++;
	last = *m;
	return CS_OK;
}

uint64_t cs_now_ms(void)
{
	return now_ms;
}

void cs_call_out(struct cs_call *call)
{
	(void)call;
}

int cs_call_back(struct cs_call *call, int rc)
{
	(void)call;
	return rc;
}

bool cs_gone(int rc)
{
	return rc == CS_ERR_LIBRARY || rc == CS_ERR_BAD_HANDLE;
}

/* ---- What happens ---- */

static void hear(unsigned world, const struct message *m)
{
	struct cpg_name group = { .length = 6, .value = "qdiskd" };
	uint8_t *exact = malloc(m->size ? m->size : 1);	/* a read beyond it is seen */

	MUST(exact);
	memcpy(exact, m->bytes, m->size);
	for (unsigned node = 0; node < NODES; node++)
		on_message(handle_of(world, node), &group, m->from, 77, exact, m->size);
	free(exact);
}

static void deliver(void)
{
	for (unsigned world = 0; world < WORLDS; world++) {
		for (unsigned i = 0; i < queued[world]; i++)
			hear(world, &queue[world][i]);
		queued[world] = 0;
	}
}

static void ring_changes(void)
{
	deliver();
	seq++;
	for (unsigned i = 0; i < NODES * WORLDS; i++) {
		struct cs *cs = &daemons[i / NODES][i % NODES];

		cs_proof_ring(&cs->proof);
		cs_word_ring(&cs->word, (struct qd_ring){ 1, seq });
	}
}

/* A vote that has been polled is heard of only when an echo sent after it is back. */
static void polls(struct cs *cs, bool cast)
{
	struct cs_vote vote = { .seq = 1, .ring = { 1, seq }, .cast = cast, .good_until_ms = UINT64_MAX };

	if (cs_proof_vote(&cs->proof, &vote, cs->vote_proven, 1000, now_ms))
		cs_proof_polled(&cs->proof, &vote, cast, true, 1000, now_ms, now_ms);
	cs->vote_proven = false;
}

static void daemon_acts(unsigned node, uint8_t what)
{
	if (queued[0] + 1 >= MESSAGES_MAX || queued[1] + 1 >= MESSAGES_MAX)
		deliver();
	for (unsigned world = 0; world < WORLDS; world++) {
		struct cs *cs = &daemons[world][node];

		if (what & 1)
			polls(cs, what & 2);
		if (what & 4)
			cs_cpg_echo(cs);
		cs->says_dead = what & 8;
		if (what & 16)
			cs_cpg_word(cs);
		cs->lost = false;
	}
}

/* Garbage, or what a daemon said last with some bytes changed; an echo of his own, too. */
static void stranger_speaks(struct fuzz *f)
{
	struct message m = { .from = fuzz_u8(f) };
	uint8_t how = fuzz_u8(f);

	if (m.from >= 1 && m.from <= NODES)
		m.from += NODES;	/* totem signs with the node's own id */
	if (how & 1) {
		memcpy(m.bytes, last.bytes, last.size);
		m.size = last.size;
		if (how & 2 && m.size)
			(void)fuzz_bytes(f, m.bytes + fuzz_u8(f) % m.size, 1);
		if (m.size == sizeof(struct echo))
			m.bytes[8] ^= 0x80;	/* the sender's number is random: nobody guesses it */
	} else {
		m.size = fuzz_bytes(f, m.bytes, how >> 1);
	}
	hear(1, &m);
}

static void check(unsigned node)
{
	const struct cs *calm = &daemons[0][node], *troubled = &daemons[1][node];
	uint64_t calm_ms, troubled_ms;

	MUST(memcmp(&calm->proof, &troubled->proof, sizeof(calm->proof)) == 0);
	MUST(calm->vote_proven == troubled->vote_proven);
	MUST(cs_word_dead(&calm->word, 3, &calm_ms) == cs_word_dead(&troubled->word, 3, &troubled_ms));
	MUST(calm_ms == troubled_ms);
	MUST(calm->proof.back <= calm->proof.sent);
}

static void step(struct fuzz *f)
{
	uint8_t event = fuzz_u8(f);

	switch (event & 3) {
	case 0:
		daemon_acts((event >> 2) & 1, event >> 3);
		break;
	case 1:
		stranger_speaks(f);
		break;
	case 2:
		answer = event & 0x80 ? CS_ERR_TRY_AGAIN : CS_OK;
		now_ms += event >> 2 & 0x1f;
		deliver();
		break;
	default:
		if (event & 0x80)
			ring_changes();
	}
	for (unsigned node = 0; node < NODES; node++)
		check(node);
}

static void daemon_begin(struct cs *cs, uint32_t node_id)
{
	cs->cpg = 1;
	cs_cpg_close(cs);
	cs->sender = 0x1111111111111111u * node_id;
	cs->node_id = node_id;
	cs->lost = cs->word_waits = cs->says_dead = false;
	atomic_store(&cs->interval_ms, 200);
	cs->cpg = handle_of((unsigned)((cs - &daemons[0][0]) / NODES), node_id - 1);
	cs_proof_begin(&cs->proof, false);
	cs_word_begin(&cs->word, cs->sender);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = { data, size };

	now_ms = 1000;
	seq = 0;
	answer = CS_OK;
	queued[0] = queued[1] = 0;
	last.size = 0;
	for (unsigned i = 0; i < NODES * WORLDS; i++)
		daemon_begin(&daemons[i / NODES][i % NODES], i % NODES + 1);
	ring_changes();
	for (unsigned i = 0; f.left && i < STEPS_MAX; i++)
		step(&f);
	return 0;
}
