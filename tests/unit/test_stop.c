/* stop.c: the clean stop: 0, unregister, leaving block, exit. qdisk(5), "Hand-over". */
#include "mind_scene.h"

static void stop_casts_0_at_once(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_STOP, 50);
	assert_int_equal(m.cast, 0);
	assert_int_equal(m.unregisters, 0);
}

/* R17: unregister, and only then the leaving block. */
static void stop_unregisters_before_the_leaving_block(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_STOP, 50);
	mind_read(&m, /* tick */ false, 60);
	assert_false(written_block(&m)->ext.flags & QD_EXT_LEAVING);
	mind_landed(&m, 70);
	mind_event(&m, QD_EV_RING, 80);
	assert_int_equal(m.unregisters, 1);
	mind_express(&m, 90);
	mind_express(&m, 100);
	assert_true(written_block(&m)->ext.flags & QD_EXT_LEAVING);
}

static void stop_exits_0_when_the_leaving_block_has_landed(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_STOP, 50);
	mind_cycles(&m, 4);
	assert_int_equal(m.exit, 0);
	assert_int_equal(own()->state, QD_STATE_NONE);
	assert_true(own()->ext.flags & QD_EXT_LEAVING);
}

static void stop_does_not_exit_before_the_leaving_block_has_landed(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_STOP, 50);
	for (unsigned i = 0; i < 4; i++) {
		mind_tick(&m);
		mind_read(&m, /* tick */ true, 0);
		mind_write_failed(&m, 10);
	}
	assert_int_equal(m.exit, -1);
}

static void stop_waits_one_interval_for_the_mark(void **state)
{
	(void)state;
	m.stays_quorate = true;
	mind_ring(&m, 2, qd_bit(2));
	m.in.cs.quorate = true;
	mind_express(&m, 40);
	mind_event(&m, QD_EV_STOP, 50);
	mind_event(&m, QD_EV_TIMER, 50 + I - 1);
	assert_int_equal(m.unregisters, 0);
	mind_event(&m, QD_EV_TIMER, 50 + I);
	assert_int_equal(m.unregisters, 1);
}

/* A 1 may be on its way round the ring: who leaves before it is heard ends corosync. */
static void stop_waits_longer_for_a_one_on_its_way(void **state)
{
	(void)state;
	m.stays_quorate = true;
	mind_ring(&m, 2, qd_bit(2));
	m.in.cs.quorate = true;
	m.in.cs.unheard_one = true;
	mind_express(&m, 40);
	mind_event(&m, QD_EV_STOP, 50);
	mind_event(&m, QD_EV_TIMER, 50 + I);
	assert_int_equal(m.unregisters, 0);
	assert_true(qd_next_deadline(&m.s, m.tick_ms + 50 + I) > m.tick_ms + 50 + I);
	mind_cycles(&m, 2000 / I - 1);
	assert_int_equal(m.unregisters, 0);
	mind_cycles(&m, 2);
	assert_int_equal(m.unregisters, 1);
}

/* So does the 0 that ends a view which only the device makes quorate. */
static void stop_waits_longer_for_a_zero_that_quorum_hangs_on(void **state)
{
	(void)state;
	m.stays_quorate = true;
	mind_ring(&m, 2, qd_bit(2));
	m.in.cs.quorate = true;
	m.in.cs.unheard = true;
	mind_express(&m, 40);
	mind_event(&m, QD_EV_STOP, 50);
	mind_event(&m, QD_EV_TIMER, 50 + I);
	assert_int_equal(m.unregisters, 0);
	mind_cycles(&m, 2000 / I + 1);
	assert_int_equal(m.unregisters, 1);
	assert_true(qd_vote_outlives(&m.s));
}

static void stop_with_the_nodes_alone_quorate_waits_for_no_echo(void **state)
{
	(void)state;
	m.stays_quorate = true;
	mind_ring(&m, 2, 7);
	m.in.cs.quorate = true;
	m.in.cs.unheard = true;
	mind_express(&m, 40);
	mind_event(&m, QD_EV_STOP, 50);
	mind_event(&m, QD_EV_TIMER, 50 + I);
	assert_int_equal(m.unregisters, 1);
	assert_false(qd_vote_outlives(&m.s));
}

static void stop_with_the_mark_cleared_unregisters_at_once(void **state)
{
	(void)state;
	mind_ring(&m, 2, 3);	/* quorate by the device only */
	mind_cycles(&m, 2);
	mind_event(&m, QD_EV_STOP, 50);
	assert_int_equal(m.unregisters, 0);
	mind_event(&m, QD_EV_RING, 55);		/* the 0 is confirmed */
	assert_int_equal(m.unregisters, 1);
}

static void stop_waits_one_interval_for_the_unregistering(void **state)
{
	(void)state;
	m.unregister_stuck = true;
	mind_event(&m, QD_EV_STOP, 50);
	mind_event(&m, QD_EV_RING, 55);
	assert_int_equal(m.unregisters, 1);
	assert_int_equal(qd_next_deadline(&m.s, m.tick_ms + 55), m.tick_ms + 55 + I);
	mind_event(&m, QD_EV_TIMER, 55 + I - 1);
	assert_false(m.s.leaving);
	mind_event(&m, QD_EV_TIMER, 55 + I);
	assert_true(m.s.leaving);
}

static void stop_deadline_is_one_interval_for_the_mark(void **state)
{
	(void)state;
	m.hand_stuck = true;
	mind_event(&m, QD_EV_STOP, 50);
	assert_int_equal(qd_next_deadline(&m.s, m.tick_ms + 50), m.tick_ms + 50 + I);
}

static void stop_that_leaves_wants_an_express_cycle(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_STOP, 50);
	mind_event(&m, QD_EV_RING, 55);		/* unregisters */
	m.express = false;
	mind_event(&m, QD_EV_RING, 57);
	assert_true(m.s.leaving);
	assert_true(m.express);
}

static void stop_after_it_unregistered_casts_no_more(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_STOP, 50);
	mind_event(&m, QD_EV_RING, 55);
	assert_int_equal(m.unregisters, 1);
	mind_forget(&m);
	mind_cycles(&m, 2);
	assert_int_equal(m.votes[0] + m.votes[1], 0);
}

static void stop_without_corosync_leaves_at_once(void **state)
{
	(void)state;
	m.in.cs = (struct qd_corosync){ .ended = true };
	mind_cycle(&m);
	mind_event(&m, QD_EV_STOP, 50);
	mind_express(&m, 60);
	assert_int_equal(m.exit, 0);
	assert_int_equal(m.unregisters, 0);
}

static void stop_leaving_block_carries_the_mark_that_did_not_clear(void **state)
{
	(void)state;
	m.stays_quorate = true;
	m.in.cs.quorate = true;
	m.s.p.node_votes[0] = m.s.p.node_votes[1] = m.s.p.node_votes[2] = 0;
	mind_event(&m, QD_EV_STOP, 50);
	mind_cycles(&m, 5);
	assert_int_equal(m.exit, 0);
	assert_true(own()->ext.flags & QD_EXT_VOTING);
}

static void stop_with_a_hanging_lun_ends_within_5_s(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_STOP, 50);
	for (unsigned i = 0; i < 5000 / I && m.exit < 0; i++)
		mind_read_failed(&m, QD_IO_LATE);
	assert_int_equal(m.exit, 0);
	assert_int_equal(m.noted[QD_NOTE_STOP_UNWRITTEN], 1);
}

/* Row 28: at any instant, while starting too. */
static void legacy_28_stop_while_initialising_is_clean(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_STOP, 0);
	mind_cycles(&m, 4);
	assert_int_equal(m.exit, 0);
	assert_int_equal(own()->state, QD_STATE_NONE);
}

static void stop_of_a_master_names_the_lowest_running_of_its_mask(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_STOP, 50);
	mind_cycles(&m, 4);
	assert_int_equal(own()->ext.successor, 2);
}

static void stop_of_a_master_names_nobody_outside_its_mask(void **state)
{
	(void)state;
	peer_ring(&m, 2, 77, 6);	/* elsewhere */
	mind_cycle(&m);
	mind_event(&m, QD_EV_STOP, 50);
	mind_cycles(&m, 4);
	assert_int_equal(own()->ext.successor, 3);
}

static void stop_of_a_follower_names_nobody(void **state)
{
	(void)state;
	mind_event(&m, QD_EV_STOP, 50);
	mind_cycles(&m, 4);
	assert_int_equal(own()->ext.successor, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with(follower, stop_casts_0_at_once),
		test_with(follower, stop_unregisters_before_the_leaving_block),
		test_with(follower, stop_exits_0_when_the_leaving_block_has_landed),
		test_with(follower, stop_does_not_exit_before_the_leaving_block_has_landed),
		test_with(follower, stop_waits_one_interval_for_the_mark),
		test_with(follower, stop_waits_longer_for_a_one_on_its_way),
		test_with(follower, stop_waits_longer_for_a_zero_that_quorum_hangs_on),
		test_with(follower, stop_with_the_nodes_alone_quorate_waits_for_no_echo),
		test_with(follower, stop_with_the_mark_cleared_unregisters_at_once),
		test_with(follower, stop_waits_one_interval_for_the_unregistering),
		test_with(follower, stop_deadline_is_one_interval_for_the_mark),
		test_with(follower, stop_that_leaves_wants_an_express_cycle),
		test_with(follower, stop_after_it_unregistered_casts_no_more),
		test_with(follower, stop_without_corosync_leaves_at_once),
		test_with(follower, stop_leaving_block_carries_the_mark_that_did_not_clear),
		test_with(follower, stop_with_a_hanging_lun_ends_within_5_s),
		test_with(fresh, legacy_28_stop_while_initialising_is_clean),
		test_with(master, stop_of_a_master_names_the_lowest_running_of_its_mask),
		test_with(master, stop_of_a_master_names_nobody_outside_its_mask),
		test_with(follower, stop_of_a_follower_names_nobody),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
