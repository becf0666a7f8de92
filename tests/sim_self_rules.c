/* The checker can fail: daemons that break the rules which are looked at while they are
 * followed, or what their ports ask for does. */
#include "sim.h"

/* NULL if this very invariant was reported, for this reason. */
static const char *reported(const struct sim_world *w, const char *name, const char *words)
{
	if (!w->check.failed)
		return "nothing is reported";
	if (strcmp(w->check.name, name) != 0)
		return w->check.name;
	return strstr(w->check.text, words) ? NULL : w->check.text;
}

/* Node 2 casts 1 in this ring, through its port. */
static void cast_1(struct sim_world *w, struct qd_ring ring)
{
	struct sim_node *n = &w->node[1];

	n->ports.vote(n->ports.ctx, n->engine.state.vote_seq + 1, ring, /* cast */ true,
		      sim_local(n, w->now) / 1000 + 1000);
}

/* ---- L1 and L2 ---- */

static bool withdrawn_2(struct sim_world *w)
{
	return !w->node[1].co.cast;
}

static const char *self_l1_poll(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);

	BEGIN(&s);
	w->node[1].hang_until = w->now + sim_cycles(w, 20);
	EXPECT(sim_stage_until(w, 8, withdrawn_2), "its daemon does not withdraw its vote");
	sim_stage_pass(w, 50);
	cast_1(w, w->node[1].co.ring);
	sim_stage_pass(w, 100);
	return reported(w, "L1", "casts 1");
}

/* A daemon that exists and does nothing any more: V takes what it has cast. */
static const char *self_l1_forgotten(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);

	BEGIN(&s);
	w->node[1].engine.ended = true;
	sim_stage_pass(w, 30000);
	return reported(w, "L1", "forget");
}

/* Node 2's daemon takes its silence for none. */
static void deaf_pass(struct sim_world *w, uint64_t per_mille)
{
	struct sim_node *n = &w->node[1];
	uint64_t end = w->now + w->interval_us * per_mille / 1000;

	while (w->now < end && !w->check.failed) {
		n->engine.state.landed_start_ms = sim_local(n, w->now) / 1000;
		sim_stage_pass(w, 100);
	}
}

static const char *self_l2(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);

	s.io_timeout = true;
	BEGIN(&s);
	w->node[1].hang_until = w->now + sim_cycles(w, 20);
	deaf_pass(w, 7000);
	EXPECT(true, "");
	deaf_pass(w, 4000);
	return reported(w, "L2", "beside one that has the LUN");
}

/* Alone, in a ring that is nothing without the device. */
static const char *self_l2_alone(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);

	s.io_timeout = true;
	BEGIN(&s);
	w->node[1].hang_until = w->now + sim_cycles(w, 60);
	sim_power_off(w, &w->node[0], "dies");
	sim_power_off(w, &w->node[2], "dies");
	deaf_pass(w, 10000);
	EXPECT(true, "");	/* its corosync still counts three */
	deaf_pass(w, 40000);
	return reported(w, "L2", "needs the device");
}

/* ---- VOTE and TWIN ---- */

static const char *self_vote_master(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);

	BEGIN(&s);
	cast_1(w, w->node[1].co.ring);
	EXPECT(true, "");
	w->node[1].engine.state.master = 0;
	cast_1(w, w->node[1].co.ring);
	return reported(w, "VOTE", "exactly one live master");
}

static const char *self_vote_two_masters(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);
	struct qd_slot *slot = &w->node[1].engine.slots[2];	/* of node 3, as node 2 has read it */

	BEGIN(&s);
	w->node[2].engine.state.role = slot->block.state = QD_STATE_MASTER;
	cast_1(w, w->node[1].co.ring);
	return reported(w, "VOTE", "exactly one live master");
}

static const char *self_vote_seat(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);

	BEGIN(&s);
	w->node[1].engine.state.member[0].block.master_mask &= ~qd_bit(2);
	cast_1(w, w->node[1].co.ring);
	return reported(w, "VOTE", "without a seat");
}

static const char *self_vote_ring(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);
	struct qd_ring other;

	BEGIN(&s);
	other = w->node[1].co.ring;
	other.seq += 4;
	cast_1(w, other);
	return reported(w, "VOTE", "another ring");
}

/* Blocks of another life stand in node 3's slot, and there is no machine that wrote them. */
static const char *self_twin(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);
	struct qd_block block;

	BEGIN(&s);
	EXPECT(sim_lun_block(w, 3, &block), "no block of node 3");
	block.incarnation++;
	for (uint32_t i = 0; i < 200 && !w->check.failed; i++) {
		block.ext.beat++;
		qd_block_encode(&block, w->lun.image + 3 * QD_SLOT_BYTES, SIM_SECTOR);
		sim_stage_pass(w, 50);
	}
	return reported(w, "TWIN", "there is none");
}

const struct sim_story sim_self_rules[] = {
	{ "checker_vote_polled_after_L1_reports_L1", self_l1_poll },
	{ "checker_vote_left_to_be_forgotten_reports_L1", self_l1_forgotten },
	{ "checker_life_after_K_times_I_reports_L2", self_l2 },
	{ "checker_life_after_K_times_I_alone_reports_L2", self_l2_alone },
	{ "checker_vote_without_a_master_reports_VOTE", self_vote_master },
	{ "checker_vote_beside_two_masters_reports_VOTE", self_vote_two_masters },
	{ "checker_vote_without_a_seat_reports_VOTE", self_vote_seat },
	{ "checker_vote_for_a_master_of_another_ring_reports_VOTE", self_vote_ring },
	{ "checker_end_for_a_twin_that_is_none_reports_TWIN", self_twin },
	{ NULL, NULL },
};
