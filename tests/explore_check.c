/* The invariants of safety, looked at after every event. As sim_check.c. */
#include "explore.h"

void xp_fail(struct xp_run *r, const char *what)
{
	if (r->w.failed)
		return;
	r->w.failed = true;
	r->broken = what;
}

/* S1: no two disjoint memberships are shown quorate. */
static void check_quorate(struct xp_run *r)
{
	for (uint32_t i = 0; i < r->setup.nodes; i++) {
		const struct xp_node *a = &r->w.node[i];

		for (uint32_t j = i + 1; j < r->setup.nodes && a->on && a->co.shown_quorate; j++) {
			const struct xp_node *b = &r->w.node[j];

			if (b->on && b->co.shown_quorate && !(a->co.shown_view & b->co.shown_view))
				xp_fail(r, "S1 two disjoint memberships are quorate");
		}
	}
}

/* The members of a ring that holds this master, if one of them casts 1 in it. */
static qd_mask voting_partition(const struct xp_run *r, uint32_t master)
{
	for (uint32_t i = 0; i < r->setup.nodes; i++) {
		const struct xp_node *n = &r->w.node[i];

		if (n->on && n->co.cast && qd_has(n->co.members, xp_id(master)) &&
		    qd_ring_equal(n->co.cast_ring, n->co.ring))
			return n->co.members;
	}
	return 0;
}

/* S2: no two masters whose partitions both vote. */
static void check_masters(struct xp_run *r)
{
	qd_mask seen[XP_NODES];
	uint32_t count = 0;

	for (uint32_t i = 0; i < r->setup.nodes; i++) {
		qd_mask members;

		if (!r->w.node[i].running || r->engine[i].state.role != QD_STATE_MASTER)
			continue;
		members = voting_partition(r, i);
		for (uint32_t k = 0; k < count && members; k++) {
			if (!(seen[k] & members))
				xp_fail(r, "S2 two masters, and both partitions vote");
		}
		if (members)
			seen[count++] = members;
	}
}

void xp_check(struct xp_run *r)
{
	check_quorate(r);
	check_masters(r);
}

/* ---- What is written: S3, S4, S6, S7 ---- */

static const struct qd_block *block_meant(const struct qd_engine *e, uint32_t slot)
{
	for (uint32_t k = 0; k < e->out.count; k++) {
		if (e->out.action[k].type == QD_ACT_WRITE && e->out.action[k].node == slot)
			return &e->out.action[k].block;
	}
	return NULL;
}

/* S7: its slot had no new beat for K*I, now or until at most two intervals ago. */
static void check_eviction(struct xp_run *r, uint32_t slot)
{
	const struct xp_node *victim = &r->w.node[slot - 1];

	if (r->w.now - victim->slot_landed >= qd_law_dead_ms(&r->params[0].t))
		return;
	if (victim->slot_gap_end && r->w.now - victim->slot_gap_end <= 2 * XP_INTERVAL)
		return;
	xp_fail(r, "S7 a node is evicted that was not silent for K*I");
}

/* What the codec makes of the bytes must give the same bytes again, and those are
 * what the mind meant. */
void xp_check_write(struct xp_run *r, uint32_t i, uint32_t slot, const uint8_t *bytes)
{
	const struct qd_block *meant = block_meant(&r->engine[i], slot);
	struct qd_block read;
	uint8_t again[XP_SECTOR];

	if (r->engine[i].out.count > r->setup.nodes * 7 + 32)
		xp_fail(r, "S6 more actions in one step than a node may take");
	if (!meant || (slot != xp_id(i) && (r->engine[i].state.role != QD_STATE_MASTER ||
					    meant->state != QD_STATE_EVICTED || meant->writer_id != xp_id(i)))) {
		xp_fail(r, "S3 a node writes into a slot that is not its own");
		return;
	}
	if (qd_block_decode(bytes, XP_SECTOR, slot, &read) != QD_FINE ||
	    read.incarnation != meant->incarnation || read.state != meant->state ||
	    read.ext.beat != meant->ext.beat || read.master_mask != meant->master_mask) {
		xp_fail(r, "S4 what is written does not decode to what was meant");
		return;
	}
	qd_block_encode(&read, again, sizeof(again));
	if (memcmp(bytes, again, sizeof(again)) != 0)
		xp_fail(r, "S4 what is decoded does not encode to what was read");
	if (slot != xp_id(i))
		check_eviction(r, slot);
}

void xp_check_landed(struct xp_run *r, uint32_t slot, const struct qd_block *block)
{
	struct xp_node *n = &r->w.node[slot];

	if (block->state == QD_STATE_EVICTED) {
		n->evicted = block->ext.victim_incarnation;
		return;
	}
	if (r->w.now - n->slot_landed >= qd_law_dead_ms(&r->params[0].t))
		n->slot_gap_end = r->w.now;
	n->slot_landed = r->w.now;
}

/* ---- Who may vote, who may pet: S5, L1 ---- */

static bool silent(const struct xp_run *r, uint32_t i)
{
	uint64_t since = r->w.node[i].landed_start;

	return since == 0 || r->w.now - since > qd_law_withdraw_ms(&r->params[i].t);
}

void xp_check_poll(struct xp_run *r, uint32_t i, uint64_t incarnation, bool cast)
{
	if (!cast)
		return;
	if (r->w.node[i].evicted == incarnation)
		xp_fail(r, "S5 an evicted incarnation casts 1");
	if (silent(r, i))
		xp_fail(r, "L1 a node casts 1 after (K-1)*I without a landing");
}

void xp_check_pet(struct xp_run *r, uint32_t i)
{
	if (silent(r, i))
		xp_fail(r, "L1 a node pets its watchdog after (K-1)*I without a landing");
}
