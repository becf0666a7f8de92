/* The shared LUN, and what is on its way to it. Slots are kept decoded; they are
 * bytes, made and read by the codec, whenever an engine writes or reads them. */
#include "explore.h"

void xp_lun_init(struct xp_run *r)
{
	struct qd_label label = { .created_s = 1, .sector_size = XP_SECTOR, .has_ext = true,
				  .capacity = QD_NODE_LEGACY, .timings = r->params[0].t };

	memcpy(label.name, "explored", sizeof("explored"));
	memset(r->image, 0, sizeof(r->image));
	qd_label_encode(&label, r->image, XP_SECTOR);
	for (uint32_t i = 0; i < r->setup.nodes; i++) {
		uint8_t *bytes = r->image + (size_t)xp_id(i) * QD_SLOT_BYTES;
		struct qd_block empty = { .node_id = xp_id(i), .writer_id = xp_id(i) };

		qd_block_encode(&empty, bytes, XP_SECTOR);
		if (qd_block_decode(bytes, XP_SECTOR, xp_id(i), &r->w.slot[i]) != QD_FINE)
			xp_fail(r, "S4 an empty block does not decode");
		r->image_block[i] = r->w.slot[i];
	}
}

/* ---- Reads ---- */

void xp_look(struct xp_run *r, uint32_t i)
{
	struct xp_node *n = &r->w.node[i];

	memcpy(n->look, r->w.slot, sizeof(n->look));
	n->looked = true;
}

static void image_make(struct xp_run *r, const struct qd_block *block)
{
	for (uint32_t k = 0; k < r->setup.nodes; k++) {
		if (memcmp(&block[k], &r->image_block[k], sizeof(block[k])) == 0)
			continue;
		qd_block_encode(&block[k], r->image + (size_t)xp_id(k) * QD_SLOT_BYTES, XP_SECTOR);
		r->image_block[k] = block[k];
	}
}

void xp_read_end(struct xp_run *r, uint32_t i, enum qd_io io)
{
	struct xp_node *n = &r->w.node[i];

	image_make(r, n->looked ? n->look : r->w.slot);
	n->read_out = n->looked = false;
	memset(n->look, 0, sizeof(n->look));
	qd_engine_read_done(&r->engine[i], io, io == QD_IO_OK ? r->image : NULL, 0);
}

/* ---- Its own block ---- */

void xp_land(struct xp_run *r, uint32_t i)
{
	struct xp_node *n = &r->w.node[i];

	if (n->landed)
		return;
	n->landed = true;
	n->landed_start = r->engine[i].write_start_ms;
	r->w.slot[i] = r->engine[i].state.own;
	xp_check_landed(r, i, &r->w.slot[i]);
}

void xp_write_end(struct xp_run *r, uint32_t i, enum qd_io io)
{
	struct xp_node *n = &r->w.node[i];

	if (io == QD_IO_OK)
		xp_land(r, i);
	n->write_out = n->landed = false;
	qd_engine_write_done(&r->engine[i], xp_id(i), io, 0);
}

/* ---- Evictions, and writes of the dead ---- */

void xp_write_add(struct xp_run *r, const struct xp_write *write)
{
	assert(r->w.writes < XP_WRITES);
	r->w.write[r->w.writes++] = *write;
}

void xp_write_drop(struct xp_run *r, uint32_t index)
{
	assert(index < r->w.writes);
	r->w.writes--;
	memmove(&r->w.write[index], &r->w.write[index + 1],
		(r->w.writes - index) * sizeof(r->w.write[0]));
	memset(&r->w.write[r->w.writes], 0, sizeof(r->w.write[0]));
}

void xp_write_land(struct xp_run *r, uint32_t index)
{
	struct xp_write *write = &r->w.write[index];

	if (write->landed)
		return;
	write->landed = true;
	r->w.slot[write->slot] = write->block;
	xp_check_landed(r, write->slot, &write->block);
}

void xp_orphan(struct xp_run *r, uint32_t i)
{
	struct xp_node *n = &r->w.node[i];
	uint64_t until = r->w.now + 2 * XP_INTERVAL;

	for (uint32_t k = r->w.writes; k-- > 0;) {
		if (r->w.write[k].node != i || r->w.write[k].orphan)
			continue;
		r->w.write[k].orphan = true;
		r->w.write[k].until = until;
		if (r->w.write[k].landed)
			xp_write_drop(r, k);
	}
	if (n->write_out && !n->landed)
		xp_write_add(r, &(struct xp_write){ .node = (uint8_t)i, .slot = (uint8_t)i, .orphan = true,
						    .until = until, .block = r->engine[i].state.own });
	n->read_out = n->looked = n->write_out = n->landed = false;
	memset(n->look, 0, sizeof(n->look));
}
