/* What a read shows that the LUN is not: one path may be blind to a slot, see a
 * block in the middle of its landing, or lead to another LUN; and what mkqdisk
 * leaves behind. */
#include "sim.h"

#define OFFSET_SPOILT 40u

bool sim_lun_lies(const struct sim_world *w, const struct sim_node *n)
{
	return n->early || n->blind || n->torn_per_mille || n->elsewhere ||
	       w->setup.lies & (SIM_LIE_OWN | SIM_LIE_STALE);
}

/* ---- Labels ---- */

static void label_make(const struct sim_world *w, uint8_t version, uint8_t *bytes)
{
	struct qd_label label = { .created_s = 1700000000u + version, .has_ext = !w->setup.mixed && w->setup.kind != SIM_OLD,
				  .capacity = QD_NODE_MAX, .timings = w->agreed };

	label.sector_size = w->setup.sector_size ? w->setup.sector_size : SIM_SECTOR;
	memcpy(label.host, "simulated", sizeof("simulated"));
	memcpy(label.name, "simulated", sizeof("simulated"));
	memcpy(label.cluster, "simulated", sizeof("simulated"));
	memset(label.uuid, 0x51 + version, sizeof(label.uuid));
	qd_label_encode(&label, bytes, SIM_SECTOR);
}

void sim_lun_format(struct sim_world *w, uint8_t version, bool wipe)
{
	label_make(w, version, sim_lun_slot(w, 0));
	for (uint32_t i = 0; i < w->setup.nodes && wipe; i++) {
		struct qd_block empty = { .node_id = w->node[i].id, .writer_id = w->node[i].id };

		qd_block_encode(&empty, sim_lun_slot(w, w->node[i].id), SIM_SECTOR);
	}
}

/* ---- Reads ---- */

/* A block that landed while this read was under way: the beginning of the new one,
 * the end of the old one. */
static void show_torn(struct sim_world *w, struct sim_node *n, uint32_t slot)
{
	uint8_t *shown = n->buffer + (size_t)slot * QD_SLOT_BYTES;
	uint64_t cut = 4 * sim_dice(w, 1, SIM_SECTOR / 4 - 1);

	if (w->lun.changed[slot] <= n->read_start || !sim_rng_chance(&w->rng, n->torn_per_mille))
		return;
	sim_say(w, n->id, "reads slot %llu torn at byte %llu", slot, cut, 0);
	memcpy(shown + cut, w->lun.before[slot] + cut, SIM_SECTOR - cut);
}

static void show_elsewhere(struct sim_world *w, struct sim_node *n)
{
	memset(n->buffer, 0, (size_t)(n->engine.slot_count + 1) * QD_SLOT_BYTES);
	label_make(w, 100, n->buffer);
}

/* A slot that is shown as it is not: a lie of this world. */
static void show_lie(struct sim_world *w, struct sim_node *n)
{
	uint32_t liar = w->setup.liar;
	uint8_t *shown = n->buffer + (size_t)liar * QD_SLOT_BYTES;

	if (w->setup.lies & SIM_LIE_OWN && n->id == liar)
		memcpy(shown, w->lun.own_of_liar, SIM_SECTOR);
	if (w->setup.lies & SIM_LIE_STALE && n->id != liar) {
		if (!w->lun.stale_set)
			memcpy(w->lun.stale_of_liar, sim_lun_slot(w, liar), SIM_SECTOR);
		w->lun.stale_set = true;
		memcpy(shown, w->lun.stale_of_liar, SIM_SECTOR);
	}
}

void sim_lun_show(struct sim_world *w, struct sim_node *n)
{
	if (n->elsewhere) {
		show_elsewhere(w, n);
		return;
	}
	for (uint32_t slot = 1; slot <= n->engine.slot_count; slot++) {
		if (n->torn_per_mille)
			show_torn(w, n, slot);
		if (n->blind >> slot & 1)
			n->buffer[(size_t)slot * QD_SLOT_BYTES + OFFSET_SPOILT] ^= 0x5A;
	}
	if (w->setup.lies & (SIM_LIE_OWN | SIM_LIE_STALE))
		show_lie(w, n);
}

void sim_lun_heal(struct sim_world *w, struct sim_node *n)
{
	if (n->hang_until == SIM_NEVER)
		sim_power_off(w, n, "is switched off and on: its LUN hangs");
	n->hang_until = 0;
	n->slow_per_mille = n->tail_per_mille = n->error_per_mille = 0;
	n->stale_per_mille = n->torn_per_mille = 0;
	n->blind = 0;
	n->elsewhere = false;
	sim_lun_bad(w, n->id, 0);
}
