/* What the daemons of a ring say of their LUNs, in a group that any process of root on any node
 * may write to. Three daemons talk; a stranger, node 4, sends whatever he likes, and also what
 * a daemon would. He is never taken for another, and what the others are heard to say does not
 * depend on him.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "../../qdiskd/cs_word.h"

enum { NODES = 3, STRANGER = 4, STEPS_MAX = 500 };

/* Of each daemon two: one that hears the stranger, too. */
static struct cs_word calm[NODES + 1], troubled[NODES + 1];
static bool says_dead[NODES + 1];	/* what it said last */
static uint64_t now_ms, seq;

static void heard_by_all(uint32_t from, const uint8_t *bytes, size_t size)
{
	for (uint32_t id = 1; id <= NODES; id++) {
		MUST(cs_word_take(&calm[id], from, bytes, size) == (id != from));
		MUST(cs_word_take(&troubled[id], from, bytes, size) == (id != from));
	}
}

static void daemon_speaks(uint32_t id, bool dead)
{
	uint8_t bytes[CS_WORD_BYTES], same[CS_WORD_BYTES], *exact;
	size_t size = cs_word_put(&calm[id], id, dead, now_ms, bytes);

	MUST(size <= sizeof(bytes));
	(void)cs_word_put(&troubled[id], id, dead, now_ms, same);
	MUST_BE_DEFINED(bytes, size);
	exact = malloc(size);
	MUST(exact);
	memcpy(exact, bytes, size);
	says_dead[id] = dead;
	heard_by_all(id, exact, size);
	free(exact);
}

/* Garbage, or a message as a daemon of this ring would write it, with some bytes changed. */
static void stranger_speaks(struct fuzz *f)
{
	static struct cs_word his;
	uint8_t bytes[CS_WORD_BYTES];
	uint8_t how = fuzz_u8(f), from = how & 1 ? STRANGER : fuzz_u8(f);
	size_t size, at;

	if (how & 2) {
		his.ring = calm[1].ring;
		for (uint32_t id = 1; id <= NODES; id++)
			his.heard[id - 1].number = calm[id].number + (how & 4 ? fuzz_u8(f) : 0);
		size = cs_word_put(&his, STRANGER, how & 8, now_ms, bytes);
		at = fuzz_u8(f) % size;
		if (how & 16)
			(void)fuzz_bytes(f, bytes + at, fuzz_u8(f) % (size - at + 1));
	} else {
		size = fuzz_bytes(f, bytes, fuzz_u8(f));
	}
	for (uint32_t id = 1; id <= NODES; id++) {
		struct cs_word before = troubled[id];
		bool taken;

		if (from >= 1 && from <= NODES)
			continue;	/* totem signs with the node's own id */
		taken = cs_word_take(&troubled[id], from, bytes, size);
		MUST(!taken || (from >= 1 && from <= QD_NODE_MAX));
		MUST(taken || memcmp(&before, &troubled[id], sizeof(before)) == 0);
	}
}

static void check(uint32_t me)
{
	const qd_mask members = (1 << NODES) - 1;
	uint64_t as_of_ms, same_ms;
	qd_mask dead = cs_word_dead(&calm[me], members, &as_of_ms);

	MUST(cs_word_dead(&troubled[me], members, &same_ms) == dead);
	MUST(same_ms == as_of_ms);
	MUST((dead & ~members) == 0 && !qd_has(dead, me));
	MUST(as_of_ms <= now_ms);
	MUST((dead == 0) == (as_of_ms == 0));
	for (uint32_t id = 1; id <= NODES; id++)
		MUST(!qd_has(dead, id) || says_dead[id]);
	/* the stranger himself, where he is a member: nobody has asked him in vain */
	MUST((cs_word_dead(&troubled[me], qd_bit(STRANGER), &as_of_ms) & ~qd_bit(STRANGER)) == 0);
	MUST(as_of_ms <= now_ms);
}

static void ring_changes(void)
{
	seq++;
	for (uint32_t id = 1; id <= NODES; id++) {
		cs_word_ring(&calm[id], (struct qd_ring){ 1, seq });
		cs_word_ring(&troubled[id], (struct qd_ring){ 1, seq });
		says_dead[id] = false;
	}
}

static void step(struct fuzz *f)
{
	uint8_t event = fuzz_u8(f);

	switch (event & 3) {
	case 0:
		daemon_speaks(1 + (event >> 2) % NODES, event & 0x80);
		break;
	case 1:
		stranger_speaks(f);
		break;
	case 2:
		now_ms += event >> 2;
		break;
	default:
		if (event & 0x80)
			ring_changes();
		for (uint32_t id = 1; id <= NODES; id++)
			check(id);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = { data, size };

	now_ms = 1000;
	seq = 0;
	for (uint32_t id = 1; id <= NODES; id++) {
		uint64_t random = fuzz_u64(&f);

		cs_word_begin(&calm[id], random);
		cs_word_begin(&troubled[id], random);
	}
	ring_changes();
	for (unsigned i = 0; f.left && i < STEPS_MAX; i++)
		step(&f);
	return 0;
}
