/* The shared LUN. Every sector is linearizable: a read sees a slot as it was at
 * one moment between its start and its end (not the same moment for all slots),
 * a write lands at one moment between its start and its end; when its machine
 * dies it lands later, or never. */
#include "sim.h"

#define OFFSET_WRITER 36u	/* see qd_format.h */
#define OFFSET_TIME 40u
#define OFFSET_STATE 56u
#define OFFSET_INCARNATION 80u
#define OFFSET_BEAT 128u
#define OFFSET_SPOILT 40u

uint8_t *sim_lun_slot(struct sim_world *w, uint32_t slot)
{
	return w->lun.image + (size_t)slot * QD_SLOT_BYTES;
}

void sim_lun_init(struct sim_world *w)
{
	memset(&w->lun, 0, offsetof(struct sim_lun, image));
	/* Behind what decides stands what was there before, as mkqdisk of 2011 leaves it
	 * and as a torn own write does: nobody may care. */
	memset(w->lun.image, 0xA5, (size_t)SIM_SLOTS * QD_SLOT_BYTES);
	sim_lun_format(w, 0, /* wipe */ true);
}

/* ---- Reads ---- */

static void slots_copy(struct sim_world *w, struct sim_node *n, uint64_t slots)
{
	for (uint32_t slot = 0; slot <= n->engine.slot_count; slot++) {
		if (slots >> slot & 1)
			memcpy(n->buffer + (size_t)slot * QD_SLOT_BYTES, sim_lun_slot(w, slot), SIM_SECTOR);
	}
}

void sim_lun_read(struct sim_world *w, struct sim_node *n)
{
	if (n->read_out)
		sim_fail(w, "S6", n->id, "a second read is submitted while one is out");
	n->read_out = true;
	n->read_start = w->now;
	n->copied = false;
	n->early = 0;
	if (n->stale_per_mille && sim_rng_chance(&w->rng, n->stale_per_mille)) {
		n->early = sim_rng_next(&w->rng);
		slots_copy(w, n, n->early);
	}
	sim_push(w, w->now + sim_latency_draw(w, n), SIM_EV_READ, n->index, 0, n->life);
}

void sim_lun_read_end(struct sim_world *w, struct sim_node *n, const struct sim_event *event)
{
	const uint8_t *bytes = w->lun.image;
	bool lies = sim_lun_lies(w, n);

	if (n->hang_until == SIM_NEVER)
		return;
	if (w->now < n->hang_until) {
		sim_push(w, n->hang_until + sim_dice(w, 100, 5000), SIM_EV_READ, n->index, 0, n->life);
		return;
	}
	if (!n->copied && (lies || !sim_awake(n))) {
		slots_copy(w, n, ~n->early);
		n->copied = true;
		sim_lun_show(w, n);
	}
	if (!sim_awake(n)) {
		sim_park(n, event);
		return;
	}
	n->read_out = false;
	if (n->error_per_mille && sim_rng_chance(&w->rng, n->error_per_mille)) {
		sim_say(w, n->id, "its read fails", 0, 0, 0);
		qd_engine_read_done(&n->engine, QD_IO_ERROR, NULL, (uint32_t)(w->now - n->read_start));
		return;
	}
	if (n->copied)
		bytes = n->buffer;
	qd_engine_read_done(&n->engine, QD_IO_OK, bytes, (uint32_t)(w->now - n->read_start));
}

/* ---- Writes ---- */

static uint64_t get_be64(const uint8_t *b)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < 8; i++)
		v = v << 8 | b[i];
	return v;
}

static struct sim_write *write_new(struct sim_world *w, uint32_t *ret_index)
{
	for (uint32_t tries = 0; tries < SIM_WRITES; tries++) {
		uint32_t i = w->lun.write_next++ % SIM_WRITES;

		if (!w->lun.write[i].used) {
			*ret_index = i;
			return &w->lun.write[i];
		}
	}
	assert(false);	/* writes in flight */
	return NULL;
}

/* Evictions go to other places of the LUN: some are on their way for long. */
static uint64_t eviction_tarries(struct sim_world *w, const struct sim_node *n, uint32_t slot)
{
	if (!w->wild || slot == n->id || !sim_rng_chance(&w->rng, 100))
		return 0;
	return sim_dice(w, 0, 2 * sim_cycles(w, w->setup.t.tko));
}

void sim_lun_write(struct sim_world *w, struct sim_node *n, uint32_t slot, const uint8_t *bytes)
{
	uint64_t end = w->now + sim_latency_draw(w, n) + eviction_tarries(w, n, slot);
	uint32_t i;
	struct sim_write *write = write_new(w, &i);

	write->used = true;
	write->node = (uint8_t)n->index;
	write->life = n->life;
	write->slot = slot;
	write->start = w->now;
	write->met = w->lun.incarnation[slot];
	write->events = 1;
	write->landed = write->cancelled = write->late = write->torn = false;
	write->stuck = 0;
	write->error = n->error_per_mille && sim_rng_chance(&w->rng, n->error_per_mille);
	memcpy(write->bytes, bytes, SIM_SECTOR);
	memcpy(&write->incarnation, bytes + OFFSET_INCARNATION, sizeof(write->incarnation));	/* opaque */
	write->beat = get_be64(bytes + (n->old ? OFFSET_TIME : OFFSET_BEAT));
	sim_hash(w, write->beat ^ (uint64_t)slot << 40, (uint64_t)bytes[OFFSET_STATE] ^ write->incarnation);
	if (slot == n->id) {
		if (n->own_writes++)
			sim_fail(w, "S6", n->id, "two writes to its own slot are in flight");
		if (w->setup.liar == n->id)
			memcpy(w->lun.own_of_liar, bytes, SIM_SECTOR);
	}
	if (write->error && sim_rng_chance(&w->rng, 800))
		write->cancelled = true;
	if (w->setup.lies & SIM_LIE_TWICE)
		end = w->now + 1000;
	if (w->wild && !write->cancelled && sim_rng_chance(&w->rng, 300)) {
		write->events++;
		sim_push(w, sim_dice(w, w->now, write->error ? end + w->interval_us : end), SIM_EV_LAND,
			 n->index, i, n->life);
	}
	sim_push(w, end, SIM_EV_WROTE, n->index, i, n->life);
}

static void landed_own(struct sim_world *w, struct sim_node *n, const struct sim_write *write)
{
	struct sim_lun *lun = &w->lun;
	uint64_t gap = w->now - lun->landed[write->slot];

	if (write->life == n->life && n->running)
		n->landed_start = write->start;
	if (lun->bad[write->slot])
		return;		/* nobody can see it */
	if (n->old && lun->incarnation[write->slot] == write->incarnation &&
	    lun->beat[write->slot] == write->beat)
		return;		/* within one second: no beat */
	if (lun->incarnation[write->slot] == write->incarnation && lun->beat[write->slot] >= write->beat) {
		/* An older write lands late, over a newer one that few have seen. */
		lun->beat[write->slot] = write->beat;
		lun->landed[write->slot] = lun->landed_before[write->slot];
		return;
	}
	lun->beat[write->slot] = write->beat;
	lun->incarnation[write->slot] = write->incarnation;
	if (gap > sim_cycles(w, w->setup.t.tko - 1)) {
		lun->gap[write->slot] = gap;
		lun->gap_end[write->slot] = w->now;
	}
	lun->landed_before[write->slot] = lun->landed[write->slot];
	lun->landed[write->slot] = w->now;
}

/* Its machine died in the middle of it: the beginning is new, the rest old. */
static void write_land_torn(struct sim_world *w, const struct sim_write *write)
{
	uint64_t cut = 4 * sim_dice(w, 1, SIM_SECTOR / 4 - 1);

	sim_say(w, w->node[write->node].id, "its last write of slot %llu is torn at byte %llu", write->slot, cut, 0);
	memcpy(sim_lun_slot(w, write->slot), write->bytes, cut);
}

static void write_land(struct sim_world *w, struct sim_write *write)
{
	struct sim_node *n = &w->node[write->node];
	uint8_t *bytes = sim_lun_slot(w, write->slot);

	write->landed = true;
	if (n->elsewhere) {	/* where nobody looks; its next read will tell, not this write */
		if (write->slot == n->id && write->life == n->life && n->running &&
		    (write->start <= n->elsewhere_since || w->now - n->elsewhere_since <= w->interval_us))
			n->landed_start = write->start;
		return;
	}
	if (w->wild) {
		memcpy(w->lun.before[write->slot], bytes, SIM_SECTOR);
		w->lun.changed[write->slot] = w->now;
	}
	if (write->torn) {
		write_land_torn(w, write);
		return;
	}
	memcpy(bytes, write->bytes, SIM_SECTOR);
	if (w->lun.bad[write->slot])
		bytes[OFFSET_SPOILT] ^= 0x5A;
	if (write->slot == n->id)
		landed_own(w, n, write);
	else if (write->bytes[OFFSET_STATE] == QD_STATE_EVICTED)
		sim_check_evicted(w, write);
}

static void write_drop(struct sim_write *write)
{
	assert(write->events > 0);
	if (--write->events == 0)
		write->used = false;
}

/* Is its path to the LUN hung? Then the event comes again when it is not. Hung
 * for good, it comes when its process ends, or never. */
static bool write_hangs(struct sim_world *w, struct sim_node *n, const struct sim_event *event)
{
	struct sim_write *write = &w->lun.write[event->arg];

	if (w->now >= n->hang_until || write->late)
		return false;
	if (n->hang_until == SIM_NEVER) {
		write->stuck++;
		return true;
	}
	sim_push(w, n->hang_until + sim_dice(w, 100, 5000), (enum sim_event_kind)event->kind, n->index,
		 event->arg, event->gen);
	return true;
}

void sim_lun_land(struct sim_world *w, const struct sim_event *event)
{
	struct sim_write *write = &w->lun.write[event->arg];

	if (write_hangs(w, &w->node[event->node], event))
		return;
	if (!write->landed && !write->cancelled)
		write_land(w, write);
	write_drop(write);
}

void sim_lun_wrote(struct sim_world *w, const struct sim_event *event)
{
	struct sim_write *write = &w->lun.write[event->arg];
	struct sim_node *n = &w->node[event->node];
	uint32_t slot = write->slot;
	bool error = write->error;
	uint64_t took = w->now - write->start;

	if (write_hangs(w, n, event))
		return;
	if (!write->landed && !write->cancelled && !error && !write->late)
		write_land(w, write);
	if (n->life == event->gen && !sim_awake(n)) {
		sim_park(n, event);
		return;
	}
	write_drop(write);
	if (n->life != event->gen)
		return;
	if (slot == n->id && !(w->setup.lies & SIM_LIE_TWICE))
		n->own_writes--;
	if (error)
		sim_say(w, n->id, "its write into slot %llu fails", slot, 0, 0);
	if (n->old)
		return;
	if (slot == n->id && !error)
		sim_check_landed(w, n);
	qd_engine_write_done(&n->engine, slot, error ? QD_IO_ERROR : QD_IO_OK, (uint32_t)took);
}

/* A write whose process has ended: it lands yet, soon or late, whole or torn, or never. */
static void write_orphan(struct sim_world *w, uint32_t index)
{
	struct sim_write *write = &w->lun.write[index];
	uint64_t late = sim_dice(w, 0, 3 * sim_cycles(w, w->setup.t.tko));

	write->cancelled = sim_rng_chance(&w->rng, 500);
	write->torn = w->wild && sim_rng_chance(&w->rng, 200);
	write->late = write->stuck || (w->wild && sim_rng_chance(&w->rng, 300));
	if (!write->late)
		return;
	write->events++;
	sim_push(w, w->now + late, SIM_EV_LAND, write->node, index, write->life);
	write->events = (uint8_t)(write->events - write->stuck);
	write->stuck = 0;
}

void sim_lun_orphan(struct sim_world *w, struct sim_node *n)
{
	for (uint32_t i = 0; i < SIM_WRITES; i++) {
		const struct sim_write *write = &w->lun.write[i];

		if (write->used && write->node == n->index && write->life == n->life && !write->landed)
			write_orphan(w, i);
	}
	n->own_writes = 0;
	n->read_out = false;
}

void sim_lun_bad(struct sim_world *w, uint32_t slot, uint64_t until)
{
	if (!w->lun.bad[slot] == !until)
		return;
	w->lun.bad[slot] = until;
	sim_lun_slot(w, slot)[OFFSET_SPOILT] ^= 0x5A;
	sim_say(w, 0, until ? "slot %llu cannot be read" : "slot %llu can be read again", slot, 0, 0);
}

bool sim_lun_block(struct sim_world *w, uint32_t slot, struct qd_block *ret_block)
{
	return qd_block_decode(sim_lun_slot(w, slot), SIM_SECTOR, slot, ret_block) == QD_FINE;
}
