/* The invariants of safety, looked at after every event that can touch one.
 * Names and wording: qdisk-safety(7). */
#include <stdio.h>

#include "sim.h"

void sim_fail(struct sim_world *w, const char *name, uint32_t node_id, const char *text)
{
	if (w->check.failed)
		return;
	w->check.failed = true;
	w->check.name = name;
	w->check.node = node_id;
	w->check.at = w->now;
	(void)snprintf(w->check.text, sizeof(w->check.text), "%s", text);	/* cut: still says it */
	sim_say(w, node_id, text, 0, 0, 0);
}

/* ---- S1: no two disjoint memberships both hold quorum ---- */

/* Who lied-about machines are: fencing reported success and did nothing; or the LUN
 * was made anew, and their marks with it. Nothing can be promised about such a machine
 * as long as it stays quorate; about every other one, those in its own partition too,
 * all is promised as ever. */
static void lied_forget(struct sim_world *w)
{
	for (uint32_t i = 0; i < w->setup.nodes && w->check.lied; i++) {
		if (!w->node[i].co.up || !(w->node[i].co.shown_quorate || w->node[i].co.quorate))
			w->check.lied &= ~(1u << i);
	}
}

/* Does it share its id with a machine that runs? Then a second corosync counts
 * itself with a vote that nobody has configured: two sides may be quorate by
 * node votes that there should not be. What is promised is for the others, and
 * that the daemons end. */
static bool has_twin(const struct sim_world *w, const struct sim_node *n)
{
	const struct sim_node *last = &w->node[w->setup.nodes - 1];

	return last->spare && last->on && n->id == last->id;
}

/* Is it shown quorate, and does that count? */
static bool holds_quorum(const struct sim_world *w, uint32_t i)
{
	const struct sim_node *n = &w->node[i];

	return n->co.up && n->co.shown_quorate && !(w->check.lied >> i & 1) && !has_twin(w, n) &&
	       !n->old && !n->led_by_old;
}

static void check_quorate(struct sim_world *w)
{
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		const struct sim_corosync *a = &w->node[i].co;

		if (!holds_quorum(w, i))
			continue;
		for (uint32_t j = i + 1; j < w->setup.nodes; j++) {
			const struct sim_corosync *b = &w->node[j].co;

			if (holds_quorum(w, j) && !(a->shown_view & b->shown_view)) {
				sim_say(w, w->node[i].id, "is shown quorate with %llx", a->shown_view, 0, 0);
				sim_say(w, w->node[j].id, "is shown quorate with %llx", b->shown_view, 0, 0);
				sim_fail(w, "S1", w->node[i].id, "two disjoint memberships are quorate");
			}
		}
	}
}

/* ---- S2: no two masters whose partitions both vote ---- */

static bool is_master(const struct sim_node *n)
{
	return n->running && !n->engine.ended && n->engine.state.role == QD_STATE_MASTER;
}

/* Does any member of a ring that holds this node cast 1 in that ring? */
static bool partition_votes(const struct sim_world *w, const struct sim_node *master, qd_mask *ret_members)
{
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		const struct sim_corosync *co = &w->node[i].co;

		if (co->up && co->cast && !(w->check.lied >> i & 1) && qd_has(co->members, master->id) &&
		    !w->node[i].spare &&
		    qd_ring_equal(co->cast_ring, co->ring)) {
			*ret_members = co->members;
			return true;
		}
	}
	return false;
}

static void check_masters(struct sim_world *w)
{
	const struct sim_node *first = NULL;
	qd_mask a, b;

	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		const struct sim_node *n = &w->node[i];

		if (!is_master(n) || has_twin(w, n))
			continue;
		if (first && partition_votes(w, first, &a) && partition_votes(w, n, &b) && !(a & b))
			sim_fail(w, "S2", n->id, "two masters, and both partitions vote");
		first = n;
	}
}

/* ---- P3, P4: who was promised quorum has it ---- */

/* Where L6 is broken a node casts 0 while the token is lost. That is heard in the next
 * ring, behind the 1 that answers it, and costs quorum until it is polled again. */
static uint64_t promise_slack(const struct sim_world *w)
{
	return !w->setup.laws && w->setup.t.master_wait + 4 > w->setup.t.tko - 1 ? w->interval_us : 0;
}

static void check_promise(struct sim_world *w)
{
	struct sim_goal *goal = &w->goal;

	if (!goal->quorate || w->now < goal->quorate_from || sim_all_quorate(w, goal->quorate)) {
		goal->lost_at = 0;
		return;
	}
	if (!goal->lost_at)
		goal->lost_at = w->now;
	if (w->now - goal->lost_at < promise_slack(w))
		return;
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		if (goal->quorate >> i & 1 && !w->node[i].co.shown_quorate)
			sim_fail(w, goal->quorate_name, w->node[i].id, "is not quorate though it was promised");
	}
}

void sim_check_event(struct sim_world *w)
{
	w->check.dirty = false;
	lied_forget(w);
	check_quorate(w);
	check_masters(w);
	check_promise(w);
}

/* ---- S3, S4, S6, S7: what is written ---- */

static bool block_equal(const struct qd_block *a, const struct qd_block *b)
{
	const struct qd_status_ext *x = &a->ext, *y = &b->ext;

	return a->node_id == b->node_id && a->writer_id == b->writer_id && a->wall_s == b->wall_s &&
	       a->state == b->state && a->flags == b->flags && a->score == b->score &&
	       a->score_max == b->score_max && a->average_us == b->average_us &&
	       a->last_us == b->last_us && a->incarnation == b->incarnation &&
	       a->message == b->message && a->sequence == b->sequence && a->argument == b->argument &&
	       a->online == b->online && a->master_mask == b->master_mask && a->has_ext == b->has_ext &&
	       x->beat == y->beat && x->interval_ms == y->interval_ms && x->tko == y->tko &&
	       qd_ring_equal(x->ring, y->ring) && x->members == y->members && x->flags == y->flags &&
	       x->view == y->view && x->successor == y->successor &&
	       x->victim_incarnation == y->victim_incarnation && x->watchdog_ms == y->watchdog_ms &&
	       x->read_us == y->read_us && x->write_us == y->write_us &&
	       x->fence_victim == y->fence_victim && x->fence_result == y->fence_result &&
	       x->fence_wall_s == y->fence_wall_s && strcmp(x->node_name, y->node_name) == 0;
}

static bool lives_have(const struct sim_lives *lives, uint64_t incarnation)
{
	for (uint32_t i = 0; i < lives->count && i < SIM_EVICTED; i++) {
		if (lives->incarnation[i] == incarnation)
			return true;
	}
	return false;
}

static void lives_add(struct sim_lives *lives, uint64_t incarnation)
{
	if (!lives_have(lives, incarnation))
		lives->incarnation[lives->count++ % SIM_EVICTED] = incarnation;
}

static bool was_evicted(const struct sim_world *w, uint32_t node_id, uint64_t incarnation)
{
	return lives_have(&w->check.evicted[node_id], incarnation);
}

/* K*I: the larger of the master's and what the victim showed, which its eviction repeats
 * (its configuration may have changed since). */
static uint64_t dead_ms(struct sim_world *w, const struct sim_node *master, const struct qd_block *victim)
{
	uint64_t mine = qd_law_dead_ms(&master->params.t);
	uint64_t its = (uint64_t)victim->ext.interval_ms * victim->ext.tko;

	if (sim_by_id(w, victim->node_id)->old)	/* whole seconds */
		its = (uint64_t)master->params.t.tko * 1000;
	return mine > its ? mine : its;
}

/* Clocks of live nodes drift apart: what is this long on the slowest is shorter on others. */
static uint64_t drifted(const struct sim_world *w, uint64_t us)
{
	uint64_t drift = 0;

	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		uint64_t ppm = (uint64_t)(w->node[i].drift_ppm < 0 ? -w->node[i].drift_ppm :
								     w->node[i].drift_ppm);

		drift = ppm > drift ? ppm : drift;
	}
	return us - us * drift / 500000 - 2000;
}

/* Has K*I passed between landings, or could its slot not be read for so long? */
static bool was_silent(const struct sim_world *w, const struct sim_node *n, uint32_t slot, uint64_t needed)
{
	uint64_t interval = 1000u * (uint64_t)n->params.t.interval_ms, looked;

	/* Where the slot is garbage, a landing since the last look was seen by nobody. */
	if (w->now - w->lun.landed[slot] + (w->lun.bad[slot] ? interval : 0) >= needed)
		return true;
	/* A gap that ended just now; or when its slot became unreadable. */
	looked = w->lun.bad[slot] ? w->lun.bad[slot] : w->now;
	if (w->lun.gap_end[slot] && w->lun.gap[slot] >= needed &&
	    looked <= w->lun.gap_end[slot] + 2 * interval)
		return true;
	/* Or the master could not read it, since its last look, while the others did not see it
	 * either. */
	return n->blind >> slot & 1 && w->now - n->blind_since[slot] + interval >= needed;
}

/* S7: nobody is evicted unless K*I passed without a landing of its own. That verdict is on
 * a life: what is written of it later, because the first eviction did not land or the life
 * goes on nevertheless, is the same. */
static void check_eviction(struct sim_world *w, struct sim_node *n, const struct qd_block *block)
{
	uint64_t victim = block->ext.victim_incarnation;
	uint32_t slot = block->node_id;

	if (was_silent(w, n, slot, drifted(w, 1000u * dead_ms(w, n, block)))) {
		lives_add(&w->check.judged[slot], victim);
		return;
	}
	if (lives_have(&w->check.judged[slot], victim) || was_evicted(w, slot, victim) ||
	    slot == w->check.exempt || qd_has(w->check.forged | w->check.asked, slot))
		return;
	sim_say(w, n->id, "evicts node %llu, whose last write landed %llu us ago", slot,
		w->now - w->lun.landed[slot], 0);
	sim_fail(w, "S7", n->id, "a node is evicted that was not silent for K*I");
}

static const struct qd_block *block_meant(const struct sim_node *n, uint32_t slot)
{
	const struct qd_actions *out = &n->engine.out;

	for (uint32_t i = 0; i < out->count; i++) {
		if (out->action[i].type == QD_ACT_WRITE && out->action[i].node == slot)
			return &out->action[i].block;
	}
	return NULL;
}

void sim_check_write(struct sim_world *w, struct sim_node *n, uint32_t slot, const uint8_t *bytes,
		     size_t size)
{
	const struct qd_block *meant = block_meant(n, slot);
	struct qd_block read;

	if (n->engine.out.count > w->setup.nodes * 7 + 32)
		sim_fail(w, "S6", n->id, "more actions in one step than a node may take");
	if (slot != n->id && (!is_master(n) || !meant || meant->state != QD_STATE_EVICTED ||
			      meant->writer_id != n->id)) {
		sim_fail(w, "S3", n->id, "writes into a slot that is not its own");
		return;
	}
	if (qd_block_decode(bytes, size, slot, &read) != QD_FINE || !meant || !block_equal(meant, &read)) {
		sim_fail(w, "S4", n->id, "what is written does not decode to what was meant");
		return;
	}
	if (slot != n->id)
		check_eviction(w, n, meant);
}

void sim_check_evicted(struct sim_world *w, const struct sim_write *write)
{
	struct qd_block block;

	if (qd_block_decode(write->bytes, SIM_SECTOR, write->slot, &block) != QD_FINE)
		return;
	if (!block.has_ext) {	/* a daemon of 2011 names nobody: it means who was there, and hits who is */
		block.ext.victim_incarnation = write->met;
		lives_add(&w->check.judged[write->slot], w->lun.incarnation[write->slot]);
	}
	sim_say(w, w->node[write->node].id, block.ext.flags & QD_EXT_FENCED ?
		"its eviction of node %llu lands, as fenced" : "its eviction of node %llu lands", write->slot, 0, 0);
	lives_add(&w->check.evicted[write->slot], block.ext.victim_incarnation);
}

/* ---- S5, L1: who may vote, who may pet ---- */

/* Silence as the LUN has it, on the node's own clock; nothing landed: for ever. */
static uint64_t silence_ms(const struct sim_world *w, const struct sim_node *n)
{
	if (n->landed_start == 0)
		return UINT64_MAX;
	return (sim_local(n, w->now) - sim_local(n, n->landed_start)) / 1000;
}

/* Does it cast for a daemon of 2011? */
static bool led_by_old(const struct sim_world *w, const struct sim_node *n)
{
	uint32_t master = n->engine.state.master;

	return w->setup.kind == SIM_OLD && master && w->node[master - 1].old;
}

void sim_check_poll(struct sim_world *w, struct sim_node *n, uint64_t incarnation, bool cast)
{
	if (!cast)
		return;
	n->led_by_old = led_by_old(w, n);
	if (was_evicted(w, n->id, incarnation) && n->id != w->check.exempt && !qd_has(w->check.asked, n->id))
		sim_fail(w, "S5", n->id, "an evicted incarnation casts 1");
	if (silence_ms(w, n) > qd_law_withdraw_ms(&n->params.t) + 2)
		sim_fail(w, "L1", n->id, "casts 1 after (K-1)*I without a landing");
}

void sim_check_pet(struct sim_world *w, struct sim_node *n)
{
	if (silence_ms(w, n) > qd_law_withdraw_ms(&n->params.t) + 2 && !sim_all_dead(w, n))
		sim_fail(w, "L1", n->id, "pets its watchdog after (K-1)*I without a landing");
}

/* After each cycle of one engine. */
void sim_check_step(struct sim_world *w, struct sim_node *n)
{
	const struct qd_engine *e = &n->engine;

	if (e->express_count > QD_EXPRESS_PER_TICK)
		sim_fail(w, "S6", n->id, "more express cycles than a tick may have");
	if (n->role_seen != e->state.role)
		w->check.dirty = true;
	n->role_seen = e->state.role;
	sim_hash(w, (uint64_t)e->state.role << 8 | (uint64_t)e->state.vote, e->state.beat);
}
