/* The bytes of a cycle; see engine_bytes.h. */
#include <string.h>

#include "engine_box.h"
#include "engine_bytes.h"

/* ---- In ---- */

static bool label_same(const struct qd_label *a, const struct qd_label *b)
{
	return a->created_s == b->created_s && strcmp(a->name, b->name) == 0 &&
	       a->has_ext == b->has_ext && memcmp(a->uuid, b->uuid, QD_UUID_LEN) == 0 &&
	       memcmp(&a->timings, &b->timings, sizeof(a->timings)) == 0;
}

/* Is it still our LUN? Decoded only when its bytes have changed. */
static enum qd_io engine_label(struct qd_engine *e, const uint8_t *bytes)
{
	struct qd_label now;

	if (e->label_io == QD_IO_OK && memcmp(bytes, e->label_bytes, sizeof(e->label_bytes)) == 0)
		return QD_IO_OK;
	memcpy(e->label_bytes, bytes, sizeof(e->label_bytes));
	e->label_io = qd_label_decode(bytes, e->slot_size, &now) == QD_FINE &&
				      label_same(&now, &e->label) ? QD_IO_OK : QD_IO_STRANGER;
	return e->label_io;
}

/* Our own is as a rule what we have written last, byte for byte: no crc tells more. */
static enum qd_corrupt slot_decode(const struct qd_engine *e, uint32_t id, const uint8_t *bytes,
				   struct qd_block *ret_block)
{
	if (id == e->state.p.node_id && memcmp(bytes, e->own, QD_BOX_OFFSET) == 0)
		return qd_block_decode_sealed(bytes, e->sector_size, id, ret_block);
	return qd_block_decode(bytes, e->sector_size, id, ret_block);
}

enum qd_io engine_decode(struct qd_engine *e, const uint8_t *bytes)
{
	enum qd_io io = engine_label(e, bytes);

	if (io == QD_IO_OK)
		engine_box_inherit(e, bytes + (size_t)e->state.p.node_id * e->slot_size);
	for (uint32_t id = 1; io == QD_IO_OK && id <= e->slot_count; id++) {
		const uint8_t *at = bytes + (size_t)id * e->slot_size;
		struct qd_slot *slot = &e->slots[id - 1];

		if (!qd_has(e->state.p.nodes, id))
			continue;
		slot->result = slot_decode(e, id, at, &slot->block) == QD_FINE ? QD_SLOT_OK : QD_SLOT_CORRUPT;
		e->wishes[id - 1] = slot->result == QD_SLOT_OK && slot->block.has_ext ?
					    qd_block_wish_digest(at) : 0;
	}
	return io;
}

/* ---- Out ---- */

/* An eviction is one sector, and the black box behind it stays: where the sector
 * holds both, the box goes back as it was read. */
static void eviction_box(struct qd_engine *e, uint32_t slot)
{
	if (e->sector_size <= QD_BOX_OFFSET)
		return;
	assert(e->read_bytes);	/* nobody is evicted but on what a read has brought */
	memcpy(e->other + QD_BOX_OFFSET, e->read_bytes + (size_t)slot * e->slot_size + QD_BOX_OFFSET,
	       QD_BOX_BYTES);
}

/* What an eviction's victim had measured, as its slot was read. */
static struct qd_latencies eviction_latencies(const struct qd_engine *e, uint32_t slot)
{
	const struct qd_slot *s = &e->slots[slot - 1];

	if (!e->read_bytes || s->result != QD_SLOT_OK || !s->block.has_ext)
		return (struct qd_latencies){ 0 };
	return qd_block_latencies(e->read_bytes + (size_t)slot * e->slot_size);
}

const uint8_t *engine_encode(struct qd_engine *e, uint32_t slot, const struct qd_block *block)
{
	bool mine = slot == e->state.p.node_id;
	const struct qd_latencies measured = mine ? qd_engine_latencies(e) : eviction_latencies(e, slot);
	uint8_t *bytes = mine ? e->own : e->other;

	qd_block_encode_with(block, &measured, mine ? &e->wish : NULL, bytes, QD_BOX_OFFSET);
	if (!mine)
		eviction_box(e, slot);
	return bytes;
}
