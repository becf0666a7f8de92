/* New values while the daemon runs, nodes that come and go among them: qdisk(5), "Reload". */
#include "mind_scene.h"

/* The slots of the scene's nodes, with those of a mask configured from now on. */
static void configure(qd_mask nodes)
{
	static struct qd_params p;

	p = m.s.p;
	p.nodes = nodes;
	p.node_count = (uint32_t)__builtin_popcountll(nodes);
	for (uint32_t id = 1; id <= QD_NODE_MAX; id++)
		p.node_votes[id - 1] = qd_has(nodes, id);
	m.in.params = &p;
	mind_event(&m, QD_EV_RECONFIG, 50);
}

/* A node leaves cleanly: its block says so, and corosync shows it no more. */
static void leaves(uint32_t id)
{
	struct qd_block *b = peer(&m, id);

	m.beating &= ~qd_bit(id);
	b->state = QD_STATE_NONE;
	b->ext.flags = QD_EXT_LEAVING;
	b->ext.beat++;
	mind_ring(&m, m.in.cs.ring.seq + 4, m.in.cs.members & ~qd_bit(id));
	mind_cycle(&m);
}

static bool may_remove(uint32_t id)
{
	return qd_may_remove(&m.s, id, m.tick_ms);
}

static void reconfig_takes_the_new_values(void **state)
{
	struct qd_params p = m.s.p;

	(void)state;
	p.reboot = true;
	m.in.params = &p;
	mind_event(&m, QD_EV_RECONFIG, 50);
	assert_true(m.s.p.reboot);
	m.in.score = 0;
	mind_cycle(&m);
	assert_int_equal(m.self_fence, QD_FENCED_SCORE);
}

static void reconfig_costs_no_vote_and_no_mastership(void **state)
{
	(void)state;
	m.slot[3] = m.slot[2];
	configure(0xf);
	mind_cycles(&m, 3 * K);
	assert_int_equal(m.s.role, QD_STATE_MASTER);
	assert_int_equal(m.s.vote, QD_VOTE_CASTS);
	assert_int_equal(m.votes[0], 0);
}

/* Its slot may hold anything from before: nobody beats there. */
static void reconfig_with_a_new_node_takes_its_old_block_for_nobody(void **state)
{
	(void)state;
	m.slot[3] = (struct qd_slot){ .result = QD_SLOT_OK, .block = m.slot[2].block };
	m.slot[3].block.node_id = m.slot[3].block.writer_id = 4;
	m.slot[3].block.state = QD_STATE_MASTER;
	configure(0xf);
	mind_cycles(&m, 3 * K);
	assert_false(qd_has(m.s.up, 4));
	assert_int_equal(m.s.master, 1);
	assert_int_equal(m.evictions, 0);
	assert_int_equal(m.fences, 0);
}

static void reconfig_with_a_new_node_counts_it_in_when_it_beats(void **state)
{
	(void)state;
	configure(0xf);
	m.slot[3] = m.slot[2];
	m.slot[3].block.node_id = m.slot[3].block.writer_id = 4;
	m.slot[3].block.incarnation = PEER_LIFE(4);
	mind_ring(&m, m.in.cs.ring.seq + 4, 0xf);
	m.following |= qd_bit(4);
	m.beating |= qd_bit(4);
	mind_cycles(&m, U + 2);
	assert_true(qd_has(m.s.up, 4));
	assert_true(qd_has(m.s.mask, 4));
}

static void node_that_left_may_be_removed_and_is_forgotten(void **state)
{
	(void)state;
	leaves(3);
	assert_true(may_remove(3));
	configure(0x3);
	assert_false(see(3)->known);
	assert_false(qd_has(m.s.mask, 3));
	mind_cycles(&m, 3 * K);
	assert_int_equal(m.s.vote, QD_VOTE_CASTS);
	assert_false(see(3)->known);	/* its slot is not looked at any more */
}

static void node_that_runs_may_not_be_removed(void **state)
{
	(void)state;
	assert_false(may_remove(3));
	mind_ring(&m, m.in.cs.ring.seq + 4, 0x3);	/* not in my ring, but it beats */
	mind_cycle(&m);
	assert_false(may_remove(3));
}

static void node_that_left_and_is_still_in_the_ring_may_not_be_removed(void **state)
{
	(void)state;
	leaves(3);
	mind_ring(&m, m.in.cs.ring.seq + 4, 0x7);
	mind_cycle(&m);
	assert_false(may_remove(3));
}

static void this_node_may_not_be_removed(void **state)
{
	(void)state;
	assert_false(may_remove(1));
}

static void node_that_is_being_fenced_may_not_be_removed(void **state)
{
	(void)state;
	mind_ring(&m, m.in.cs.ring.seq + 4, 0x3);
	mind_cycle(&m);
	assert_true(see(3)->fencing);
	assert_false(may_remove(3));
}

static void node_that_was_fenced_may_be_removed(void **state)
{
	(void)state;
	mind_ring(&m, m.in.cs.ring.seq + 4, 0x3);
	mind_cycle(&m);
	assert_true(may_remove(3));
}

/* It is silent, and nobody has fenced it: its corosync may count the device yet. */
static void node_with_a_mark_may_be_removed_after_z(void **state)
{
	(void)state;
	peer_votes(&m, 3, qd_bit(3));
	m.s.p.fencing = false;
	mind_ring(&m, m.in.cs.ring.seq + 4, 0x3);
	mind_cycle(&m);
	m.beating &= ~qd_bit(3);
	mind_cycles(&m, 2 * K);
	assert_false(may_remove(3));
	mind_cycles(&m, Z / I + 1);
	assert_true(may_remove(3));
}

static void node_whose_slot_is_unreadable_may_not_be_removed(void **state)
{
	(void)state;
	leaves(3);
	m.slot[2].result = QD_SLOT_CORRUPT;
	mind_cycle(&m);
	assert_false(may_remove(3));
}

/* Removed, and later another machine with that id is added. */
static void node_that_is_added_again_begins_anew(void **state)
{
	(void)state;
	leaves(3);
	configure(0x3);
	configure(0x7);
	assert_false(see(3)->looked);
	peers_are(&m, qd_bit(3), QD_STATE_RUN);
	peer(&m, 3)->incarnation = 0x777;
	peer(&m, 3)->ext.flags = 0;
	mind_ring(&m, m.in.cs.ring.seq + 4, 0x7);
	mind_cycles(&m, U + 2);
	assert_true(qd_has(m.s.mask, 3));
	assert_int_equal(m.evictions, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with(follower, reconfig_takes_the_new_values),
		test_with(master, reconfig_costs_no_vote_and_no_mastership),
		test_with(follower, reconfig_with_a_new_node_takes_its_old_block_for_nobody),
		test_with(master, reconfig_with_a_new_node_counts_it_in_when_it_beats),
		test_with(master, node_that_left_may_be_removed_and_is_forgotten),
		test_with(master, node_that_runs_may_not_be_removed),
		test_with(master, node_that_left_and_is_still_in_the_ring_may_not_be_removed),
		test_with(master, this_node_may_not_be_removed),
		test_with(bereaved, node_that_is_being_fenced_may_not_be_removed),
		test_with(fenced, node_that_was_fenced_may_be_removed),
		test_with(master, node_with_a_mark_may_be_removed_after_z),
		test_with(master, node_whose_slot_is_unreadable_may_not_be_removed),
		test_with(master, node_that_is_added_again_begins_anew),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
