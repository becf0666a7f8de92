/* Who says that its LUN is dead; see cs_word.h. A message, big-endian:
 *	 0 u32 magic	 4 u16 version	 6 u16 flags (1: my LUN is dead)
 *	 8 u32 node	12 u32 and 16 u64 ring	24 u64 number
 *	32 u64 mask of the nodes that are answered	40 u64 for each, lowest first */
#include "cs_word.h"

#include <endian.h>
#include <string.h>

#define WORD_MAGIC   0x51444C57u /* "QDLW" */
#define WORD_VERSION 1u
#define WORD_DEAD    1u
#define WORD_HEAD    40u

void cs_word_begin(struct cs_word *w, uint64_t random)
{
	memset(w, 0, sizeof(*w));
	w->number = random >> 1; /* never runs over */
}

void cs_word_ring(struct cs_word *w, struct qd_ring ring)
{
	w->ring = ring;
	memset(w->heard, 0, sizeof(w->heard));
}

/* ---- Bytes ---- */

static void put32(uint8_t *bytes, uint32_t value)
{
	value = htobe32(value);
	memcpy(bytes, &value, sizeof(value));
}

static void put64(uint8_t *bytes, uint64_t value)
{
	value = htobe64(value);
	memcpy(bytes, &value, sizeof(value));
}

static uint32_t get32(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return be32toh(value);
}

static uint64_t get64(const uint8_t *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof(value));
	return be64toh(value);
}

/* ---- To the ring ---- */

size_t cs_word_put(struct cs_word *w, uint32_t node_id, bool dead, uint64_t now_ms,
		   uint8_t bytes[CS_WORD_BYTES])
{
	qd_mask answered = 0;
	size_t size = WORD_HEAD;

	w->node_id = node_id;
	w->number++;
	w->asked_ms[w->number % CS_WORD_ASKED] = now_ms;
	for (uint32_t id = 1; id <= QD_NODE_MAX; id++) {
		if (!w->heard[id - 1].number)
			continue;
		answered |= qd_bit(id);
		put64(bytes + size, w->heard[id - 1].number);
		size += 8;
	}
	put32(bytes, WORD_MAGIC);
	put32(bytes + 4, WORD_VERSION << 16 | (dead ? WORD_DEAD : 0));
	put32(bytes + 8, node_id);
	put32(bytes + 12, w->ring.node_id);
	put64(bytes + 16, w->ring.seq);
	put64(bytes + 24, w->number);
	put64(bytes + 32, answered);
	return size;
}

/* ---- From the ring ---- */

static bool sound(const struct cs_word *w, uint32_t from, const uint8_t *bytes, size_t size)
{
	const struct qd_ring ring = { .node_id = size < WORD_HEAD ? 0 : get32(bytes + 12),
				      .seq = size < WORD_HEAD ? 0 : get64(bytes + 16) };

	return size >= WORD_HEAD && get32(bytes) == WORD_MAGIC && qd_bit(from) &&
	       (get32(bytes + 4) & ~WORD_DEAD) == WORD_VERSION << 16 && get32(bytes + 8) == from &&
	       from != w->node_id && ring.seq && qd_ring_equal(ring, w->ring) &&
	       get64(bytes + 24) != 0 &&
	       size == WORD_HEAD + 8u * (size_t)__builtin_popcountll(get64(bytes + 32));
}

/* When the question that it answers was asked; 0: none of mine, or too old a one. */
static uint64_t asked_ms(const struct cs_word *w, const uint8_t *bytes)
{
	qd_mask answered = get64(bytes + 32), me = qd_bit(w->node_id);
	uint64_t number;

	if (!(answered & me))
		return 0;
	number = get64(bytes + WORD_HEAD + 8u * (size_t)__builtin_popcountll(answered & (me - 1)));
	if (number > w->number || w->number - number >= CS_WORD_ASKED)
		return 0;
	return w->asked_ms[number % CS_WORD_ASKED];
}

bool cs_word_take(struct cs_word *w, uint32_t from, const void *bytes, size_t size)
{
	if (!sound(w, from, bytes, size))
		return false;
	w->heard[from - 1].number = get64((const uint8_t *)bytes + 24);
	w->heard[from - 1].dead = get32((const uint8_t *)bytes + 4) & WORD_DEAD;
	w->heard[from - 1].asked_ms = asked_ms(w, bytes);
	return true;
}

qd_mask cs_word_dead(const struct cs_word *w, qd_mask members, uint64_t *ret_as_of_ms)
{
	qd_mask dead = 0;

	*ret_as_of_ms = 0;
	for (qd_mask rest = members; rest; rest &= rest - 1) {
		uint32_t id = qd_lowest(rest);
		uint64_t at_ms = w->heard[id - 1].asked_ms;

		if (!w->heard[id - 1].dead || !at_ms)
			continue;
		if (!dead || at_ms < *ret_as_of_ms)
			*ret_as_of_ms = at_ms;
		dead |= qd_bit(id);
	}
	return dead;
}
